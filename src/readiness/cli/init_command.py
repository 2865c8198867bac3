"""`readiness init`: a first configuration, read off the project."""

from __future__ import annotations

import os
import sys

from readiness.cli.project import CONFIG_NAMES, start_folder
from readiness.config.scaffold import ScaffoldError, scaffold
from readiness.gate.settings import UsageError
from readiness.record.outcome import EXIT_READY
from readiness.record.write_aside import write_aside

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-C", dest="folder", default=".", metavar="DIR", help="work as if started in DIR")
    parser.add_argument("--force", action="store_true", help="replace a readiness.yml that is there")
    parser.add_argument("--print", dest="only_print", action="store_true", help="print it, write nothing")


def main(args: argparse.Namespace) -> int:
    """Raises UsageError when there is a configuration already, or nothing to check was found."""
    root = start_folder(args)
    path = os.path.join(root, CONFIG_NAMES[0])
    for name in CONFIG_NAMES:
        if os.path.lexists(os.path.join(root, name)) and not (args.force or args.only_print):
            raise UsageError(f"{name} is there already; `readiness init --force` replaces it")
    try:
        found = scaffold(root)
    except ScaffoldError as error:
        raise UsageError(str(error)) from error
    if args.only_print:
        sys.stdout.write(found.text)
        return EXIT_READY
    try:
        write_aside(path, found.text)
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}; nothing was written") from error
    for note in found.notes:
        print(f"  {note}")
    print(f"wrote {CONFIG_NAMES[0]}; next: readiness run --gate dev")
    return EXIT_READY
