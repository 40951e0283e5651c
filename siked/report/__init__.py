"""A run for people: tables, figures, one HTML page."""
