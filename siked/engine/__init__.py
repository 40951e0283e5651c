"""The steps of the paper's algorithm and what they share."""
