"""Writes every report of a record; what cannot be written is said, and the others are written all the same."""

from __future__ import annotations

import os

from readiness.record.write_aside import write_aside
from readiness.report import json_report, junit, markdown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from readiness.record.record import Record


def write_reports(
    record: Record, run_folder: str, root: str, *, environ: Mapping[str, str]
) -> tuple[str, ...]:
    """Write report.json, junit/*.xml and PROJECT_READY.md, and on GitHub annotations and the job's summary.

    Returns one sentence for each file that could not be written.
    """
    problems: list[str] = []
    _attempt(
        problems, lambda: write_aside(os.path.join(run_folder, "report.json"), json_report.render(record))
    )
    _attempt(problems, lambda: _write_junit(record, os.path.join(run_folder, "junit")))
    _attempt(problems, lambda: write_aside(os.path.join(root, "PROJECT_READY.md"), markdown.render(record)))
    if environ.get("GITHUB_ACTIONS") == "true":
        _attempt(problems, lambda: _tell_github(record, environ.get("GITHUB_STEP_SUMMARY", "")))
    return tuple(problems)


def _attempt(problems: list[str], write: Callable[[], None]) -> None:
    try:
        write()
    except OSError as error:
        problems.append(f"{error.filename}: {error.strerror}; this report is missing, the journal has it all")


def _write_junit(record: Record, folder: str) -> None:
    os.makedirs(folder, exist_ok=True)
    for check in record.checks:
        path = os.path.join(folder, f"{check.name}.xml")
        if not (check.cached_from and _same_as_before(path, check.cached_from)):
            write_aside(path, junit.render(check, record.header))


def _same_as_before(path: str, run_id: str) -> bool:
    """Let an unchanged check keep the file of the run that it was measured in; whether that is still there."""
    runs = os.path.dirname(os.path.dirname(os.path.dirname(path)))
    try:
        os.link(os.path.join(runs, run_id, "junit", os.path.basename(path)), path)
    except OSError:
        # Forgotten, on a file system without links, or linked by an earlier rebuild: it is written anew.
        return False
    return True


def _tell_github(record: Record, summary: str) -> None:
    from readiness.report import github

    print(github.workflow_commands(record), end="", flush=True)
    if summary:
        # GitHub gives each step a file of its own to append to.
        with open(summary, "a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(github.job_summary(record))
