"""The built-in ways to reason."""
