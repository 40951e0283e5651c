"""Texts as backends, trainers and schedules need them: token ids, normal forms, sketches."""
