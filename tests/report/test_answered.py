"""The relay's evidence in words, and its place in the reports."""

from __future__ import annotations

from readiness.record.outcome import Outcome
from readiness.record.record import Record
from readiness.record.value import replace
from readiness.report import answered
from readiness.report.project_ready import project_ready
from readiness.report.terminal import summary

MODEL = {
    "name": "smollm2:135m",
    "digest": "b179c9523d0e" + "0" * 52,
    "quantisation": "Q8_0",
    "server": "ollama",
    "server_version": "0.9.0",
    "why": "the embedded model",
}
CALLS = {
    "calls": 4,
    "counted": 3,
    "tokens": {"prompt": 100, "completion": 52},
    "errors": {"429": 1},
    "cost": None,
}


def asked(record: Record, **changes: object) -> Record:
    first = replace(record.checks[0], outcome=Outcome.PASSED, failures=(), model=MODEL, calls=CALLS)
    return replace(record, checks=(replace(first, **changes), *record.checks[1:]))


def test_who_answered_and_what_it_took(seed: Record) -> None:
    check = asked(seed).checks[0]
    assert answered.model(check) == "smollm2:135m (Q8_0, sha256 b179c9523d0e, ollama 0.9.0)"
    assert answered.calls(check) == "4 calls, 3 of them counted, 152 tokens, 1 × 429"


def test_without_a_relay_there_is_nothing_to_say(seed: Record) -> None:
    assert answered.line(seed.checks[0]) == ""


def test_a_check_that_passed_shows_on_which_model(seed: Record) -> None:
    shown = summary(asked(seed), colour=False, width=200)
    assert "      smollm2:135m (Q8_0, sha256 b179c9523d0e, ollama 0.9.0): 4 calls" in shown


def test_the_document_says_why_this_model_and_what_went_wrong_on_its_side(seed: Record) -> None:
    text = project_ready(asked(seed, cause="capacity"))
    assert "## Models" in text
    line = next(line for line in text.splitlines() if "smollm2" in line)
    assert all(word in line for word in ("the embedded model", "capacity", "152 tokens"))
    assert "## Models" not in project_ready(seed)
