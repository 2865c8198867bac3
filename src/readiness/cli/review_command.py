"""`readiness review`: what a person reads when the gate is red, written from the evidence."""

from __future__ import annotations

import json
import os
import sys

from readiness.cli import project
from readiness.gate.settings import UsageError
from readiness.record.outcome import EXIT_READY
from readiness.record.redact import Redactor, secret_values
from readiness.record.value import as_json
from readiness.record.write_aside import write_aside
from readiness.report.json_report import to_json
from readiness.review.compose import compose
from readiness.review.document import for_programs
from readiness.review.read_sources import read_sources
from readiness.review.render import markdown
from readiness.run import artifacts, session

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Final

    from readiness.record.record import Record
    from readiness.review.document import Findings
    from readiness.review.sources import Sources
    from readiness.run.artifacts import RunFolder

NAME: Final = "FINDINGS.md"
FEWEST: Final = 2000
"""Tokens without which a bundle would say nothing."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "exit codes: 0 written, whatever the run's verdict · 2 usage error, or it could not be written\n"
    )
    project.add_place(parser)
    parser.add_argument("run", nargs="?", default="latest", metavar="RUN", help="run id or the start of one")
    parser.add_argument(
        "--output",
        metavar="FILE",
        help=f"write it there instead of {NAME} at the root; `-` is standard output",
    )
    parser.add_argument(
        "--json", action="store_true", help="print it as JSON, each statement with its evidence"
    )
    parser.add_argument(
        "--bundle", metavar="FILE", help="write one file for an outside reviewer; `-` is standard output"
    )
    parser.add_argument(
        "--tokens",
        type=int,
        default=30000,
        metavar="N",
        help="what the bundle may be, in tokens (default 30000)",
    )
    parser.add_argument(
        "--ask",
        metavar="MODEL",
        help="append what this model at OPENAI_BASE_URL says of the bundle; no evidence",
    )


def main(args: argparse.Namespace) -> int:
    """Raises UsageError for a run that is not on record, JournalError for one that cannot be read."""
    _usage(args)
    root = os.path.dirname(project.find_config(args))
    folder = artifacts.find(root, args.run)
    record = session.rebuild(folder)
    _keep_report(record, folder)
    sources = read_sources(root, folder, record, os.environ)
    redactor = Redactor(secret_values(os.environ))
    findings = redactor.value(compose(record, sources))
    if args.bundle:
        return _bundle(args, root, record, sources, findings, redactor)
    if args.json:
        sys.stdout.write(json.dumps(as_json(for_programs(findings)), indent=1) + "\n")
        return EXIT_READY
    if args.output == "-":
        sys.stdout.write(markdown(findings))
        return EXIT_READY
    path = os.path.abspath(args.output) if args.output else os.path.join(root, NAME)
    _write(findings, folder, path)
    print(f"{findings.verdict}: {os.path.relpath(path)}")
    return EXIT_READY


def _usage(args: argparse.Namespace) -> None:
    if args.ask and not args.bundle:
        raise UsageError("--ask is asked of a bundle; name its file with --bundle")
    if args.bundle and (args.json or args.output):
        raise UsageError("--bundle writes one file of its own; give neither --json nor --output with it")
    if args.tokens < FEWEST:
        raise UsageError(f"--tokens must be at least {FEWEST}, not {args.tokens}")


def _bundle(
    args: argparse.Namespace,
    root: str,
    record: Record,
    sources: Sources,
    findings: Findings,
    redactor: Redactor,
) -> int:
    from readiness.review.bundle.ask import comments, endpoint, marked
    from readiness.review.bundle.compose import bundle
    from readiness.review.bundle.read_change import read_change, tracked_files
    from readiness.review.git import Git

    asked = endpoint(os.environ) if args.ask else None
    git = Git(root, os.environ)
    change = redactor.value(read_change(root, record, sources, git, os.environ))
    clean, told = redactor.value(sources), redactor.value(record)
    made = bundle(told, findings, clean, change, redactor.value(tracked_files(git)), args.tokens)
    text = redactor.text(made.text)
    _put(args.bundle, text)
    said = f"{made.tokens} tokens"
    if asked:
        text += marked(args.ask, redactor.text(comments(asked, args.ask, text)))
        _put(args.bundle, text)
        said += f", with comments of {args.ask}"
    if args.bundle == "-":
        sys.stdout.write(text)
    else:
        print(f"{findings.verdict}: {args.bundle}: {said}")
    return EXIT_READY


def _put(target: str, text: str) -> None:
    """Raises OSError with the file's name."""
    if target != "-":
        write_aside(target, text)


def _keep_report(record: Record, folder: RunFolder) -> None:
    """report.json as it is cited: written again where a killed run or an earlier version left none, or another."""
    path, text = folder.inside("report.json"), to_json(record)
    try:
        with open(path, encoding="utf-8") as file:
            if file.read() == text:
                return
    except FileNotFoundError:
        pass
    write_aside(path, text)


def _write(findings: Findings, folder: RunFolder, path: str) -> None:
    """Where it was asked for, and into the run's folder. Raises OSError with the file's name."""
    for target in dict.fromkeys((folder.inside(NAME), path)):
        base = os.path.relpath(folder.root, os.path.dirname(target))
        write_aside(target, markdown(findings, "" if base == "." else f"{base}/"))
