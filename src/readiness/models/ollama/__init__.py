"""Ollama's API over the embedded model, refusals included."""
