"""What the main job needs, each behind an entry point of its own; nothing imports it."""
