"""The edge: of each check that did not pass, the last run on record in which it did."""

from __future__ import annotations

import os

from readiness.gate.cause_class import LastPass
from readiness.record.outcome import Outcome
from readiness.report.json_report import from_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    from readiness.record.record import Header, Record

MOST_RUNS: Final = 50


def last_passes(root: str, record: Record) -> dict[str, LastPass]:
    """By the name of the check. A run whose report is damaged or of another format counts as none."""
    wanted = {check.name for check in record.checks if check.outcome is not Outcome.PASSED}
    found: dict[str, LastPass] = {}
    for earlier in _earlier(root, record.header.run_id):
        if not wanted:
            break
        passed = {one.name for one in earlier.checks if one.outcome is Outcome.PASSED and one.name in wanted}
        found |= dict.fromkeys(passed, _compared(earlier.header, record.header))
        wanted -= passed
    return found


def _earlier(root: str, run_id: str) -> Iterator[Record]:
    runs = os.path.join(root, ".readiness", "runs")
    older = sorted((name for name in os.listdir(runs) if name < run_id), reverse=True)
    for name in older[:MOST_RUNS]:
        try:
            with open(os.path.join(runs, name, "report.json"), encoding="utf-8") as file:
                yield from_json(file.read())
        except (OSError, ValueError):
            continue


def _compared(earlier: Header, now: Header) -> LastPass:
    before, after = earlier.provenance, now.provenance
    known = bool(before.commit and after.commit)
    changed = "; ".join(_changes(earlier, now))
    return LastPass(
        run_id=earlier.run_id,
        commit=before.commit,
        at=earlier.started_at,
        same_code=(before.commit, before.dirty_digest) == (after.commit, after.dirty_digest)
        if known
        else None,
        same_setting=not changed,
        changed=changed,
    )


def _changes(earlier: Header, now: Header) -> Iterator[str]:
    """What differs between the settings of two runs."""
    if earlier.interpreter_version != now.interpreter_version:
        yield f"Python went from {earlier.interpreter_version} to {now.interpreter_version}"
    if earlier.platform != now.platform:
        yield f"the platform went from {earlier.platform} to {now.platform}"
    names = sorted(set(earlier.packages) | set(now.packages))
    for name in names:
        before, after = earlier.packages.get(name, "nothing"), now.packages.get(name, "nothing")
        if before != after:
            yield f"{name} went from {before} to {after}"
