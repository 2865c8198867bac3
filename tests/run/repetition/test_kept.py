"""Evidence that a later run goes on with, and what forbids that."""

from __future__ import annotations

import pytest

from readiness.run.repetition.kept import Kept
from readiness.run.repetition.series import Series
from readiness.trials.zone import Zone

ZONE = Zone(0.95, 0.80)


@pytest.fixture
def leave(tmp_path, trial):
    """Let a run leave so many passes of test `t`; the path, relative."""

    def write(count: int = 5, code: str = "c", run: str = "run-1", **changes: object) -> str:
        series = Series("t", ZONE)
        for number in range(1, count + 1):
            series.add(trial(number, **changes))
        return Kept(str(tmp_path), "ask", code).write(run, [series])

    return write


def test_what_is_open_is_gone_on_with(tmp_path, leave, trial):
    assert leave() == ".readiness/trials/ask.jsonl"
    earlier, said = Kept(str(tmp_path), "ask", "c").earlier(trial(9))
    assert [one.seed for one in earlier] == [1, 2, 3, 4, 5]
    assert said == "goes on from 5 trials of run run-1"


@pytest.mark.parametrize(
    ("code", "first", "why"),
    [
        ("other", {}, "code"),
        ("", {}, "not known"),
        ("c", {"model": "n"}, "model"),
        ("c", {"sampling": "z"}, "sampling"),
        ("c", {"prompt": "q"}, "prompts"),
    ],
)
def test_what_has_changed_makes_it_begin_anew_and_is_said(tmp_path, leave, trial, code, first, why):
    leave()
    earlier, said = Kept(str(tmp_path), "ask", code).earlier(trial(9, **first))
    assert earlier == []
    assert "do not count any more" in said
    assert why in said


def test_a_verdict_is_not_gone_on_with(tmp_path, leave):
    leave(5)
    assert leave(18) == ""
    assert not (tmp_path / ".readiness/trials/ask.jsonl").exists()


def test_a_resumed_run_does_not_take_its_own_trials_twice(tmp_path, leave, trial):
    leave(run="run-1")
    assert Kept(str(tmp_path), "ask", "c", "run-1").earlier(trial(9)) == ([], "")


def test_duplicates_are_not_kept(tmp_path, leave, trial):
    leave(5, signature="same")
    earlier, _ = Kept(str(tmp_path), "ask", "c").earlier(trial(9))
    assert len(earlier) == 1


def test_a_damaged_file_is_said_and_not_used(tmp_path, leave, trial):
    leave()
    (tmp_path / ".readiness/trials/ask.jsonl").write_text('{"outcome": 1}\n')
    kept = Kept(str(tmp_path), "ask", "c")
    assert kept.earlier(trial(9)) == ([], "")
    assert "cannot be gone on with" in kept.problem


def test_evidence_of_two_runs_is_kept_together(tmp_path, leave, trial):
    leave()
    kept = Kept(str(tmp_path), "ask", "c")
    series = Series("t", ZONE)
    series.carry(kept.earlier(trial(9))[0])
    series.add(trial(9))
    kept.write("run-2", [series])
    earlier, said = Kept(str(tmp_path), "ask", "c").earlier(trial(10))
    assert (len(earlier), said) == (6, "goes on from 6 trials of run run-1, run-2")


def test_a_run_that_came_to_no_trial_leaves_the_evidence_as_it_was(tmp_path, leave, trial):
    leave()
    before = (tmp_path / ".readiness/trials/ask.jsonl").read_text()
    nothing, other = Series("t", ZONE), Series("u", ZONE)
    nothing.add(trial(1, "capacity", prompt=""))
    other.add(trial(2, test="u"))
    kept = Kept(str(tmp_path), "ask", "c")
    kept.earlier(trial(2, test="u"))
    kept.write("run-2", [nothing, other])
    again = Kept(str(tmp_path), "ask", "c")
    assert len(again.earlier(trial(9))[0]) == 5
    assert len(again.earlier(trial(9, test="u"))[0]) == 1
    assert before in (tmp_path / ".readiness/trials/ask.jsonl").read_text()
