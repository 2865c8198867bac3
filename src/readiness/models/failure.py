"""What can go wrong on the way to a model that answers: one message each, with what to do."""

from __future__ import annotations


class ModelError(Exception):
    """The model cannot be had or used. The message says what is wrong, where, and what to do."""
