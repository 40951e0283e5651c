"""Multiple choice beyond mathematics for siked. Importing this imports nothing else."""
