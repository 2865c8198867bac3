"""Event files folded into the records by which a check is judged."""

from __future__ import annotations

import json

import pytest

from readiness.record.result import Counts, Failure, Skip
from readiness.run.probe_events import LIST_LIMIT, SLOWEST, WARNINGS_LIMIT, ProbeSummary, read

ROOT = "/project"


class Folder:
    """Writes event files by hand, one a process."""

    def __init__(self, path):
        self.path = path
        self.processes = 0

    def process(self, *events, ids=(), rootdir=ROOT, finish=0, session=(), **collected):
        self.processes += 1
        name = f"{self.processes}-{self.processes}"
        head = {"event": "session", "format": "readiness/probe/1", "pid": self.processes, "rootdir": rootdir}
        written = [head | dict(session)]
        if ids is not None:
            written.append({"event": "collected", "ids": list(ids), "deselected": 0, **collected})
        written += events
        if finish is not None:
            written.append({"event": "finish", "exitstatus": finish, "events": len(written) + 1, "lost": 0})
        (self.path / f"{name}.jsonl").write_text("".join(json.dumps(event) + "\n" for event in written))
        return name

    def read(self, root=ROOT) -> ProbeSummary:
        return read(str(self.path), root)


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def ended(name, outcome="passed", seconds=0.5, **fields):
    told = {} if outcome == "passed" else {"phase": "call", "message": "", "where": "", "details": ""}
    return {"event": "test", "id": name, "outcome": outcome, "seconds": seconds} | told | fields


def test_nothing_there(folder):
    assert folder.read() == ProbeSummary()
    assert read(str(folder.path / "missing"), ROOT) == ProbeSummary()


def test_each_outcome_has_its_count(folder):
    names = ["passed", "failed", "error", "skipped", "xfailed", "xpassed", "not_run"]
    folder.process(*(ended(name, name) for name in names), ids=names, deselected=2)
    assert folder.read().counts == Counts(
        collected=9, deselected=2, passed=1, failed=1, errors=1, skipped=1, xfailed=1, xpassed=1
    )


def test_counts_of_several_processes_add_up(folder):
    folder.process(ended("a"), ids=["a"])
    folder.process(ended("a"), ended("b", "failed"), ids=["a", "b"], finish=1)
    summary = folder.read()
    assert summary.processes == 2
    assert (summary.counts.collected, summary.counts.passed, summary.counts.failed) == (3, 2, 1)
    assert [one.exit_status for one in summary.sessions] == [0, 1]


def test_failures_of_every_kind(folder):
    told = {"message": "m", "where": "t.py:3", "details": "d"}
    folder.process(
        {"event": "collect_error", "id": "broken.py", **told},
        ended("a", "failed", **told),
        ended("b", "error", **{**told, "phase": "setup"}),
        ended("c"),
        {"event": "teardown_error", "id": "c", **told},
        ended("d", "failed", **told),
        {"event": "subtest", "id": "d", "subtest": "(i=1)", "outcome": "failed", **told},
        {"event": "internal_error", **told},
        ids="abcd",
    )
    summary = folder.read()
    assert summary.failures == (
        Failure("broken.py", "collect", "error", "m", "t.py:3", details="d"),
        Failure("a", "call", "failure", "m", "t.py:3", details="d"),
        Failure("b", "setup", "error", "m", "t.py:3", details="d"),
        Failure("c", "teardown", "error", "m", "t.py:3", details="d"),
        Failure("d", "call", "failure", "m", "t.py:3", details="d"),
        Failure("d (i=1)", "call", "failure", "m", "t.py:3", details="d"),
        Failure("", "command", "error", "m", "t.py:3", details="d"),
    )
    assert (summary.counts.failed, summary.counts.errors, summary.counts.passed) == (2, 4, 1)


def test_lists_are_capped_and_say_so(folder):
    names = [f"t{number:04}" for number in range(LIST_LIMIT + 5)]
    folder.process(*(ended(name, "failed") for name in names), ids=names)
    folder.process(*(ended(name, "skipped", message="no") for name in names), ids=names)
    summary = folder.read()
    assert (len(summary.failures), summary.failures_left_out) == (LIST_LIMIT, 5)
    assert (len(summary.skips), summary.skips_left_out) == (LIST_LIMIT, 5)
    assert summary.failures[0].test == "t0000"
    assert summary.counts.failed == len(names)


def test_skips_of_tests_modules_and_subtests(folder):
    folder.process(
        {"event": "collect_skip", "id": "gone.py", "message": "no module", "where": "gone.py:1"},
        ended("a", "skipped", message="not today", where="a.py:2"),
        ended("b"),
        {
            "event": "subtest",
            "id": "b",
            "subtest": "[odd]",
            "outcome": "skipped",
            "message": "odd",
            "where": "a.py:4",
        },
        ids="ab",
    )
    summary = folder.read()
    assert summary.skips == (
        Skip("gone.py", "no module", "gone.py:1"),
        Skip("a", "not today", "a.py:2"),
        Skip("b [odd]", "odd", "a.py:4"),
    )
    assert summary.counts.skipped == 2


def test_swallowed_assertions(folder):
    swallowed = {"event": "swallowed", "id": "a", "how": "skip", "message": "assert 0", "where": "a.py:3"}
    folder.process(ended("a", "skipped"), swallowed, ids="a")
    assert folder.read().swallowed == (Failure("a", "call", "swallowed", "assert 0", "a.py:3"),)


@pytest.mark.parametrize(
    ("rootdir", "where", "expected"),
    [
        ("/project", "tests/t.py:3", "tests/t.py:3"),
        ("/project/service", "tests/t.py:3", "service/tests/t.py:3"),
        ("/project/service", "/project/lib/a.py:3", "lib/a.py:3"),
        ("/project/service", "../lib/a.py:3", "lib/a.py:3"),
        ("/", "project/a.py:3", "a.py:3"),
        ("/project", "/elsewhere/a.py:3", "/elsewhere/a.py:3"),
        ("/project-two", "a.py:3", "/project-two/a.py:3"),
        ("/project", "tests/t.py", "tests/t.py"),
        ("/project", "with:colon.py", "with:colon.py"),
        ("/project", "", ""),
    ],
)
def test_places_are_relative_to_the_project(folder, rootdir, where, expected):
    folder.process(ended("a", "failed", where=where), ids="a", rootdir=rootdir)
    assert folder.read().failures[0].where == expected


def test_places_through_a_link_to_the_project(folder, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    folder.process(ended("a", "failed", where="t.py:3"), ids="a", rootdir=str(tmp_path / "link"))
    assert folder.read(str(tmp_path / "real")).failures[0].where == "t.py:3"


def test_a_repeated_test_counts_once_with_its_last_attempt(folder):
    rerun = {"event": "rerun", "id": "a", "phase": "call"}
    folder.process(rerun, rerun, ended("a"), {**rerun, "id": "b"}, ended("b", "failed"), ids="ab")
    summary = folder.read()
    assert summary.reruns == ("a",)
    assert (summary.counts.passed, summary.counts.failed, summary.counts.collected) == (1, 1, 2)


def test_a_repetition_that_no_plugin_announced(folder):
    folder.process(ended("a", "failed"), ended("a"), ended("b"), ended("b", "failed"), ids="ab")
    summary = folder.read()
    assert summary.reruns == ("a",)
    assert (summary.counts.passed, summary.counts.failed) == (1, 1)
    assert [one.test for one in summary.failures] == ["b"]


def test_a_test_that_was_collected_twice_counts_twice(folder):
    folder.process(ended("a"), ended("a", "failed"), ids=["a", "a"])
    summary = folder.read()
    assert (summary.counts.passed, summary.counts.failed, summary.reruns) == (1, 1, ())


def start(name):
    return {"event": "start", "id": name}


def test_running_tests(folder):
    folder.process(start("a"), ended("a"), start("b"), ids="abc", finish=None)
    summary = folder.read()
    assert summary.running == ("b",)
    assert summary.failures == ()
    assert not summary.sessions[0].finished


def test_an_attempt_that_never_ended(folder):
    folder.process(start("a"), {"event": "rerun", "id": "a"}, start("a"), ids="a", finish=None)
    assert folder.read().running == ("a",)


@pytest.mark.parametrize(
    ("events", "finish", "why"),
    [
        ([], None, "the pytest process ended without finishing"),
        ([], 0, "pytest stopped before them"),
        ([{"event": "interrupted", "message": "enough"}], 0, "enough"),
    ],
)
def test_tests_that_never_got_a_result(folder, events, finish, why):
    folder.process(start("a"), ended("a"), *events, ids="abc", finish=finish)
    summary = folder.read()
    assert summary.failures == (
        Failure("", "command", "error", f"2 of 3 selected tests have no result: {why}"),
    )
    assert summary.counts.errors == 1


@pytest.mark.parametrize(
    ("events", "collected"),
    [
        ([ended("a", "failed")], {}),
        ([start("a")], {}),
        ([], {"collect_only": True}),
        ([{"event": "internal_error", "message": "m"}], {}),
    ],
)
def test_tests_without_a_result_that_something_else_explains(folder, events, collected):
    folder.process(*events, ids="abc", **collected)
    assert not [one for one in folder.read().failures if "no result" in one.message]


def test_a_deadline(folder):
    stack = 'Timeout (0:00:01)!\nThread 0x1:\n  File "/usr/lib/python3/socket.py", line 9 in recv\n'
    stack += '  File "/project/.venv/lib/site-packages/x.py", line 5 in get\n  File "/project/a.py", line 3 in test_b\n'
    name = folder.process(
        start("a"), ended("a"), start("b"), ids="ab", finish=None, session={"test_timeout": 1.5}
    )
    (folder.path / f"{name}.deadline").write_text(stack)
    (one,) = folder.read().timed_out
    assert one == Failure(
        "b", "call", "timeout", "still running after 1.5 s, its own deadline", "a.py:3", details=stack
    )


def test_stacks_on_request(folder):
    folder.process(start("a"), ids="a", finish=None)
    (folder.path / "1.stack").write_text("Thread")
    (folder.path / "2.stack").write_text("")
    assert folder.read().stacks == (("1", "Thread"),)


def test_warnings(folder):
    warning = {"event": "warning", "category": "W", "message": "old", "where": "a.py:1"}
    folder.process(warning, {**warning, "message": "older"}, ids=())
    folder.process(warning, ids=())
    assert folder.read().warnings == ("W: old (a.py:1) (2 times)", "W: older (a.py:1)")


def test_warnings_are_capped_and_say_so(folder):
    warnings = [
        {"event": "warning", "category": "W", "message": str(n), "where": "a.py:1"} for n in range(150)
    ]
    folder.process(*warnings, ids=())
    told = folder.read().warnings
    assert len(told) == WARNINGS_LIMIT + 1
    assert told[-1] == "50 more warnings were left out"


def test_the_slowest(folder):
    folder.process(*(ended(f"t{n}", seconds=n % 7) for n in range(20)), ids=[f"t{n}" for n in range(20)])
    slowest = folder.read().slowest
    assert len(slowest) == SLOWEST
    assert slowest[:3] == (("t13", 6.0), ("t6", 6.0), ("t12", 5.0))


GUARD = {"event": "guard", "active": True}


def test_guarded_means_everywhere(folder):
    folder.process(GUARD, ids=())
    assert folder.read().guarded
    folder.process({"event": "guard", "active": False}, ids=())
    assert not folder.read().guarded


@pytest.mark.parametrize(
    ("worker", "workers", "expected"),
    [
        ({"event": "worker", "worker": "gw0", "probed": True}, [(GUARD,)], True),
        ({"event": "worker", "worker": "gw0", "probed": True}, [()], False),
        ({"event": "worker", "worker": "gw0", "probed": True}, [], False),
        ({"event": "worker", "worker": "gw0", "probed": False}, [(GUARD,)], False),
    ],
)
def test_guarded_means_in_every_worker(folder, worker, workers, expected):
    controller = folder.process(GUARD, worker, ids=())
    for events in workers:
        folder.process(*events, ids=None, session={"worker": "gw0", "controller": controller})
    assert folder.read().guarded is expected


def test_workers_are_one_process_with_their_controller(folder):
    error = {"event": "collect_error", "id": "broken.py", "message": "m"}
    skip = {"event": "collect_skip", "id": "gone.py", "message": "m"}
    controller = folder.process(error, ended("a"), ids="a", finish=1)
    for _ in range(2):
        session = {"worker": "gw", "controller": controller}
        folder.process(error, skip, start("a"), ids="a", deselected=3, session=session)
    summary = folder.read()
    assert summary.processes == 1
    assert summary.counts == Counts(collected=4, deselected=3, passed=1, errors=1, skipped=1)
    assert len(summary.sessions) == 3


def test_refused_connections_are_named_once(folder):
    blocked = {"event": "guard_blocked", "what": "connect", "host": "192.0.2.1"}
    folder.process({**blocked, "id": "a"}, {**blocked, "id": "a"}, {**blocked, "id": ""}, ids="a")
    assert folder.read().blocked == ("connect to 192.0.2.1 in a", "connect to 192.0.2.1 in no test")


def test_a_process_that_ran_nothing_is_noted(folder):
    folder.process(ended("a"), ids="a")
    folder.process(ended("b", "skipped"), ids="b", session={"args": ["tests/b"]})
    assert folder.read().notes == ("one of 2 pytest processes ran no test: pytest tests/b",)


def test_a_deadline_that_is_not_in_force_is_noted(folder):
    folder.process(ended("a"), ids="a", session={"test_timeout_off": "faulthandler_timeout is set"})
    folder.process(ended("a"), ids="a", session={"test_timeout_off": "not asked for"})
    assert folder.read().notes == ("the tests' own deadline is not in force: faulthandler_timeout is set",)


def test_folding_twice_says_the_same(folder):
    folder.process(start("a"), ended("a", "failed"), ids="ab", finish=1)
    folder.process({"event": "rerun", "id": "a"}, ended("a"), ids="a")
    assert folder.read() == folder.read()
