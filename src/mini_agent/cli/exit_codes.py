"""What the command's exit code says; docs/agent.md lists them."""

from typing import Final

OK: Final = 0
NO_ANSWER: Final = 1
"""The run ended without an answer: a limit, a loop, a model that failed."""
USAGE: Final = 2
"""The command line or a setting cannot be used."""
UNUSABLE: Final = 3
"""What the command needs is not there: an address, a sandbox, a tool server, a model's server."""
INTERRUPTED: Final = 130
TERMINATED: Final = 143
