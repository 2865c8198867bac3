"""How outcomes and verdicts look: a word with a sign before it; the colour only repeats them."""

from __future__ import annotations

from readiness.record.outcome import LaneVerdict, Outcome, Verdict
from readiness.report import wording
from readiness.report.html.markup import Markup, tag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

GREEN: Final = "good"
RED: Final = "bad"
YELLOW: Final = "open"
GREY: Final = "none"

OUTCOMES: Final = dict.fromkeys(Outcome, RED) | {
    Outcome.PASSED: GREEN,
    Outcome.SKIPPED: YELLOW,
    Outcome.HOLLOW: YELLOW,
    Outcome.FLAKY: YELLOW,
    Outcome.INCONCLUSIVE: YELLOW,
    Outcome.INTERRUPTED: YELLOW,
    Outcome.NOT_RUN: GREY,
}
"""Only what passed is green; an outcome that is new here is red."""

VERDICTS: Final = {
    str(Verdict.READY): (GREEN, "✔"),
    str(Verdict.NOT_READY): (RED, "✘"),
    str(Verdict.INCONCLUSIVE): (YELLOW, "?"),
    str(LaneVerdict.NOT_RUN): (GREY, "-"),
    "HOLLOW": (YELLOW, "○"),
    "SKIPPED": (YELLOW, "○"),
}
"""Of a run, a lane and a test that was judged by trials."""


def outcome(of: Outcome) -> Markup:
    return _chip(OUTCOMES[of], wording.SYMBOLS[of], wording.outcome_word(of))


def verdict(word: str) -> Markup:
    """Whatever word is none of ours looks red."""
    colour, sign = VERDICTS.get(word, (RED, "✘"))
    return _chip(colour, sign, word)


def _chip(colour: str, sign: str, word: str) -> Markup:
    return tag("span", tag("span", sign, aria_hidden="true"), " ", word, class_=f"sign {colour}")
