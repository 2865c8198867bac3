"""`readiness report`: every report again, from the journal alone."""

from __future__ import annotations

import os
import sys

from readiness.cli import project
from readiness.record.outcome import EXIT_READY, EXIT_USAGE
from readiness.report.terminal import summary
from readiness.report.write import write_reports
from readiness.run import artifacts, session

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    project.add_place(parser)
    parser.add_argument("run", nargs="?", default="latest", metavar="RUN", help="run id or the start of one")
    parser.add_argument("--json", action="store_true", help="print report.json instead of the summary")


def main(args: argparse.Namespace) -> int:
    """Exit code 0 when every report was written, whatever the run's verdict. Raises UsageError or JournalError."""
    root = os.path.dirname(project.find_config(args))
    folder = artifacts.find(root, args.run)
    record = session.rebuild(folder)
    problems = write_reports(record, folder.path, root, environ={})
    if args.json:
        with open(folder.inside("report.json"), encoding="utf-8") as file:
            sys.stdout.write(file.read())
    else:
        sys.stdout.write(summary(record, colour=False, width=120))
    for problem in problems:
        print(f"readiness: {problem}", file=sys.stderr)
    return EXIT_USAGE if problems else EXIT_READY
