"""The same fact reads the same everywhere."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.record.outcome import LaneVerdict, Outcome, RanAgainst
from readiness.record.record import LaneStatus, Record
from readiness.record.result import Counts
from readiness.record.value import replace
from readiness.report import wording


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0.00 s"),
        (0.421, "0.42 s"),
        (9.994, "9.99 s"),
        (12.34, "12.3 s"),
        (59.96, "1 min 0 s"),
        (245, "4 min 5 s"),
        (7380, "2 h 3 min"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert wording.duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds ago"),
        (1, "1 second ago"),
        (60, "1 minute ago"),
        (7300, "2 hours ago"),
        (86400, "1 day ago"),
        (1e7, "115 days ago"),
    ],
)
def test_ages(seconds: float, words: str) -> None:
    assert wording.age(seconds) == words


def test_counts_name_only_what_there_is() -> None:
    assert wording.counts(Counts()) == ""
    assert (
        wording.counts(Counts(passed=41, failed=1, errors=1, deselected=2))
        == "41 passed, 1 failed, 1 error, 2 deselected"
    )


def test_a_lane_that_did_not_run_says_when_it_last_did() -> None:
    assert wording.lane_age(LaneStatus(LaneVerdict.READY, 0.0)) == "now"
    assert wording.lane_age(LaneStatus(LaneVerdict.NOT_RUN)) == "never"
    assert (
        wording.lane_age(LaneStatus(LaneVerdict.NOT_RUN, 7200.0, last_verdict="READY"))
        == "last READY 2 hours ago"
    )


def test_every_word_of_the_record_has_its_wording() -> None:
    assert set(wording.SYMBOLS) == set(Outcome)
    assert set(wording.AGAINST) == set(RanAgainst)
    assert [outcome for outcome, symbol in wording.SYMBOLS.items() if symbol == "✔"] == [Outcome.PASSED]


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20))
def test_a_shell_reads_a_quoted_word_back(word: str) -> None:
    assert shlex.split(wording.quoted(word)) == [word]


def test_a_real_shell_reads_it_back_too() -> None:
    word = 'it\'s $HOME `id` \\ "x" *'
    shown = subprocess.run(
        ["sh", "-c", f"printf %s {wording.quoted(word)}"], capture_output=True, text=True, check=True
    )
    assert shown.stdout == word


def test_the_command_line_holds_the_switches_that_the_environment_held(seed: Record) -> None:
    assert wording.command_line(seed.header) == "STRICT_READY=1 readiness run --gate deploy"


def test_the_next_command_follows_from_the_record(seed: Record, ready: Record) -> None:
    assert wording.next_command(seed) == "readiness run all_smokes_core --gate deploy --strict"
    assert wording.next_command(ready) == ""
    assert wording.next_command(replace(seed, interrupted="SIGINT")) == "readiness run --resume"
    assert wording.next_command(replace(seed, checks=())) == "readiness list --gate deploy"
    broken = replace(seed.lint[0], severity="error")
    assert wording.next_command(replace(seed, checks=(), lint=(broken,))) == "readiness lint"


def test_required_checks_stand_before_optional_ones(seed: Record) -> None:
    assert [check.name for check in wording.against_it(seed)] == [
        "all_smokes_core",
        "smokes_nd_real",
        "shim_docs",
    ]
    turned = replace(seed, checks=seed.checks[::-1])
    assert [check.name for check in wording.against_it(turned)] == [
        "smokes_nd_real",
        "all_smokes_core",
        "shim_docs",
    ]
