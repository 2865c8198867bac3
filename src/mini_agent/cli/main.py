"""Finds the command, and turns every expected fault into one clear line and a code."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

from mini_agent.cli.exit_codes import INTERRUPTED, NO_ANSWER, UNUSABLE, USAGE

COMMANDS: Final = {
    "serve": "serve the agent over HTTP",
    "run": "answer one question and print the answer",
    "tools": "list the tools that a backend offers",
    "doctor": "show which layer of the sandbox stops what here, the settings, and whether the model answers",
}
_EPILOGUE: Final = """\
exit codes: 0 done · 1 the run reached no answer · 2 usage or a setting · 3 what it needs is not there · 130, 143 interrupted
"""


def entry() -> NoReturn:
    """The console script."""
    # What a model says must not end the command in a terminal of another encoding.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(main(sys.argv[1:]))


def main(argv: Sequence[str]) -> int:
    """Run one command; its exit code."""
    if argv and argv[0] in COMMANDS:
        return _run(argv[0], list(argv[1:]))
    parser = argparse.ArgumentParser(
        prog="mini-agent",
        description="A bounded agent: a chat model, tools, and limits that hold.",
        epilog="commands:\n"
        + "".join(f"  {name:<8}{what}\n" for name, what in COMMANDS.items())
        + f"\n{_EPILOGUE}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS, metavar="command", help="one of those below")
    parser.parse_args(argv)
    return USAGE


def _run(name: str, argv: list[str]) -> int:
    from mini_agent.app.server import ServeError
    from mini_agent.interfaces import ModelError, ToolBackendError

    command = importlib.import_module(f"mini_agent.cli.{name}")
    parser = argparse.ArgumentParser(prog=f"mini-agent {name}", description=COMMANDS[name], epilog=_EPILOGUE)
    command.declare(parser)
    try:
        return int(command.run(parser.parse_args(argv), os.environ))
    except ValueError as error:
        return _fault(name, error, USAGE)
    except (ServeError, ToolBackendError, ImportError) as error:
        return _fault(name, error, UNUSABLE)
    except ModelError as error:
        return _fault(name, error, NO_ANSWER)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return INTERRUPTED


def _fault(name: str, error: Exception, code: int) -> int:
    print(f"mini-agent {name}: {error}", file=sys.stderr)
    return code
