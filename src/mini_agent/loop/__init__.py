"""The bounded run: a model is asked, its tool calls are run and answered, until it answers or a limit is spent."""
