"""What a mixing schedule is built from: pools of candidates by pair, and filling them to a target."""
