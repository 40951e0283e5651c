"""Studies: a grid of configurations and seeds, run, compared and put into one table."""
