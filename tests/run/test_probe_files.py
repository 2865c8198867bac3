"""Event files as a killed, torn or tampered run leaves them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.run.probe_files import TEXT_LIMIT, runs

SESSION = {"event": "session", "format": "readiness/probe/1", "pid": 7, "rootdir": "/project"}


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def write(folder, name, *events, rest=""):
    lines = [event if isinstance(event, str) else json.dumps(event) for event in events]
    (folder / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in lines) + rest)


def test_no_folder_no_runs(tmp_path):
    assert runs(str(tmp_path / "missing")) == ()
    assert runs(str(tmp_path)) == ()


def test_runs_come_in_the_order_of_their_starts(folder):
    for name in ("1000-2", "999-30", "999-4", "20-1"):
        write(folder, name, SESSION)
    (folder / "notes.txt").write_text("not ours")
    (folder / "7.stack").write_text("")
    assert [run.main.name for run in runs(str(folder))] == ["20-1", "999-4", "999-30", "1000-2"]


def test_workers_belong_to_their_controller(folder):
    write(folder, "1-1", SESSION)
    write(folder, "2-2", {**SESSION, "worker": "gw0", "controller": "1-1"})
    write(folder, "3-3", {**SESSION, "worker": "gw0", "controller": "gone"})
    first, orphan = runs(str(folder))
    assert [file.name for file in first.files] == ["1-1", "2-2"]
    assert orphan.main.name == "3-3"


def test_a_torn_last_line_is_no_trouble(folder):
    write(folder, "1-1", SESSION, rest='{"event":"start","id":"te')
    (run,) = runs(str(folder))
    assert [event["event"] for event in run.main.events] == ["session"]
    assert run.main.problems == ()


def test_a_whole_last_line_without_its_end_counts(folder):
    write(folder, "1-1", SESSION, rest='{"event":"start","id":"test_a"}')
    (run,) = runs(str(folder))
    assert run.main.first("start")["id"] == "test_a"


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "null",
        '"start"',
        '{"event":1}',
        '{"event":"start"}',
        '{"event":"test","id":"a","outcome":"passed"}',
    ],
)
def test_a_broken_line_in_between_is_a_problem(folder, line):
    write(folder, "1-1", SESSION, line, {"event": "start", "id": "test_a"})
    (run,) = runs(str(folder))
    assert [event["event"] for event in run.main.events] == ["session", "start"]
    assert run.main.problems == ("1 lines of 1-1.jsonl cannot be read",)


def test_lost_events_are_a_problem(folder):
    write(folder, "1-1", SESSION, {"event": "finish", "events": 5, "lost": 0})
    assert "the process counted 5, 2 are there" in runs(str(folder))[0].main.problems[0]


def test_all_events_there(folder):
    write(
        folder,
        "1-1",
        SESSION,
        {"event": "finish", "events": 2, "lost": 0},
        {"event": "warning", "category": "W", "message": "m", "where": "w"},
    )
    assert runs(str(folder))[0].main.problems == ()


def test_another_format_is_a_problem(folder):
    write(folder, "1-1", {**SESSION, "format": "readiness/probe/2"})
    assert "'readiness/probe/2', not 'readiness/probe/1'" in runs(str(folder))[0].main.problems[0]


def test_what_went_wrong_in_the_probe_is_a_problem(folder):
    write(folder, "1-1", SESSION, {"event": "probe_error", "message": "KeyError: 'x'"})
    assert runs(str(folder))[0].main.problems == ("the probe: KeyError: 'x'",)


def test_a_deadline_comes_with_its_stack_cut_to_a_length(folder):
    write(folder, "1-1", SESSION)
    (folder / "1-1.deadline").write_bytes(b"\xff" + b"x" * 2 * TEXT_LIMIT)
    (run,) = runs(str(folder))
    assert run.main.deadline.startswith("\\xffx")
    assert len(run.main.deadline) == TEXT_LIMIT


@given(st.binary(max_size=200))
def test_any_bytes_can_be_read(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("events")
    (folder / "1-1.jsonl").write_bytes(content)
    (run,) = runs(str(folder))
    assert run.main.name == "1-1"
