"""Several processes write one history at once and one of them is killed: nothing is lost, nothing is there twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from readiness.run.past_runs import chosen, take_in
from readiness.store.opening import open_history

if TYPE_CHECKING:
    from readiness.store.database import Database

TESTS, RUNS = 200, 50
KILLED_FROM = (2, 16, 33)
"""How many runs are in the history when writers are killed."""

HEADER = {
    "started_at": "2026-01-01T00:00:00Z", "argv": [], "gate": "dev", "lanes": ["core"], "strict": False,
    "config_path": "readiness.yml", "config_sha256": "", "readiness_version": "0",
    "planned": [{"name": "unit", "lane": "core", "required": True, "why": ""}],
}  # fmt: skip
RESULT = {"name": "unit", "lane": "core", "outcome": "passed", "required": True, "reason": "", "seconds": 1.0}


def write(root: Path, run: str, events: list[dict[str, object]]) -> None:
    """Append events to a run's journal, as the gate does."""
    with open(root / ".readiness/runs" / run / "journal.jsonl", "a") as journal:
        journal.write("".join(json.dumps(one) + "\n" for one in events))


def make_run(root: Path, run: str) -> None:
    """A run's folder as a gate leaves it that is killed before its end."""
    folder = root / ".readiness/runs" / run
    (folder / "tests").mkdir(parents=True)
    tests = [[f"test_{n}", "passed", 1, 0, 0.1] for n in range(TESTS)]
    (folder / "tests/unit.json").write_text(json.dumps({"format": "readiness/tests/1", "tests": tests}))
    write(
        root,
        run,
        [
            {"event": "run_started", "at": 0, "header": {**HEADER, "run_id": run}},
            {"event": "check_finished", "at": 1, "result": RESULT},
        ],
    )


def resume(root: Path, run: str) -> None:
    write(
        root,
        run,
        [{"event": "run_resumed", "at": 1}, {"event": "run_finished", "at": 2, "finished_at": "x"}],
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with runs that no history has yet."""
    project = tmp_path / "project"
    for number in range(RUNS):
        make_run(project, f"20260101T0000{number:02}Z-0000")
    (project / "readiness.yml").write_text("")
    return project


def start(root: Path, place: str) -> subprocess.Popen[bytes]:
    """`readiness history`, which takes in all that is not there yet."""
    return subprocess.Popen(
        [sys.executable, "-m", "readiness", "history", "lanes"],
        cwd=root,
        env={**os.environ, "READINESS_HISTORY": place},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def finished(process: subprocess.Popen[bytes]) -> str:
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0, out.decode()
    return out.decode()


def opened(root: Path, place: str) -> Database:
    return open_history(chosen(str(root), {"READINESS_HISTORY": place}))


def assert_whole(database: Database) -> set[str]:
    """Whatever runs are there, are there once, with every one of their rows; their ids."""
    ids = [row[0] for row in database.rows("SELECT id FROM runs")]
    assert len(ids) == len(set(ids))
    for table, expected in (("results", TESTS), ("checks", 1)):
        found = Counter(row[0] for row in database.rows(f"SELECT id FROM {table} JOIN runs ON key = run"))
        assert found == dict.fromkeys(ids, expected), table
        assert database.rows(f"SELECT COUNT(*) FROM {table}") == [(len(ids) * expected,)], "and none besides"
    return set(ids)


def test_writers_that_are_killed_lose_nothing_and_double_nothing(root, place):
    expected = set(os.listdir(root / ".readiness/runs"))
    draw = random.Random(7)
    database = opened(root, place)
    found_at_work = 0
    for least in KILLED_FROM:
        writers = [start(root, place), start(root, place)]
        while all(one.poll() is None for one in writers) and count(database) < least:
            time.sleep(0.001)
        time.sleep(draw.uniform(0, 0.005))
        for one in writers:
            one.send_signal(signal.SIGKILL)
            one.communicate()
        there = assert_whole(database)
        found_at_work += least <= len(there) < len(expected)
    survivor, killed = start(root, place), start(root, place)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    finished(survivor)
    assert assert_whole(database) == expected
    database.close()
    assert found_at_work, "no kill found a writer at work, so this showed nothing"


def count(database: Database) -> int:
    return int(database.rows("SELECT COUNT(*) FROM runs")[0][0])


def test_two_writers_at_once_and_runs_that_are_resumed_meanwhile(root, place):
    writers = [start(root, place), start(root, place)]
    for number in range(0, RUNS, 2):
        resume(root, f"20260101T0000{number:02}Z-0000")
    for writer in writers:
        finished(writer)
    finished(start(root, place))
    database = opened(root, place)
    assert assert_whole(database) == set(os.listdir(root / ".readiness/runs"))
    assert database.rows("SELECT COUNT(*) FROM runs WHERE interrupted = ''") == [(RUNS // 2,)]
    assert take_in(str(root), database) == ()
    database.close()
