"""`readiness model pull|list|show|serve`: the embedded model."""

from __future__ import annotations

from readiness.gate.settings import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("pull", "list", "show", "serve"))
    parser.add_argument("rest", nargs="...", metavar="...", help="its own arguments; -h after it lists them")


def main(args: argparse.Namespace) -> int:
    """Raises UsageError when the extra that it needs is not installed."""
    from readiness.models import commands

    chosen = {
        "pull": commands.pull,
        "list": commands.list_models,
        "show": commands.show,
        "serve": commands.serve,
    }
    try:
        return chosen[args.what](args.rest)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"{error.name} is missing; install it with: pip install 'readiness[model]'"
        ) from error
