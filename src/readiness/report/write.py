"""Writes every report of a record; what cannot be written is said, and the others are written all the same."""

from __future__ import annotations

import os

from readiness.record.write_aside import write_aside
from readiness.report import github
from readiness.report.html.page import report_html
from readiness.report.html.read_tails import read_tails
from readiness.report.json_report import to_json
from readiness.report.junit import junit
from readiness.report.plain import safe_name
from readiness.report.project_ready import project_ready
from readiness.report.sarif.log import sarif

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from readiness.record.record import Record
    from readiness.record.result import CheckResult
    from readiness.report.junit import Test


def write_reports(
    record: Record, run_folder: str, root: str, *, environ: Mapping[str, str]
) -> tuple[str, ...]:
    """Write report.json, report.html, report.sarif, comment.md, junit/*.xml and PROJECT_READY.md.

    On GitHub print annotations and add the job's summary.

    Returns one sentence for each file that could not be written; never raises OSError.
    """
    problems = _written(os.path.join(run_folder, "report.json"), to_json(record))
    problems += _page(record, run_folder, root)
    problems += _written(os.path.join(run_folder, "report.sarif"), sarif(record))
    problems += _written(os.path.join(run_folder, "comment.md"), github.comment(record))
    for check in record.checks:
        path = os.path.join(run_folder, "junit", f"{file_name(check.name)}.xml")
        if not (check.cached_from and _same_as_before(path, check.cached_from)):
            problems += _written(path, junit(check, record.header, _tests(check, run_folder)))
    problems += _written(os.path.join(root, "PROJECT_READY.md"), project_ready(record))
    if environ.get("GITHUB_ACTIONS") == "true":
        problems += _on_github(record, environ.get("GITHUB_STEP_SUMMARY", ""))
    return tuple(problems)


def _tests(check: CheckResult, run_folder: str) -> list[Test]:
    """Every test of a check, with its time; none where trials judged some, or where their list is not to be had: then the
    record's failures and skips are what there is to show."""
    path = os.path.join(run_folder, "tests", f"{check.name}.json")
    if check.trials or not os.path.exists(path):
        return []
    from readiness.run.test_results import read_list

    try:
        return [(one.test, one.outcome, one.seconds or 0.0) for one in read_list(path)]
    except (OSError, ValueError):
        return []


def file_name(check: str) -> str:
    """The name of a check as that of a file: other bytes than letters, digits, `.`, `_` and `-` as `%XX`.

    No two checks share one, and none leads out of its folder.
    """
    safe = safe_name(check)
    return f"%2E{safe[1:]}" if safe.startswith(".") else safe


def _written(path: str, content: str) -> list[str]:
    """Empty, or why the file could not be written."""
    try:
        folder = os.path.dirname(path)
        if not os.path.isdir(folder):
            os.makedirs(folder)
        write_aside(path, content)
    except OSError as error:
        return [f"{path}: {error.strerror}; this report is missing, the journal has all that it would say"]
    return []


def _page(record: Record, run_folder: str, root: str) -> list[str]:
    path = os.path.join(run_folder, "report.html")
    try:
        page = report_html(record, read_tails(record, run_folder, root))
    except OSError as error:
        # Its style or script is missing: the gate is not installed whole.
        return [
            f"{path}: {error.filename}: {error.strerror}; this report is missing, report.json has all of it"
        ]
    return _written(path, page)


def _same_as_before(path: str, run_id: str) -> bool:
    """Let an unchanged check keep the file of the run that it was measured in; whether that is still there."""
    folder = os.path.dirname(path)
    runs = os.path.dirname(os.path.dirname(folder))
    try:
        os.makedirs(folder, exist_ok=True)
        os.link(os.path.join(runs, run_id, "junit", os.path.basename(path)), path)
    except OSError:
        # Forgotten, on a file system without links, or linked by an earlier rebuild: it is written anew.
        return False
    return True


def _on_github(record: Record, summary: str) -> list[str]:
    commands = github.annotation_commands(record)
    print(*(f"{command}\n" for command in commands), sep="", end="", flush=True)
    if not summary:
        return []
    try:
        # The file belongs to GitHub, and earlier commands of the same step may have written to it.
        with open(summary, "a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(github.job_summary(record, github.SUMMARY_BYTES - file.tell()))
    except OSError as error:
        return [f"{summary}: {error.strerror}; GitHub shows no summary of this job"]
    return []
