"""Seeds that are never used twice, and what the end of a command says of its trial."""

from __future__ import annotations

import pytest

from readiness.run.job import Ended
from readiness.run.repetition.repetition import first_seed, of_command


def test_seeds_count_on_from_where_they_are_told_to_and_never_meet_one_that_was_used():
    assert first_seed({"READINESS_SEED": "41"}, set()) == 41
    assert first_seed({"READINESS_SEED": "41"}, {7, 99}) == 99
    assert first_seed({"READINESS_SEED": "x"}, {2**40}) == 2**40
    assert len({first_seed({}, set()) for _ in range(20)}) > 15, "else they begin anywhere"


@pytest.mark.parametrize(
    ("ended", "outcome", "said"),
    [
        (Ended(0), "passed", ""),
        (Ended(1, last_output="a\nwrong answer\n"), "failed", "exit code 1: wrong answer"),
        (Ended(-9, stopped="deadline"), "failed", "still running at its deadline: "),
        (Ended(127, last_output="sh: nothing: not found"), "error", "exit code 127: sh: nothing: not found"),
        (Ended(None, start_error="no such folder"), "error", "exit code None: no such folder"),
    ],
)
def test_what_the_end_of_a_command_says(ended, outcome, said):
    told = of_command(ended, 3, 4, 100.0)
    assert (told.number, told.seed, told.outcome, told.message) == (3, 4, outcome, said)
