"""The HTTP service: one Starlette application over a model and a source of tools that it is handed."""
