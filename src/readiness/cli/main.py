"""Finds the command, lets it declare its own options, and turns every expected fault into one message and a code."""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import sys

from readiness import __version__
from readiness.config.fault import ConfigError
from readiness.gate.fold import JournalError
from readiness.gate.settings import UsageError
from readiness.record.outcome import EXIT_INCONCLUSIVE, EXIT_INTERRUPTED, EXIT_USAGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Final, NoReturn

COMMANDS: Final = {
    "run": "run the checks that a gate needs, and say READY, NOT READY or INCONCLUSIVE",
    "list": "show what would run, in which order and why, and why not the rest",
    "lint": "find what is wrong with the configuration before it lies",
    "isolate": "run pytest once and name the leaked state that makes a test fail: polluter, file:line, proof",
    "review": "write FINDINGS.md: what failed first, why by file and line, the fix, what never runs, what to do next",
    "history": "what earlier runs say: rates, flakes, durations, lanes, the commit that broke a test",
    "report": "rebuild every report of a run from its journal",
    "init": "look at this project and write a readiness.yml that runs",
    "migrate": "rewrite a configuration of the old form",
    "trials": "plan repeated trials, check their error rates, compare with a baseline",
    "model": "pull, list, show or serve the embedded model",
    "schema": "print the JSON schema of readiness.yml, for editors",
}

EPILOGUE: Final = """\
exit codes: 0 READY · 1 NOT READY · 2 usage or configuration error · 3 INCONCLUSIVE · 130/143 interrupted
"""


def entry() -> NoReturn:
    """The console script."""
    # Nothing made while starting is garbage; a command that goes on for long collects again (see run_command).
    gc.disable()
    _open_standard_streams()
    try:
        code = main(sys.argv[1:])
    except Exception:  # noqa: BLE001 (shown, then told apart)
        # A gate that broke judged nothing: its code must not be that of a check that failed.
        sys.excepthook(*sys.exc_info())
        code = _fault("readiness: internal error, as shown above; please report it", EXIT_INCONCLUSIVE)
    sys.exit(code)


def _open_standard_streams() -> None:
    """Where a standard stream was closed (`>&-`), a worker's pipe would take its number."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115 (for the whole process)
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115
    # A terminal of another encoding must not end a run.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def main(argv: Sequence[str]) -> int:
    """Run one command; its exit code."""
    if argv and argv[0] in COMMANDS:
        return _run_command(argv[0], list(argv[1:]))
    parser = argparse.ArgumentParser(
        prog="readiness",
        description="Tells a team whether its LLM service may ship, and if not, exactly why.",
        epilog="commands:\n"
        + "".join(f"  {name:<9}{what}\n" for name, what in COMMANDS.items())
        + f"\n{EPILOGUE}",
        formatter_class=_help,
    )
    parser.add_argument("--version", action="version", version=f"readiness {__version__}")
    parser.add_argument("command", choices=COMMANDS, metavar="command", help="one of those below")
    parser.parse_args(argv)
    return EXIT_USAGE


def _run_command(name: str, argv: list[str]) -> int:
    module = importlib.import_module(f"readiness.cli.{name}_command")
    parser = argparse.ArgumentParser(
        prog=f"readiness {name}",
        description=COMMANDS[name],
        epilog=EPILOGUE,
        formatter_class=_help,
    )
    module.add_arguments(parser)
    try:
        code = int(module.main(parser.parse_args(argv)))
        sys.stdout.flush()
        return code
    except ConfigError as error:
        return _fault(str(error))
    except (UsageError, JournalError) as error:
        return _fault(f"readiness: {error}")
    except KeyboardInterrupt:
        return _fault("readiness: interrupted (SIGINT)", EXIT_INTERRUPTED)
    except BrokenPipeError:
        # The reader went away (`| head`) and has what it wanted.
        _mute()
        return EXIT_USAGE
    except OSError as error:
        if not error.filename:
            _mute()
        return _fault(f"readiness: {error.filename or 'standard output'}: {error.strerror}")


def _help(prog: str) -> argparse.HelpFormatter:
    """With a width of its own: finding the terminal's out imports what costs as much as the rest of argparse."""
    return argparse.RawDescriptionHelpFormatter(prog, width=100)


def _mute() -> None:
    """Throw away what is left to print: the interpreter would try again at its end, and fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fault(message: str, code: int = EXIT_USAGE) -> int:
    print(message, file=sys.stderr)
    return code
