"""The real command, in this process, on a history that is filled as the gate and the imports fill it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from readiness.cli.main import main
from readiness.record.trials import TestTrials
from readiness.store.adding import add_run
from readiness.store.address import address_of
from readiness.store.opening import open_history
from readiness.store.past_run import PastCheck, PastRun, TestRun

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.delenv("READINESS_HISTORY", raising=False)
    (tmp_path / "readiness.yml").write_text("")

    def run(*words: str) -> tuple[int, str]:
        code = main(["history", "-C", str(tmp_path), *words])
        told = capsys.readouterr()
        return code, told.out + told.err

    return run


def commits(root: Path, count: int) -> list[str]:
    """A real repository with so many commits; their hashes, oldest first."""
    git = ["git", "-C", str(root), "-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    subprocess.run([*git, "init", "-q"], check=True)
    for number in range(count):
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", str(number)], check=True)
    done = subprocess.run([*git, "rev-list", "--reverse", "HEAD"], check=True, capture_output=True, text=True)
    return done.stdout.split()


@pytest.fixture
def filled(tmp_path: Path) -> list[str]:
    """Four runs on the commits that are returned: one test breaks on the third, one flakes, one is tried."""
    hashes = commits(tmp_path, 4)
    database = open_history(address_of("", str(tmp_path)))
    for number, commit in enumerate(hashes):
        tests = (
            TestRun("test_a.py::test_breaks", "passed" if number < 2 else "failed", int(number < 2), int(number > 1), 0.02, "a.py:3", "no"),
            TestRun("test_a.py::test_flakes", "flaky", 1, 1, 0.5, "", "now and then"),
            TestRun("test_a.py::test_skipped", "skipped"),
        )  # fmt: skip
        trial = TestTrials(
            "test_nd",
            "READY",
            "",
            0.9,
            0.5,
            0.05,
            0.05,
            passes=9,
            fails=1,
            low=0.6,
            high=0.99,
            path="P" * 9 + "F",
        )
        checks = (
            PastCheck(
                "unit", "core", "passed" if number < 2 else "failed", seconds=2.0 + number, tests=tests
            ),
            PastCheck("real", "nd", "passed", trials=(trial,), tests=(TestRun("test_nd", "passed", 9, 1),)),
        )
        add_run(database, PastRun(
            f"r{number}", "gate", f"2026-01-0{number + 1}T00:00:00Z", seconds=3.0, gate="dev", commit=commit, branch="main",
            verdict="READY" if number < 2 else "NOT READY", lanes=(("core", "READY"), ("nd", "READY")), checks=checks,
        ))  # fmt: skip
    database.close()
    return hashes


def test_an_empty_history_says_so(run: Run) -> None:
    for part, said in (
        ("runs", "no run is in the history yet"),
        ("tests", "no test is in the history yet"),
        ("lanes", "no lane has run yet"),
        ("trials", "no test was judged by trials yet"),
    ):
        assert run(part) == (0, f"{said}\n")
        assert run(part, "--json") == (0, "[]\n")


def test_runs_newest_first(run: Run, filled: list[str]) -> None:
    code, text = run("runs", "--limit", "2")
    assert code == 0
    lines = text.splitlines()
    assert lines[1].split() == [
        "r3",
        "2026-01-04",
        "00:00",
        "NOT",
        "READY",
        "3.00",
        "s",
        filled[3][:12],
        "main",
        "1",
        "of",
        "2",
        "passed:",
        "unit",
    ]
    assert len(lines) == 3
    found = json.loads(run("runs", "--json")[1])
    assert [one["id"] for one in found] == ["r3", "r2", "r1", "r0"]
    assert found[0]["bad"] == ["unit"]


def test_tests_by_what_is_asked_first(run: Run, filled: list[str]) -> None:
    code, text = run("tests", "--limit", "1")
    assert code == 0
    assert "50.0%      50.0%   4     0.50 s  0.50 s   2026-01-04 00:00  unit   test_a.py::test_flakes" in text
    assert text.endswith("3 more tests: --limit shows them, --json all\n")
    for order, first in (("failing", "flakes"), ("slow", "flakes"), ("name", "nd")):
        found = json.loads(run("tests", "--sort", order, "--json")[1])
        assert found[0]["test"].endswith(f"test_{first}"), order
    found = json.loads(run("tests", "--check", "unit", "--sort", "name", "--json")[1])
    assert [(one["test"].rpartition("_")[2], one["pass_rate"], one["flake_rate"]) for one in found] == [
        ("breaks", 0.5, 0.0),
        ("flakes", 0.5, 0.5),
        ("skipped", None, 0.0),
    ]
    assert found[0]["last_failed_place"] == "a.py:3"


def test_lanes_and_trials(run: Run, filled: list[str]) -> None:
    lines = run("lanes")[1].splitlines()
    assert [line.split(":")[0] for line in lines] == ["core", "nd"]
    assert lines[0].endswith("(r3); 4 runs")
    text = run("trials")[1]
    assert "READY    36 of 40  60.0% to 99.0%  0.9 / 0.5  4     2026-01-04 00:00  real   test_nd" in text


def test_the_first_bad_commit(run: Run, filled: list[str]) -> None:
    code, text = run("first-bad", "test_breaks")
    assert code == 0
    assert (
        text.splitlines()[-1]
        == f"first bad commit: {filled[2]}, which is the next after the last that passed"
    )
    found = json.loads(run("first-bad", "test_a.py::test_breaks", "--json")[1])
    assert found["commits"] == 1
    assert found["found"]["last_good"]["commit"] == filled[1]
    assert run("first-bad", "test_skipped")[0] == 3
    code, text = run("first-bad", "test_breaks", "--branch", "other")
    assert (code, text.splitlines()[-1]) == (
        3,
        "history cannot tell: it has no result: it was skipped, or did not run",
    )


def test_with_commits_between_a_bisection_is_told(run: Run, filled: list[str], tmp_path: Path) -> None:
    database = open_history(address_of("", str(tmp_path)))
    database.change("DELETE FROM results WHERE run IN (SELECT key FROM runs WHERE id IN ('r1', 'r2'))")
    database.close()
    text = run("first-bad", "test_breaks")[1]
    assert "  2 runs between them without a result of it" in text
    assert (
        f"one of 3 commits up to {filled[3]}; git bisect start {filled[3][:12]} {filled[0][:12]} finds it"
        in text
    )


JUNIT = '<testsuite timestamp="2026-02-01T00:00:00"><testcase name="a"/><testcase name="b"><failure message="no"/></testcase></testsuite>'


def test_import_once_from_where_the_command_stands(run: Run, tmp_path: Path) -> None:
    (tmp_path / "j.xml").write_text(JUNIT)
    code, text = run("import", "j.xml", "--check", "old ci", "--commit", "a" * 40, "--branch", "main")
    assert (code, text.split(": ", 1)[1]) == (0, "2 tests, 1 with failures, of 2026-02-01T00:00:00Z\n")
    found = json.loads(
        run("import", "j.xml", "--check", "old ci", "--commit", "a" * 40, "--branch", "main", "--json")[1]
    )
    assert (found["new"], found["tests"], found["failing"]) == (False, 2, 1)
    runs = json.loads(run("runs", "--json")[1])
    assert [(one["kind"], one["verdict"], one["commit"]) for one in runs] == [("junit", "", "a" * 40)]
    assert "imported" in run("runs")[1]
    later = json.loads(
        run("import", "j.xml", "--check", "x", "--at", "2026-03-01T00:00:00+02:00", "--json")[1]
    )
    assert later["at"] == "2026-02-28T22:00:00Z"


def test_prune_keeps_what_either_rule_keeps(run: Run, filled: list[str]) -> None:
    assert run("prune", "--keep-runs", "3", "--keep-days", "0") == (0, "1 run removed, 3 runs kept\n")
    assert run("prune", "--keep-days", "99999999") == (0, "0 runs removed, 3 runs kept\n")
    assert json.loads(run("prune", "--keep-runs", "1", "--json")[1]) == {"removed": 2, "kept": 1}
    assert [one["id"] for one in json.loads(run("runs", "--json")[1])] == ["r3"]


def test_a_page_is_written_where_it_is_asked_for(run: Run, filled: list[str], tmp_path: Path) -> None:
    assert run("page", "trends.html") == (0, "trends.html: 4 runs, 4 tests\n")
    page = (tmp_path / "trends.html").read_text()
    assert "Flakiest tests" in page
    assert "test_flakes" in page


def test_another_store_may_be_named_before_or_after_the_word(
    run: Run, filled: list[str], tmp_path: Path
) -> None:
    for words in (("--store", "b.sqlite", "runs"), ("runs", "--store", "b.sqlite")):
        assert run(*words)[1] == "no run is in the history yet\n"
    assert (tmp_path / "b.sqlite").exists()


def test_what_git_sees_is_as_it_was(run: Run, tmp_path: Path) -> None:
    subprocess.run(["git", "-C", str(tmp_path), "init", "-q"], check=True)
    (tmp_path / "readiness.yml").unlink()
    assert run("lanes")[0] == 0
    assert (tmp_path / ".readiness/history.sqlite").exists()
    asked = ["git", "-C", str(tmp_path), "status", "--porcelain"]
    assert subprocess.run(asked, capture_output=True, check=True).stdout == b""
