"""The parts of `readiness history` that write: import, prune, page."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta

from readiness.cli import project
from readiness.cli.showing import show
from readiness.gate.settings import UsageError
from readiness.report.wording import plural

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from readiness.store.database import Database


def take(args: argparse.Namespace, database: Database, _: str) -> int:
    """`import`: every file is read before any of it is written."""
    from readiness.record.redact import Redactor, secret_values
    from readiness.store.importing import add_imported, imported

    if args.commit and not re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", args.commit):
        raise UsageError(f"--commit {args.commit}: this is no whole hash; take it from `git rev-parse`")
    start = project.start_folder(args)
    files = [(os.path.join(start, name), name) for name in args.files]
    redactor = Redactor(secret_values(os.environ))
    run = imported(files, args.check, args.commit, args.branch, _time(args.at), redactor)
    new = add_imported(database, run)
    tests = run.checks[0].tests
    bad = sum(bool(one.fails) for one in tests)
    said = f"{run.id}: {plural(len(tests), 'test')}, {bad} with failures, of {run.started_at}"
    shown = {"run": run.id, "at": run.started_at, "tests": len(tests), "failing": bad, "new": new}
    return show(shown, [said if new else f"{said}; it was in the history already"], as_json=args.json)


def _time(given: str) -> str:
    from readiness.store.junit_file import time_of

    found = time_of(given) if given else ""
    if given and not found:
        raise UsageError(f"--at {given}: this is no time; write it as 2026-01-31T12:00:00Z")
    return found


def prune_old(args: argparse.Namespace, database: Database, _: str) -> int:
    from readiness.store.pruning import prune

    if args.keep_days is None and args.keep_runs is None:
        raise UsageError("prune needs --keep-days or --keep-runs, or both; nothing was removed")
    keep_from = ""
    if args.keep_days is not None:
        # Beyond the first year there is nothing to remove by time.
        days = timedelta(days=min(args.keep_days, 365 * 1000))
        keep_from = (datetime.now(UTC) - days).strftime("%Y-%m-%dT%H:%M:%SZ")
    gone, stay = prune(database, keep_from, args.keep_runs)
    said = f"{plural(gone, 'run')} removed, {plural(stay, 'run')} kept"
    return show({"removed": gone, "kept": stay}, [said], as_json=args.json)


def write_page(args: argparse.Namespace, database: Database, root: str) -> int:
    from readiness.record.write_aside import write_aside
    from readiness.report.history_text import now
    from readiness.report.html.trends import trends_page
    from readiness.store.trends import trends

    path = os.path.join(project.start_folder(args), args.file)
    found = trends(database, args.runs)
    write_aside(path, trends_page(found, os.path.basename(root), now()))
    said = f"{args.file}: {plural(len(found.runs), 'run')}, {plural(len(found.tests), 'test')}"
    return show(
        {"file": args.file, "runs": len(found.runs), "tests": len(found.tests)}, [said], as_json=args.json
    )
