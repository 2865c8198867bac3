"""Runs of the real gate, finished, killed and resumed, and the history that is made of them."""

from __future__ import annotations

import json
import os
import signal

import pytest

from readiness.run import artifacts
from readiness.run.journal import Journal
from readiness.run.past_runs import keep_run, take_in, up_to_date
from readiness.store.address import HistoryError
from readiness.store.last_pass import last_pass_of_test

CONFIG = json.dumps(
    {
        "version": 2,
        "checks": [
            {"name": "unit", "lane": "core", "run": "python -m pytest -q -p no:cacheprovider test_a.py"},
            {"name": "wait", "lane": "core", "run": "test -e go || { : > waiting; sleep 60; }"},
        ],
    }
)
KEY = "sk-ant-api03-" + "Zq9" * 20
TESTS = """
import pytest

def test_good(): pass

@pytest.mark.parametrize("key", ["sk-ant-api03-" + "Zq9" * 20])
def test_secret(key): assert key == ""

@pytest.mark.skip(reason="not now")
def test_skipped(): pass
"""


def rows(root, sql):
    database = up_to_date(str(root), {})
    try:
        return database.rows(sql)
    finally:
        database.close()


def test_a_run_that_is_killed_and_resumed_is_known_at_each_step(make_project, wait_for):
    project = make_project(
        {"readiness.yml": CONFIG, "test_a.py": TESTS, ".gitignore": "go\nwaiting\n"}, git=True
    )
    gate = project.start("run", "--quiet")
    journals = project.root / ".readiness/runs"
    wait_for(
        lambda: any("check_finished" in one.read_text() for one in journals.glob("*/*.jsonl")), timeout=40
    )
    wait_for(lambda: (project.root / "waiting").exists())
    assert rows(project.root, "SELECT id FROM runs") == [], "it still goes on"
    os.killpg(gate.pid, signal.SIGKILL)
    gate.communicate()

    sql = "SELECT name, outcome FROM checks ORDER BY name"
    assert rows(project.root, sql) == [("unit", "failed"), ("wait", "interrupted")]
    assert rows(project.root, "SELECT interrupted FROM runs")[0][0].startswith("killed")

    (project.root / "go").touch()
    project.readiness("run", "--quiet", "--resume")
    assert len(rows(project.root, "SELECT id FROM runs")) == 1
    assert rows(project.root, "SELECT events > 6, interrupted, verdict FROM runs") == [(1, "", "NOT READY")]
    found = rows(
        project.root,
        "SELECT name, outcome, passes, fails, place, message FROM results JOIN tests ON tests.key = test ORDER BY name",
    )
    assert [row[:4] for row in found] == [
        ("test_a.py::test_good", "passed", 1, 0),
        ("test_a.py::test_secret[[redacted:anthropic]]", "failed", 0, 1),
        ("test_a.py::test_skipped", "skipped", 0, 0),
    ]
    assert found[1][4] == "test_a.py:7"
    assert "redacted" in found[1][5]
    for name in os.listdir(project.root / ".readiness"):
        path = project.root / ".readiness" / name
        assert not path.is_file() or KEY[:40].encode() not in path.read_bytes(), name
    database = up_to_date(str(project.root), {})
    assert last_pass_of_test(database, "unit", "test_a.py::test_good")
    database.close()


@pytest.fixture
def damaged(tmp_path):
    """A project with a run whose journal is damaged, one that was never written, and one that is being written."""
    for name, text in (("20260101T000000Z-0001", "{}\nnonsense\n{}\n"), ("20260101T000000Z-0002", "")):
        folder = tmp_path / ".readiness/runs" / name
        folder.mkdir(parents=True)
        (folder / "journal.jsonl").write_text(text)
    (tmp_path / ".readiness/runs/20260101T000000Z-0003").mkdir()
    return tmp_path


def test_a_run_that_cannot_be_read_is_named_and_left_out(damaged):
    database = up_to_date(str(damaged), {})
    (problem,) = take_in(str(damaged), database)
    database.close()
    assert problem.startswith("run 20260101T000000Z-0001 is not in the history: ")
    assert ":2: not a journal event" in problem


def test_a_journal_waits_for_a_reader_of_history(tmp_path):
    import fcntl
    import threading

    path = tmp_path / "journal.jsonl"
    path.touch()
    with open(path) as reader:
        fcntl.flock(reader, fcntl.LOCK_SH)
        threading.Timer(0.05, lambda: fcntl.flock(reader, fcntl.LOCK_UN)).start()
        with Journal(str(path)) as journal:
            journal.write("problem", message="x")
    assert path.read_text().count("\n") == 1


def test_the_environment_names_another_history(tmp_path):
    environ = {"READINESS_HISTORY": "kept/here.sqlite"}
    up_to_date(str(tmp_path), environ).close()
    assert (tmp_path / "kept/here.sqlite").is_file()
    with pytest.raises(HistoryError, match=r"'mysql://a@b/c' is no place for a history"):
        up_to_date(str(tmp_path), {"READINESS_HISTORY": "mysql://a:secret@b/c"})


@pytest.fixture
def many(tmp_path):
    """As many runs as make the old ones go."""
    for number in range(artifacts.KEPT_RUNS + artifacts.FORGOTTEN_TOGETHER):
        folder = tmp_path / f".readiness/runs/20260101T{number:06}Z-0000"
        folder.mkdir(parents=True)
        header = {
            "run_id": folder.name, "started_at": "2026-01-01T00:00:00Z", "gate": "dev", "strict": False,
            "config_path": "", "config_sha256": "", "readiness_version": "0",
        }  # fmt: skip
        (folder / "journal.jsonl").write_text(json.dumps({"event": "run_started", "header": header}) + "\n")
    return artifacts.RunFolder(str(tmp_path), folder.name)


def test_old_runs_are_taken_in_before_they_are_forgotten(many, tmp_path):
    assert keep_run(many, {}) == ""
    assert len(os.listdir(tmp_path / ".readiness/runs")) == artifacts.KEPT_RUNS
    assert rows(tmp_path, "SELECT COUNT(*) FROM runs") == [
        (artifacts.KEPT_RUNS + artifacts.FORGOTTEN_TOGETHER,)
    ]
    assert keep_run(many, {}) == "", "the rest waits"


def test_while_the_history_cannot_be_written_nothing_is_forgotten(many, tmp_path):
    (tmp_path / ".readiness/history.sqlite").mkdir()
    assert keep_run(many, {}).startswith(
        "this run is not in the history yet: .readiness/history.sqlite: unable"
    )
    assert len(os.listdir(tmp_path / ".readiness/runs")) == artifacts.KEPT_RUNS + artifacts.FORGOTTEN_TOGETHER
