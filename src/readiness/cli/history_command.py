"""`readiness history`: what earlier runs say, and what may be said of them; each part has its own words and options."""

from __future__ import annotations

import argparse
import os
import sys

from readiness.cli import project
from readiness.cli.showing import show
from readiness.gate.settings import UsageError
from readiness.record.outcome import EXIT_INCONCLUSIVE, EXIT_READY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from readiness.store.database import Database

PARTS = "runs,tests,lanes,trials,first-bad,page,import,prune"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    project.add_place(parser)
    _add_store(parser, default="")
    parts = parser.add_subparsers(dest="what", required=True, metavar=f"{{{PARTS}}}")
    runs = parts.add_parser("runs", help="the newest runs")
    tests = parts.add_parser("tests", help="pass rate, flakes, durations and last failure of each test")
    tests.add_argument("--check", default="", metavar="NAME", help="of this check only")
    tests.add_argument("--sort", choices=("flaky", "failing", "slow", "name"), default="flaky")
    for part, number in ((runs, 20), (tests, 30)):
        part.add_argument("--limit", type=int, default=number, metavar="N", help=f"lines (default: {number})")
    lanes = parts.add_parser("lanes", help="when each lane ran last, and when it was READY last")
    trials = parts.add_parser("trials", help="tests judged by repeated trials, over all runs")
    bad = parts.add_parser("first-bad", help="the commit that broke a test, as far as history can tell")
    bad.add_argument("test", metavar="TEST", help="its id, or the end of it")
    bad.add_argument("--check", default="", metavar="NAME", help="where several checks have such a test")
    bad.add_argument("--branch", default="", metavar="NAME", help="only runs on this branch")
    page = parts.add_parser("page", help="write trends as one HTML file that needs no network")
    page.add_argument("file", metavar="FILE.html")
    page.add_argument("--runs", type=int, default=200, metavar="N", help="the newest N (default: 200)")
    took = parts.add_parser("import", help="take in JUnit files of another system as one run")
    took.add_argument("files", nargs="+", metavar="JUNIT.xml")
    took.add_argument("--check", required=True, metavar="NAME", help="the check that they are of")
    took.add_argument("--commit", default="", metavar="SHA", help="the whole hash of the commit that ran")
    took.add_argument("--branch", default="", metavar="NAME")
    took.add_argument(
        "--at", default="", metavar="TIME", help="when it ran, ISO 8601 (default: what they say)"
    )
    prune = parts.add_parser("prune", help="remove old runs; one stays that either rule keeps")
    prune.add_argument("--keep-days", type=int, metavar="N", help="keep runs of the last N days")
    prune.add_argument("--keep-runs", type=int, metavar="N", help="keep the newest N runs")
    for part in (runs, tests, lanes, trials, bad, page, took, prune):
        _add_common(part)


def _add_store(parser: argparse.ArgumentParser, default: str) -> None:
    parser.add_argument(
        "--store",
        default=default,
        metavar="PLACE",
        help="a file or a postgresql:// URL (default: READINESS_HISTORY, else .readiness/history.sqlite)",
    )


def _add_common(parser: argparse.ArgumentParser) -> None:
    # The place may stand before or after the word; what is not given here must not undo what was given there.
    parser.add_argument("-C", dest="folder", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    parser.add_argument("--config", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    _add_store(parser, default=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def main(args: argparse.Namespace) -> int:
    """Raises UsageError, of which HistoryError is one, for what cannot be done."""
    from readiness.run.past_runs import open_chosen, take_in

    part = _part(args)
    root = os.path.dirname(project.find_config(args))
    database = open_chosen(root, os.environ, args.store)
    try:
        for problem in take_in(root, database):
            print(f"readiness: {problem}", file=sys.stderr)
        return part(args, database, root)
    finally:
        database.close()


def _part(args: argparse.Namespace) -> Callable[[argparse.Namespace, Database, str], int]:
    """What does the work; faults of the options are told before a history is opened."""
    for name, least in (("limit", 1), ("runs", 1), ("keep_days", 0), ("keep_runs", 0)):
        given = getattr(args, name, None)
        if given is not None and given < least:
            raise UsageError(f"--{name.replace('_', '-')} must be at least {least}, not {given}")
    if args.what in ("import", "prune", "page"):
        from readiness.cli import history_changes

        return {
            "import": history_changes.take,
            "prune": history_changes.prune_old,
            "page": history_changes.write_page,
        }[args.what]
    return {"runs": _runs, "tests": _tests, "lanes": _lanes, "trials": _trials, "first-bad": _first_bad}[
        args.what
    ]


def _runs(args: argparse.Namespace, database: Database, _: str) -> int:
    from readiness.report.history_text import run_lines
    from readiness.store.reading import runs_seen

    found = runs_seen(database, args.limit)
    return show(found, run_lines(found), as_json=args.json)


def _tests(args: argparse.Namespace, database: Database, _: str) -> int:
    from readiness.report.history_text import test_lines
    from readiness.store.test_rates import in_order, rates_of_tests

    found = [one for one in rates_of_tests(database) if args.check in ("", one.check)]
    ordered = in_order(found, args.sort)
    left = max(0, len(ordered) - args.limit)
    return show(ordered, test_lines(ordered[: args.limit], left), as_json=args.json)


def _lanes(args: argparse.Namespace, database: Database, _: str) -> int:
    from readiness.report.history_text import lane_lines, now
    from readiness.store.reading import lanes_seen

    found = lanes_seen(database)
    return show(found, lane_lines(found, now()), as_json=args.json)


def _trials(args: argparse.Namespace, database: Database, _: str) -> int:
    from readiness.report.history_text import trial_lines
    from readiness.store.reading import trials_seen

    found = trials_seen(database)
    return show(found, trial_lines(found), as_json=args.json)


def _first_bad(args: argparse.Namespace, database: Database, root: str) -> int:
    """Exit code 3 when history cannot tell."""
    from readiness.report.history_text import first_bad_lines
    from readiness.store.first_bad import first_bad
    from readiness.store.reading import named_tests, sightings

    named = named_tests(database, args.test, args.check)
    if not named:
        raise UsageError(
            f"no test named {args.test!r} is in the history; `readiness history tests` lists them"
        )
    if len(named) > 1:
        some = "; ".join(f"{name} of check {check}" for _, check, name in named[:3])
        raise UsageError(f"{args.test!r} names {len(named)} tests ({some}…); give its whole id, and --check")
    ((key, check, test),) = named
    found = first_bad(sightings(database, key, check, args.branch))
    commits = None
    if found.told and found.last_good and found.first_bad:
        from readiness.run.provenance import commits_between

        commits = commits_between(root, found.last_good.commit, found.first_bad.commit, os.environ)
    shown = {"check": check, "test": test, "commits": commits, "found": found}
    show(shown, first_bad_lines(check, test, found, commits), as_json=args.json)
    return EXIT_READY if found.told else EXIT_INCONCLUSIVE
