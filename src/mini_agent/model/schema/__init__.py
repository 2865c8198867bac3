"""Tools for models that have none: told in words, called through one constrained JSON object, read back."""
