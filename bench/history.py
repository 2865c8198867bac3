"""What a history costs: taking runs in, next to bare inserts of as many rows; what a row takes; and how long answers take.

    .venv/bin/python bench/history.py [--runs N] [--tests N] [--store postgresql://…] [--write]

Runs of one check with so many tests lie in a folder as the gate leaves them. Seconds are wall time of one process.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import resource
import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from readiness.report.html.trends import trends_page
from readiness.run.past_runs import take_in
from readiness.store.address import address_of
from readiness.store.opening import open_history
from readiness.store.reading import named_tests, sightings
from readiness.store.test_rates import rates_of_tests
from readiness.store.trends import trends

if TYPE_CHECKING:
    from collections.abc import Callable

RESULTS = Path(__file__).with_name("history-results.json")


def make_runs(root: Path, runs: int, tests: int) -> None:
    header = {
        "started_at": "", "argv": [], "gate": "dev", "lanes": ["core"], "strict": False, "config_path": "readiness.yml",
        "config_sha256": "", "readiness_version": "0", "provenance": {"commit": "c" * 40, "branch": "main"},
        "planned": [{"name": "unit", "lane": "core", "required": True, "why": ""}],
    }  # fmt: skip
    result = {
        "name": "unit",
        "lane": "core",
        "outcome": "passed",
        "required": True,
        "reason": "",
        "seconds": 9.0,
    }
    for number in range(runs):
        at = f"2026-01-01T{number // 60:02}:{number % 60:02}:00Z"
        folder = root / ".readiness/runs" / f"20260101T{number:06}Z-0000"
        (folder / "tests").mkdir(parents=True)
        events = [
            {"event": "run_started", "at": 0, "header": {**header, "run_id": folder.name, "started_at": at}},
            {"event": "check_finished", "at": 1, "result": result},
            {"event": "run_finished", "at": 2, "finished_at": at},
        ]
        (folder / "journal.jsonl").write_text("".join(json.dumps(one) + "\n" for one in events))
        rows = [
            [f"tests/test_module_{n // 40}.py::test_case[{n}]", *ended(number, n), 0.01] for n in range(tests)
        ]
        (folder / "tests/unit.json").write_text(json.dumps({"format": "readiness/tests/1", "tests": rows}))


def ended(run: int, test: int) -> tuple[str, int, int]:
    """One test in a hundred fails now and then."""
    return ("failed", 0, 1) if test % 100 == 0 and (run + test) % 7 == 0 else ("passed", 1, 0)


def bare(path: Path, runs: int, tests: int) -> float:
    """Inserts of as many rows of the same kinds, one transaction a run: what SQLite itself takes."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute(
        "CREATE TABLE results (run INTEGER, test INTEGER, outcome TEXT, passes INTEGER, fails INTEGER, seconds REAL, "
        "place TEXT, message TEXT, PRIMARY KEY (run, test)) WITHOUT ROWID"
    )
    keys = sorted(n * 9_007_199_254_740_881 % (1 << 63) for n in range(tests))
    began = time.perf_counter()
    for run in range(runs):
        database.execute("BEGIN IMMEDIATE")
        database.executemany(
            "INSERT INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [(run, key, "passed", 1, 0, 0.01, None, None) for key in keys],
        )
        database.execute("COMMIT")
    took = time.perf_counter() - began
    database.close()
    return took


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return round(time.perf_counter() - began, 4)


def measure(root: Path, place: str, runs: int, tests: int) -> dict[str, float]:
    database = open_history(address_of(place, str(root)))
    took = timed(lambda: take_in(str(root), database))
    again = timed(lambda: take_in(str(root), database))
    ((key, check, _),) = named_tests(database, "tests/test_module_0.py::test_case[0]", "")
    found = {
        "take_in_seconds": took,
        "take_in_ms_a_run": round(1000 * took / runs, 2),
        "nothing_new_seconds": again,
        "rates_seconds": timed(lambda: rates_of_tests(database)),
        "first_bad_seconds": timed(lambda: sightings(database, key, check)),
        "page_seconds": timed(lambda: trends_page(trends(database, 200), "bench", "2026-01-02T00:00:00Z")),
    }
    if not place:
        database.change("PRAGMA wal_checkpoint(TRUNCATE)")
        size = os.path.getsize(root / ".readiness/history.sqlite")
        found["bytes_a_result"] = round(size / (runs * tests), 1)
    database.close()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--tests", type=int, default=5000)
    parser.add_argument("--store", default="", help="also this one, an empty PostgreSQL database")
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="readiness-bench-") as name:
        root = Path(name)
        make_runs(root, args.runs, args.tests)
        sqlite = measure(root, "", args.runs, args.tests)
        limit = bare(root / "bare.sqlite", args.runs, args.tests)
        server = measure(root, args.store, args.runs, args.tests) if args.store else None
    result = {
        "date": datetime.date.today().isoformat(),
        "machine": {"system": f"{platform.system()} {platform.machine()}", "cores": os.cpu_count()},
        "versions": {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version},
        "runs": args.runs,
        "tests_a_run": args.tests,
        "sqlite": sqlite,
        "bare_inserts_seconds": round(limit, 4),
        "take_in_over_bare_inserts": round(sqlite["take_in_seconds"] / limit, 2),
        "postgresql": server,
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }
    text = json.dumps(result, indent=2) + "\n"
    print(text)
    if args.write:
        RESULTS.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
