"""Settings by name, as YAML."""
