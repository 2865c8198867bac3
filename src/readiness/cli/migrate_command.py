"""`readiness migrate`: an old configuration in the new form, printed or written in its place."""

from __future__ import annotations

import os
import sys

from readiness.cli import project
from readiness.config.load import read_text
from readiness.config.migrate import migrate
from readiness.gate.settings import UsageError
from readiness.record.outcome import EXIT_READY
from readiness.record.write_aside import write_aside

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    project.add_place(parser)
    parser.add_argument(
        "--write", action="store_true", help="replace the file; the old one is kept beside it as .old"
    )


def main(args: argparse.Namespace) -> int:
    """Raises ConfigError when the file is not of the old form, or has faults."""
    path = project.find_config(args)
    old = read_text(path)
    new = migrate(old, os.path.basename(path))
    if not args.write:
        sys.stdout.write(new)
        return EXIT_READY
    try:
        write_aside(f"{path}.old", old)
        write_aside(path, new)
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}; the configuration is as it was") from error
    print(f"{os.path.relpath(path)}: rewritten; the old form is in {os.path.basename(path)}.old")
    return EXIT_READY
