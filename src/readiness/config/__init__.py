"""readiness.yml: what it may say, where it says it, and what is wrong with it."""
