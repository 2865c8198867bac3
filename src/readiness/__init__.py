"""The gate: tells a team whether its LLM service may ship, and if not, exactly why."""

__version__ = "0.1.0"
