"""siked on a Ray cluster."""
