"""Bundled questions about everyday things, their teacher and their student: a whole run without a network."""
