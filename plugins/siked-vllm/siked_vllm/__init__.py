"""Sampling with vLLM. Nothing here imports vLLM before a model is opened in a worker."""
