"""What ``siked init`` writes: a distribution for each kind of component, and a configuration."""
