"""The findings of a run, from its record and what was read beside it. The same values give the same document."""

from __future__ import annotations

from readiness.report import wording
from readiness.review.document import Findings, name, stated, words
from readiness.review.fix import fix
from readiness.review.lanes import lanes
from readiness.review.next_steps import next_steps
from readiness.review.notes import notes
from readiness.review.regression import decides, is_ready, regression
from readiness.review.root_cause import root_cause
from readiness.review.unseen import unseen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from readiness.record.record import Record
    from readiness.review.document import Statement
    from readiness.review.sources import Sources


SHOWN: Final = 5


def compose(record: Record, sources: Sources) -> Findings:
    """Raises NoEvidenceError when a sentence would stand without evidence."""
    every = (regression, root_cause, fix, lanes, notes)
    # What is READY needs no story: what was proved, and on what, is enough.
    asked = (lanes, notes) if is_ready(record) and not wording.against_it(record) else every
    return Findings(
        run_id=record.header.run_id,
        verdict=record.verdict.value,
        summary=_summary(record, sources),
        sections=tuple(section(record, sources) for section in asked),
        steps=next_steps(record, sources),
        unseen=unseen(record, sources),
    )


def _summary(record: Record, sources: Sources) -> Statement:
    said = f"Run {name(record.header.run_id)}, gate {name(record.header.gate)}: {_because(record)}."
    return stated(said, sources.reported("verdict"), sources.reported("reasons"))


def _because(record: Record) -> str:
    """The checks that decided; else the first reason."""
    bad = [check for check in wording.against_it(record) if decides(check, record)]
    first = f"{words(record.reasons[0])}" if record.reasons else "no reason is on record"
    shown = ", ".join(f"{name(one.name)} {wording.outcome_word(one.outcome)}" for one in bad[:SHOWN])
    more = f" and {len(bad) - SHOWN} more" if len(bad) > SHOWN else ""
    return f"{shown}{more}" if bad else first
