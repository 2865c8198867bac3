"""The command `mini-agent`."""
