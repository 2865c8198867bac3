"""From the outcomes of checks to each lane's verdict, the run's verdict and the reasons for it."""

from __future__ import annotations

from readiness.record.outcome import LANES, LaneVerdict, Outcome, Verdict
from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Final

    from readiness.record.result import CheckResult, LintFinding

BLOCKING: Final = frozenset(
    {Outcome.FAILED, Outcome.ERROR, Outcome.TIMED_OUT, Outcome.NOT_RUN, Outcome.HOLLOW}
)
"""Outcomes that make a required check NOT READY in every gate."""
BLOCKING_WHEN_STRICT: Final = BLOCKING | {Outcome.SKIPPED, Outcome.FLAKY}
OPEN: Final = frozenset({Outcome.INCONCLUSIVE, Outcome.INTERRUPTED})
"""Outcomes that leave the question open."""


@value
class Decision:
    """The verdict of a run. `reasons` decided it; `notes` are what a reader should hear all the same."""

    verdict: Verdict
    lanes: Mapping[str, LaneVerdict]
    reasons: tuple[str, ...]
    notes: tuple[str, ...]


def decide(
    results: Iterable[CheckResult],
    *,
    lanes: tuple[str, ...],
    strict: bool,
    by_name: bool = False,
    lint: Iterable[LintFinding] = (),
    interrupted: str = "",
) -> Decision:
    """Weigh every outcome. `lanes` are those the gate needs; `by_name` says that checks were asked for by name
    instead, so that no lane is owed.

    READY needs at least one pass and nothing against it: a gate that ran nothing is never READY.
    """
    checks = tuple(results)
    lint_against = [_lint_line(one) for one in lint if one.severity == "error" and strict]
    against = lint_against + [
        _line(one) for one in checks if one.required and blocks(one.outcome, strict=strict)
    ]
    unsettled = [_line(one) for one in checks if one.required and one.outcome in OPEN]
    if interrupted:
        unsettled.append(f"the run was interrupted ({interrupted})")
    owed = () if by_name else tuple(lane for lane in lanes if not any(one.lane == lane for one in checks))
    missing = [f"lane {lane}: the gate needs it, and no check is in it" for lane in owed]
    (against if strict else unsettled).extend(missing)
    if not any(one.outcome is Outcome.PASSED for one in checks):
        unsettled.append("no check passed: a gate that proved nothing is never READY")
    statuses = _lanes(checks, strict=strict)
    notes = tuple(_line(one) for one in checks if _worth_a_note(one, strict=strict))
    if against:
        return Decision(Verdict.NOT_READY, statuses, tuple(against + unsettled), notes)
    if unsettled:
        return Decision(Verdict.INCONCLUSIVE, statuses, tuple(unsettled), notes)
    passed = sum(one.outcome is Outcome.PASSED for one in checks if one.required)
    return Decision(
        Verdict.READY, statuses, (f"{passed} required {'check' if passed == 1 else 'checks'} passed",), notes
    )


def blocks(outcome: Outcome, *, strict: bool) -> bool:
    """Whether a required check with this outcome is NOT READY."""
    return outcome in (BLOCKING_WHEN_STRICT if strict else BLOCKING)


def lane_verdict(results: Iterable[CheckResult], *, strict: bool) -> LaneVerdict:
    """One lane's own verdict: skipped and hollow checks never lend it the colour of a lane that ran."""
    checks = tuple(results)
    required = [one for one in checks if one.required]
    if any(blocks(one.outcome, strict=strict) and one.outcome is not Outcome.NOT_RUN for one in required):
        return LaneVerdict.NOT_READY
    if all(one.outcome in (Outcome.SKIPPED, Outcome.NOT_RUN) for one in checks):
        return LaneVerdict.NOT_RUN
    if any(one.outcome is Outcome.NOT_RUN for one in required):
        return LaneVerdict.NOT_READY
    if any(one.outcome in OPEN for one in required):
        return LaneVerdict.INCONCLUSIVE
    if any(one.outcome is Outcome.PASSED for one in checks):
        return LaneVerdict.READY
    return LaneVerdict.INCONCLUSIVE


def _lanes(checks: tuple[CheckResult, ...], *, strict: bool) -> dict[str, LaneVerdict]:
    return {lane: lane_verdict([one for one in checks if one.lane == lane], strict=strict) for lane in LANES}


def _worth_a_note(one: CheckResult, *, strict: bool) -> bool:
    if one.outcome is Outcome.PASSED:
        return False
    return not one.required or not (blocks(one.outcome, strict=strict) or one.outcome in OPEN)


def _line(one: CheckResult) -> str:
    kind = "" if one.required else " (optional)"
    return f"{one.name}{kind}: {one.outcome}: {one.reason}"


def _lint_line(one: LintFinding) -> str:
    return f"lint: {one.where}: {one.message} ({one.rule})"
