"""Texts from servers that speak the OpenAI API. Importing this imports no client."""
