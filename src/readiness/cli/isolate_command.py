"""`readiness isolate`: run pytest once, and say of each test that fails which leaked state of which test makes it fail."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from readiness.gate.settings import UsageError
from readiness.isolation.asked import Asked
from readiness.isolation.mend import NOT_MENDED, Mended
from readiness.isolation.trace import traced
from readiness.isolation.wording import lines
from readiness.record.outcome import EXIT_INCONCLUSIVE, EXIT_NOT_READY, EXIT_READY
from readiness.record.redact import Redactor, secret_values
from readiness.record.value import replace
from readiness.record.write_aside import write_aside
from readiness.report.plain import plain
from readiness.run.interpreter import resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import IO, Any

    from readiness.isolation.trace import Traced
    from readiness.record.finding import Report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "exit codes: 0 nothing found · 1 findings · 2 usage error · 3 could not judge\n"
    parser.add_argument("-C", dest="folder", default=".", metavar="DIR", help="work as if started in DIR")
    parser.add_argument(
        "--python", metavar="PATH", help="the project's interpreter (default: as for a check)"
    )
    parser.add_argument(
        "--all", action="store_true", help="also look for tests that would fail alone or after another test"
    )
    parser.add_argument("--json", metavar="FILE", help="write what was found as JSON; `-` is standard output")
    parser.add_argument(
        "--replays", type=int, default=400, metavar="N", help="single tests run again at most (default 400)"
    )
    parser.add_argument(
        "--seconds", type=float, default=120.0, metavar="S", help="time for that at most (default 120)"
    )
    parser.add_argument(
        "--proof",
        choices=("forked", "fresh"),
        default="forked",
        help="where questions are asked: in copies of the failed process (default), or in new ones alone",
    )
    parser.add_argument(
        "--timeout", type=float, metavar="S", help="a test that runs longer is hanging (default: no limit)"
    )
    parser.add_argument(
        "--no-patch", dest="patch", action="store_false", help="look for causes only, and try no patch"
    )
    parser.add_argument(
        "--patch-seconds",
        type=float,
        default=300.0,
        metavar="S",
        help="time for trying patches at most, each in a run of the whole suite in a copy (default 300)",
    )
    parser.add_argument("--apply", action="store_true", help="make the verified patch in the project")
    parser.add_argument("--quiet", action="store_true", help="do not show what pytest prints")
    parser.add_argument("pytest", nargs="*", metavar="-- PYTEST ARGS", help="what pytest is to run")


def main(args: argparse.Namespace) -> int:
    """Raises UsageError when pytest cannot be run or cannot use its arguments."""
    timeout = 1.0 if args.timeout is None else args.timeout
    if args.replays < 1 or min(args.seconds, args.patch_seconds, timeout) <= 0:
        raise UsageError("--replays, --seconds, --timeout and --patch-seconds must be greater than 0")
    if args.apply and not args.patch:
        raise UsageError("--apply needs a patch: leave out --no-patch")
    folder = os.path.abspath(args.folder)
    if not os.path.isdir(folder):
        raise UsageError(f"-C {args.folder}: there is no such folder")
    python = resolve(folder, args.python, os.environ, "--python").path
    limits = (args.replays, args.seconds, args.proof, args.timeout)
    asked = Asked(python, tuple(args.pytest), folder, args.all, *limits)
    sys.stdout.flush()
    # Standard output is for what was found.
    output = subprocess.DEVNULL if args.quiet else sys.stderr
    told = traced(asked, os.environ, output)
    report, mended, root = told.report, NOT_MENDED, folder
    if args.patch:
        report, mended, root = _mend(asked, told, output, args.patch_seconds)
    redactor = Redactor(secret_values(os.environ))
    if args.json:
        _write(args.json, redactor.text(json.dumps(report.to_json(), indent=2) + "\n"))
    if args.json != "-":
        sys.stdout.write(
            "".join(f"{plain(redactor.text(line))}\n" for line in lines(report, applied=args.apply))
        )
    if args.apply:
        _apply(root, mended)
    return _code(report)


def _mend(asked: Asked, told: Traced, output: IO[Any] | int, seconds: float) -> tuple[Report, Mended, str]:
    """The report with patches, the one patch of all, and the folder that its paths are relative to."""
    from readiness.isolation.scratch import CopyError
    from readiness.isolation.verify import mend_traced

    try:
        mended, project = mend_traced(asked, told, os.environ, output, seconds)
    except CopyError as error:
        mended = Mended.refused(told.report.findings, str(error))
        return replace(told.report, findings=mended.findings), mended, asked.folder
    return replace(told.report, findings=mended.findings), mended, project.root


def _apply(root: str, mended: Mended) -> None:
    from readiness.isolation.apply import ApplyError, apply

    if not mended.diff:
        print("readiness: no verified patch: nothing was applied", file=sys.stderr)
        return
    try:
        apply(root, mended.before, mended.after)
    except ApplyError as error:
        raise UsageError(str(error)) from error
    print(f"readiness: applied to {', '.join(mended.after)}", file=sys.stderr)


def _write(path: str, text: str) -> None:
    if path == "-":
        sys.stdout.write(text)
    else:
        write_aside(path, text)


def _code(report: Report) -> int:
    if any(one.kind != "unjudged" for one in report.findings):
        return EXIT_NOT_READY
    return EXIT_READY if report.judged else EXIT_INCONCLUSIVE
