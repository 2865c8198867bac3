"""`readiness run`: lint, run, report, remember; the exit code is the verdict's."""

from __future__ import annotations

import gc
import os
import sys

from readiness.cli import project
from readiness.config.lint import lint_subject
from readiness.config.lint.subject import Subject
from readiness.config.lint.toothless import lost_failures
from readiness.gate.settings import UsageError, of_header
from readiness.report.progress import Progress
from readiness.report.terminal import SCREEN, summary
from readiness.report.write import write_reports
from readiness.run import artifacts, session
from readiness.run.capture import capture
from readiness.store.history import remember

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from readiness.cli.project import Project
    from readiness.config.lint.subject import Reading
    from readiness.record.record import Record
    from readiness.record.result import CheckResult
    from readiness.run.artifacts import RunFolder
    from readiness.run.context import Context
    from readiness.run.listener import Listener


def add_arguments(parser: argparse.ArgumentParser) -> None:
    project.add_place(parser)
    project.add_selection(parser)
    parser.add_argument(
        "--jobs", type=_positive, default=0, metavar="N", help="cores that checks may use at once"
    )
    parser.add_argument(
        "--grace", type=_seconds, default=2.0, metavar="S", help="seconds between TERM and KILL (2)"
    )
    parser.add_argument(
        "--no-cache", dest="cache", action="store_false", help="run also what has not changed"
    )
    parser.add_argument(
        "--record", action="store_true", help="let nd and live checks record their cassettes anew"
    )
    parser.add_argument("--quiet", "-q", action="store_true", help="do not stream the checks' output")
    parser.add_argument(
        "--watch", action="store_true", help="after each change of a file, run the checks that it touches"
    )
    parser.add_argument(
        "--resume",
        nargs="?",
        const="latest",
        metavar="RUN",
        help="finish an interrupted run (default: the latest)",
    )


def main(args: argparse.Namespace) -> int:
    """Raises ConfigError or UsageError when nothing can be run."""
    # What was made so far stays; the collector need not look at it again, nor copy its pages in forked workers.
    gc.freeze()
    gc.enable()
    environ = dict(os.environ)
    if args.watch:
        from readiness.cli.watch import watch

        return watch(args, environ)
    options = session.Options(("readiness", *sys.argv[1:]), args.jobs, args.grace, args.cache, args.record)
    if args.resume:
        asked, folder = _interrupted(args, environ)
        listener = Progress(sys.stdout, live=not args.quiet, total=len(asked.plan.items))
        record, folder = session.resume(_prepare(asked), options, environ, listener, folder, _mend)
    else:
        asked = project.open_project(args, environ)
        listener = Progress(sys.stdout, live=not args.quiet, total=len(asked.plan.items))
        record, folder = session.run(_prepare(asked), options, environ, listener, _mend)
    return conclude(record, folder, environ)


def conclude(record: Record, folder: RunFolder, environ: dict[str, str]) -> int:
    """Write and print every report of a finished run, and remember it; the exit code is the record's."""
    record = _keep(record, folder, environ)
    problems = list(write_reports(record, folder.path, folder.root, environ=environ))
    try:
        remember(folder.root, record)
    except OSError as error:
        problems.append(f"{error.filename}: {error.strerror}; the history of this project is not up to date")
    try:
        width, height = _screen()
        sys.stdout.write(summary(record, colour=_colour(environ), width=width, height=height))
        sys.stdout.flush()
    except OSError as error:
        # The verdict is the exit code's and report.json's; what is left to print would fail again at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            problems.append(
                f"standard output: {error.strerror}; the summary is in {folder.inside('report.json')}"
            )
    for problem in problems:
        print(f"readiness: {problem}", file=sys.stderr)
    return record.exit_code


def _keep(record: Record, folder: RunFolder, environ: dict[str, str]) -> Record:
    """Let history have the run where that is due now; a history that cannot be written is a problem of this run."""
    if not (environ.get("READINESS_HISTORY") or artifacts.old_runs(folder.root)):
        return record
    from readiness.run.past_runs import keep_run

    problem = keep_run(folder, environ)
    return session.add_problem(record, folder, problem) if problem else record


def _interrupted(args: argparse.Namespace, environ: dict[str, str]) -> tuple[Project, RunFolder]:
    """The project as an interrupted run saw it: its own settings count, so no selection may be given again."""
    if args.names or args.gate or args.lane or args.strict is not None:
        raise UsageError(
            "--resume goes on with what that run was asked for; give no check, gate, lane or strictness"
        )
    root, config = project.open_config(args)
    folder = artifacts.find(root, args.resume)
    settings = of_header(session.rebuild(folder).header)
    return project.plan_for(root, config, settings, environ), folder


def _mend(
    context: Context, results: Sequence[CheckResult], listener: Listener
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What makes patches is loaded only in a run in which a test failed because of another."""
    from readiness.isolation.in_the_gate import mend

    return mend(context, results, listener)


def _prepare(asked: Project) -> session.Prepared:
    subject = Subject(asked.config, asked.root)
    found = lint_subject(subject, asked.settings.expect, deep=True, ask_git=_ask_git)
    return session.Prepared(
        root=asked.root,
        config=asked.config,
        settings=asked.settings,
        plan=asked.plan,
        lint=found,
        lanes_before=asked.history.lanes_with_age(),
        known=_known(subject),
    )


def _known(subject: Subject) -> dict[str, tuple[bool, str]]:
    """Of each check: whether its command runs pytest, and why it cannot fail."""
    return {
        one.check.name: (bool(one.pytest_calls), "" if one.trace.can_fail else _why_toothless(one))
        for one in subject.readings
    }


def _why_toothless(reading: Reading) -> str:
    lost = [loss for loss, _ in lost_failures(reading.trace)]
    return f"{lost[0].how} ({lost[0].where})" if lost else f"`{reading.check.run}` never fails"


def _ask_git(words: tuple[str, ...]) -> tuple[int, bytes]:
    return capture(("git", *words), {**os.environ, "GIT_OPTIONAL_LOCKS": "0"})


def _colour(environ: dict[str, str]) -> bool:
    return sys.stdout.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def _screen() -> tuple[int, int]:
    """Columns and lines that the summary may take; a terminal keeps one line for the prompt."""
    if not sys.stdout.isatty():
        return 120, SCREEN
    size = os.get_terminal_size(sys.stdout.fileno())
    return size.columns, size.lines - 1


def _positive(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise _not_understood(text, "a whole number from 1")
    return number


def _seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 3600:
        raise _not_understood(text, "seconds from 0 to 3600")
    return number


def _not_understood(text: str, wanted: str) -> Exception:
    import argparse

    return argparse.ArgumentTypeError(f"{text!r} is not {wanted}")
