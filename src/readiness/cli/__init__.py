"""The `readiness` command: arguments in, exit code out. Each command is imported when it is called."""
