"""What runs inside the checked project's pytest: it records what happened, and never changes it.

Standard library and pytest >= 7 only, Python 3.9 to 3.13. Nothing is installed in the checked project: see
`environment` for how it gets in and out, `plugin` for the hooks, docs/probe.md for what is recorded.
"""
