"""The real command, in this process, in a folder of its own."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from readiness.cli.main import main
from readiness.trials.baseline import PATH
from readiness.trials.recorded import (
    Conditions,
    RecordedTrial,
    TrialOutcome,
    header_line,
    trial_line,
)

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*words: str) -> tuple[int, str]:
        code = main(["trials", *words, "-C", str(tmp_path)] if words[0] != "plan" else ["trials", *words])
        return code, capsys.readouterr().out

    return run


def write(path: Path, outcomes: dict[str, list[bool]], *, code: str = "c", run: str = "r1") -> str:
    words = {True: TrialOutcome.PASSED, False: TrialOutcome.FAILED}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        header_line(Conditions(code, "p", "m", "s"))
        + "".join(
            trial_line(RecordedTrial(test, words[one], str(n % 3), n, run))
            for test, own in outcomes.items()
            for n, one in enumerate(own)
        )
    )
    return path.name


def draws(rate: float, count: int, seed: int = 1) -> list[bool]:
    draw = random.Random(seed)
    return [draw.random() < rate for _ in range(count)]


def test_a_plan_as_a_table_and_as_json(run: Run) -> None:
    code, text = run("plan", "--good", ".9", "--bad", ".7", "--budget", "40")
    assert code == 0
    assert "fixed test of the same errors: 41 trials, READY from 34 passes" in text
    code, text = run("plan", "--good", ".9", "--bad", ".7", "--rate", ".9", "--json")
    found = json.loads(text)
    assert code == 0
    assert found["zone"] == {"good": 0.9, "bad": 0.7, "alpha": 0.05, "beta": 0.05}
    assert [row["rate"] for row in found["rows"]] == [0.9]
    assert found["budget"] is None


def test_a_plan_for_many_checks_takes_more(run: Run) -> None:
    one, many = (json.loads(run("plan", "--json", "--checks", n)[1]) for n in ("1", "20"))
    assert many["zone"]["alpha"] == 0.0025
    by_rate = [{row["rate"]: row["mean_trials"] for row in found["rows"]} for found in (one, many)]
    assert by_rate[1][0.0] > by_rate[0][0.0]
    assert by_rate[1][1.0] == by_rate[0][1.0]


def test_recorded_trials_that_are_independent_hold(run: Run, tmp_path: Path) -> None:
    name = write(tmp_path / "t.jsonl", {"a": draws(0.85, 90), "few": [True] * 3})
    code, text = run("check", name, "--resamples", "200")
    assert code == 0
    assert "HOLDS    a  90 trials" in text
    assert "TOO FEW  few  3 trials" in text


def test_recorded_trials_that_are_not_do_not(run: Run, tmp_path: Path) -> None:
    streaks = [one for one in draws(0.75, 30, seed=3) for _ in range(6)]
    code, text = run("check", write(tmp_path / "t.jsonl", {"a": streaks}), "--resamples", "300")
    assert code == 1
    assert text.startswith("BROKEN")
    assert "<- does not hold" in text


def test_too_few_trials_are_inconclusive(run: Run, tmp_path: Path) -> None:
    code, text = run("check", write(tmp_path / "t.jsonl", {"a": [True] * 5}), "--json")
    assert code == 3
    assert json.loads(text)[0]["same"] is None


def test_the_trials_of_a_run_are_found(run: Run, tmp_path: Path) -> None:
    write(tmp_path / ".readiness/runs/20260101/trials.jsonl", {"old": draws(0.9, 30)})
    write(tmp_path / ".readiness/runs/20260202/trials.jsonl", {"new": draws(0.9, 30)})
    assert "  new  " in run("check", "--record", "--resamples", "50")[1]
    assert "  old  " in run("check", "--record", "202601", "--resamples", "50")[1]


def test_a_baseline_is_saved_and_compared(run: Run, tmp_path: Path) -> None:
    before = write(tmp_path / "before.jsonl", {"same": draws(0.9, 200), "worse": draws(0.9, 200)})
    code, text = run("baseline", "save", before)
    assert code == 0
    assert f"{tmp_path / PATH}: 200 trials of same" in text
    after = {"same": draws(0.9, 200, 7), "worse": draws(0.4, 200, 8)}
    code, text = run("baseline", "compare", write(tmp_path / "after.jsonl", after, code="d", run="r2"))
    assert code == 1
    verdicts = {line[11:].split()[0]: line[:9].strip() for line in text.splitlines()}
    assert verdicts == {"same": "NOT WORSE", "worse": "WORSE"}
    assert text.count("changed: code") == 2


def test_a_comparison_without_enough_pairs_is_inconclusive(run: Run, tmp_path: Path) -> None:
    name = write(tmp_path / "t.jsonl", {"a": [True, False, True]})
    assert run("baseline", "save", name)[0] == 0
    code, text = run("baseline", "compare", name, "--json")
    assert code == 3
    assert json.loads(text)[0]["result"]["comparison"] == "undecided"


def test_the_same_again_is_not_worse(run: Run, tmp_path: Path) -> None:
    name = write(tmp_path / "t.jsonl", {"a": draws(0.9, 120)})
    assert run("baseline", "save", name)[0] == 0
    assert run("baseline", "compare", name)[0] == 0


def test_the_place_may_stand_before_the_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "t.jsonl", {"a": [True] * 5})
    assert main(["trials", "-C", str(tmp_path), "check", "t.jsonl"]) == 3
    assert "TOO FEW" in capsys.readouterr().out
