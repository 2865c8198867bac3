"""Run the project's own pytest with tracing, and read what the probe found out."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
import time

from readiness.gate.settings import UsageError
from readiness.isolation.ask_again import ask_again
from readiness.isolation.hanging import came_to_no_end
from readiness.isolation.outcomes import ran
from readiness.record.finding import Finding, LeftOver, Report
from readiness.record.value import value
from readiness.run.probe_files import runs
from readiness.run.probe_link import link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import IO, Any, Final

    from readiness.isolation.asked import Asked
    from readiness.isolation.outcomes import Ran
    from readiness.run.probe_files import Run

USAGE_ERROR: Final = 4
"""pytest's exit code for arguments that it cannot use."""


@value
class Traced:
    """What a traced run found, how each of its tests ended, and pytest's rootdir."""

    report: Report
    ran: Ran
    rootdir: str


def trace(asked: Asked, environ: Mapping[str, str], output: IO[Any] | int) -> Report:
    """What `traced` found."""
    return traced(asked, environ, output).report


def traced(asked: Asked, environ: Mapping[str, str], output: IO[Any] | int) -> Traced:
    """Run `python -m pytest ARGUMENTS` in `folder`; what pytest prints goes to `output`.

    Raises UsageError when pytest cannot be run or cannot use its arguments, OSError when the probe cannot be placed.
    """
    found, code, ended = _run(asked, environ, output)
    report = ask_again(asked, environ, _report(found, code), found)
    rootdir = str(found[0].main.first("session").get("rootdir", asked.folder))
    return Traced(report, ended, rootdir)


def ran_in_copy(asked: Asked, environ: Mapping[str, str], output: IO[Any] | int, original: str) -> Ran:
    """How the tests end in a copy of the project in `original`. Raises as `traced` does."""
    return _run(asked, environ, output, original)[2]


def _run(
    asked: Asked, environ: Mapping[str, str], output: IO[Any] | int, copy_of: str = ""
) -> tuple[tuple[Run, ...], int, Ran]:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="readiness-isolate-") as folder:
        events = os.path.join(folder, "events")
        env = link(
            environ,
            os.path.join(folder, "probe"),
            events,
            test_timeout=asked.timeout,
            guard=False,
            isolation=asked.options(),
            copy_of=copy_of,
        )
        command = [asked.python, "-m", "pytest", *asked.arguments]
        ended = subprocess.run(
            command, cwd=asked.folder, env=env, stdin=subprocess.DEVNULL, stdout=output, check=False
        )
        found = runs(events)
    if not found or ended.returncode == USAGE_ERROR:
        raise UsageError(_why_not(asked, ended.returncode, found))
    return found, ended.returncode, ran(found, shlex.join(command), time.monotonic() - began)


def _why_not(asked: Asked, code: int, found: Sequence[Run]) -> str:
    if found:
        return f"pytest cannot use these arguments: {' '.join(asked.arguments)}"
    return (
        f"{asked.python} -m pytest ended with code {code} and recorded nothing: it needs pytest 7 or later; "
        "name the project's interpreter with --python"
    )


def _report(found: Sequence[Run], code: int) -> Report:
    totals = [event for run in found for event in run.of("isolation")]
    return Report(
        tests=sum(int(one["tests"]) for one in totals),
        findings=tuple(_findings(found)),
        leaks=tuple(LeftOver.from_json(leak) for one in totals for leak in one["leaks"]),
        replays=sum(int(one["replays"]) for one in totals),
        seconds=sum(float(one["seconds"]) for one in totals),
        watched=sum(int(one["watched"]) for one in totals),
        problems=tuple(_problems(found, code)),
        unexplored=tuple(str(one["unexplored"]) for one in totals if one.get("unexplored")),
    )


def _findings(found: Sequence[Run]) -> Iterator[Finding]:
    for run in found:
        yield from map(Finding.from_json, run.of("finding"))
        started = [str(event["id"]) for event in run.of("start")]
        if run.main.deadline and started:
            yield came_to_no_end(started[-1], run.main.deadline)


def _problems(found: Sequence[Run], code: int) -> Iterator[str]:
    for run in found:
        for file in run.files:
            yield from file.problems
        for event in run.of("collect_error", "internal_error"):
            yield f"{event.get('id') or 'pytest'} cannot be used: {event.get('message', '')}"
        if not run.main.first("isolation") and not run.main.deadline:
            yield _unfinished(run, code)


def _unfinished(run: Run, code: int) -> str:
    started = [str(event["id"]) for event in run.of("start")]
    running = f"; the last test that started was {started[-1]}" if started else "; no test was run"
    return f"pytest ended with code {code} before its tests were over{running}"
