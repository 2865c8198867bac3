"""`PROJECT_READY.md`: what a person reads beside the code, and what GitHub shows as a job's summary."""

from __future__ import annotations

from readiness.record.outcome import LaneVerdict, Outcome
from readiness.report.plain import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Final

    from readiness.record.record import LaneStatus, Record
    from readiness.record.result import CheckResult

LANE_MEANING: Final = {
    "core": "deterministic and hermetic: no network",
    "nd": "a real model, judged by statistics over trials",
    "live": "outside providers, opt-in",
}
LONGEST: Final = 300
SKIPS_SHOWN: Final = 5


def render(record: Record) -> str:
    """The record as Markdown; text from outside is escaped."""
    return "\n".join(_lines(record)) + "\n"


def _lines(record: Record) -> Iterator[str]:
    yield f"# {record.verdict}"
    yield ""
    yield from (f"- {cell(reason)}" for reason in record.reasons)
    yield ""
    yield _origin(record)
    yield from _lanes(record)
    yield from _checks(record)
    yield from _not_run(record)
    yield from _section("Heard, but not deciding", record.notes)
    yield from _section("Skipped tests", list(_skips(record)))
    lint = [f"{one.where}: {one.severity}: {one.message} ({one.rule}); {one.advice}" for one in record.lint]
    yield from _section("Lint", lint)
    yield from _section("What the gate itself could not do", record.problems)
    yield ""
    yield "## Again"
    yield ""
    yield f"    {one_line(' '.join(record.header.argv), LONGEST)}"


def _origin(record: Record) -> str:
    header, code = record.header, record.header.provenance
    commit = f"commit {code.commit[:12]}" if code.commit else code.note
    dirty = (
        f" with {code.dirty_files} changed files (digest {code.dirty_digest[:12]})"
        if code.dirty_digest
        else ""
    )
    strict = "strict" if header.strict else "not strict"
    interrupted = f" **Interrupted: {cell(record.interrupted)}.**" if record.interrupted else ""
    return (
        f"Gate {cell(header.gate)} ({strict}), {commit}{dirty}, {header.started_at}, "
        f"{record.seconds:.1f} s, run {header.run_id}.{interrupted}"
    )


def _lanes(record: Record) -> Iterator[str]:
    yield "\n## Lanes\n"
    yield "| lane | what it means | verdict | last ran |"
    yield "|---|---|---|---|"
    for name, lane in record.lanes.items():
        yield f"| {name} | {LANE_MEANING[name]} | {lane.verdict} | {_since(lane)} |"


def _since(lane: LaneStatus) -> str:
    if lane.verdict is not LaneVerdict.NOT_RUN:
        return "now"
    if lane.age is None:
        return "never here"
    return f"{_ago(lane.age)} ago ({lane.last_verdict}, run {lane.last_run})"


def _ago(seconds: float) -> str:
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"


def _checks(record: Record) -> Iterator[str]:
    yield "\n## Checks\n"
    yield "| check | lane | outcome | why | ran against | seconds | log |"
    yield "|---|---|---|---|---|---|---|"
    for one in record.checks:
        kind = "" if one.required else " (optional)"
        seconds = "unchanged" if one.cached_from else f"{one.seconds:.2f}"
        outcome = one.outcome if one.outcome is Outcome.PASSED else f"**{one.outcome}**"
        row = (
            cell(one.name) + kind,
            one.lane,
            outcome,
            cell(one.reason),
            one.ran_against,
            seconds,
            cell(one.log),
        )
        yield f"| {' | '.join(row)} |"


def _not_run(record: Record) -> Iterator[str]:
    left = [f"{one.name} ({one.lane}): {one.why}" for one in record.header.left_out]
    yield from _section("What did not run, and why", left)


def _skips(record: Record) -> Iterator[str]:
    for check in record.checks:
        yield from (f"{one.test}: {one.reason}" for one in check.skips[:SKIPS_SHOWN])
        more = len(check.skips) - SKIPS_SHOWN + check.skips_left_out
        if more > 0:
            yield f"{check.name}: {more} more, in report.json"


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield f"\n## {title}\n"
        yield from (f"- {cell(line)}" for line in found)


def cell(text: str) -> str:
    """Text from outside as one line of Markdown that is shown as it is: no markup, no HTML, no new table cell."""
    line = one_line(text, LONGEST)
    for character in "\\`*_[]<>|":
        line = line.replace(character, f"\\{character}")
    return line.replace("&", "&amp;").replace("\\<", "&lt;").replace("\\>", "&gt;")


def failures(record: Record) -> list[tuple[CheckResult, str, str, str]]:
    """Every failure that decides, most telling first: check, place, title, message."""
    found = []
    for check in sorted(record.checks, key=lambda one: (not one.required, one.name)):
        if check.outcome in (Outcome.PASSED, Outcome.SKIPPED):
            continue
        for one in check.failures:
            found.append((check, one.where, one.test, one.message))
        if not check.failures:
            found.append((check, check.place, check.name, check.reason))
    return found
