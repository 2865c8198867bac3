"""`PROJECT_READY.md`: the verdict and all its evidence, for people to read beside the code."""

from __future__ import annotations

from readiness.record.outcome import LANES, LaneVerdict
from readiness.report import answered, findings, trials, wording
from readiness.report.markdown import LONGEST_REASON, Block, code, document, fenced, header_rows, prose, row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    from readiness.record.finding import Finding, Patch
    from readiness.record.record import Record
    from readiness.record.result import CheckResult, Failure

BYTES: Final = 1 << 20
"""Beyond that nothing shows a document."""
DETAIL_LINES: Final = 40
"""Lines of a failure's own report that are shown."""
CAUSES: Final = 4
SUMMED_UP: Final = 10
"""Causes of a finding that are told, and findings that have a line."""
LEFT_OVER: Final = 20


def project_ready(record: Record) -> str:
    """The whole document; of a run with thousands of failures what fits, and what was left out."""
    return document([Block("", (f"# {record.verdict}",)), *blocks(record)], BYTES)


def blocks(record: Record) -> Iterator[Block]:
    """The document in parts, the most telling first; a part with nothing in it is left out."""
    yield Block(
        "",
        (_origin(record), ""),
        tuple(f"- {prose(reason, LONGEST_REASON)}" for reason in record.reasons),
        "reason",
    )
    checks = header_rows(("check", "lane", "outcome", "tests", "took", "ran against", "why"))
    lanes = header_rows(("lane", "what it means", "verdict", "ran against", "ran"))
    sections = (
        Block("Lanes", lanes, tuple(_lanes(record)), "lane"),
        Block("What went wrong", (), tuple(_story(check) for check in wording.against_it(record)), "check"),
        Block("Checks", checks, tuple(map(_check, record.checks)), "check"),
        Block(
            "Models",
            header_rows(("check", "who answered", "why this one", "calls", "cause")),
            tuple(_models(record)),
            "check",
        ),
        Block(
            "Trials",
            header_rows(("check", "verdict", "test", "trials", "rate", "evidence", "what else")),
            tuple(_trials(record)),
            "test",
        ),
        Block("What did not run", (), tuple(_not_run(record)), "check"),
        Block(
            "Left changed at the end, no fault by itself",
            header_rows(("state", "changed by", "check")),
            tuple(_left_over(record)),
            "change",
        ),
        Block("Heard, but not deciding", (), tuple(f"- {prose(note)}" for note in record.notes), "note"),
        Block(
            "Skipped tests", header_rows(("test", "check", "reason")), tuple(_skips(record)), "skipped test"
        ),
        Block("Lint", header_rows(("", "where", "what", "what to do")), tuple(_lint(record)), "finding"),
        Block(
            "Services", header_rows(("service", "state", "why", "log")), tuple(_services(record)), "service"
        ),
        Block(
            "What the gate itself could not do",
            (),
            tuple(f"- {prose(one)}" for one in record.problems),
            "problem",
        ),
        Block("The same run again", (), (fenced(wording.command_line(record.header), "sh"),), "command"),
        Block("The run", header_rows(("", "")), tuple(_facts(record)), "fact"),
    )
    yield from (block for block in sections if block.units)


def _origin(record: Record) -> str:
    header = record.header
    strict = "strict" if header.strict else "not strict"
    cut = f" **Interrupted: {prose(record.interrupted)}.**" if record.interrupted else ""
    resumed = f" Resumed {wording.plural(record.resumed, 'time')}." if record.resumed else ""
    return (
        f"Gate {code(header.gate)} ({strict}) at {prose(wording.commit(header.provenance))}, "
        f"{prose(header.started_at)}, {wording.duration(record.seconds)}.{cut}{resumed}"
    )


def _story(check: CheckResult) -> str:
    """Everything that is known of why a check did not pass."""
    kind = "" if check.required else ", optional"
    parts = [
        f"### {code(check.name)}: {wording.outcome_word(check.outcome)}{kind}",
        "",
        prose(check.reason, LONGEST_REASON),
        "",
    ]
    for failure in check.failures[:1]:
        parts += [*_failure(check, failure), ""]
        if finding := findings.of_failure(check, failure):
            parts += [*_finding(finding), ""]
    others = findings.without_failure(check, 1)
    parts += [*(f"- {prose(findings.summed_up(one))}" for one in others[:SUMMED_UP]), ""] if others else []
    more = max(0, len(check.failures) - 1) + check.failures_left_out
    if more:
        parts += [f"{wording.plural(more, 'more failure')} of this check: see `report.json` and the log.", ""]
    if not check.failures and check.last_output.strip():
        parts += ["The last it wrote:", "", _tail(check.last_output), ""]
    if check.survivors:
        parts += [f"Could not be ended: {', '.join(map(code, check.survivors))}", ""]
    parts += [f"Cause: {prose(check.cause)}", ""] if check.cause else []
    parts += [f"Answered by: {prose(answered.line(check))}", ""] if answered.line(check) else []
    parts += [f"Command: {code(check.command)}", ""] if check.command else []
    parts += [f"Whole log: {code(check.log)}", ""] if check.log else []
    return "\n".join(parts)


def _failure(check: CheckResult, failure: Failure) -> Iterator[str]:
    blob = f" (blob {code(failure.blob)})" if failure.blob else ""
    at = f" at {code(failure.where)}{blob}" if failure.where else ""
    yield f"{code(failure.test)} in {prose(failure.phase)}{at}:"
    yield ""
    yield _tail(failure.details or findings.message(check, failure))


def _finding(finding: Finding) -> Iterator[str]:
    """Class, causes with their proof, and the whole diff or none of it."""
    yield f"**{prose(findings.heading(finding))}**"
    yield ""
    for cause in finding.causes[:CAUSES]:
        for name, fact in findings.cause_facts(cause):
            if fact.strip():
                yield f"- {name}: {prose(fact) if name == 'proof' else code(fact)}"
    yield from (f"- {prose(note)}" for note in finding.notes[:CAUSES])
    if said := findings.together(finding):
        yield f"\n{said}"
    if finding.patch:
        yield from _patch(finding.patch)
    elif finding.no_patch:
        yield f"\nNo fix: {prose(finding.no_patch)}"


def _patch(patch: Patch) -> Iterator[str]:
    yield ""
    yield f"**{findings.patch_heading(patch)}.** {prose(findings.patch_proof(patch))}"
    yield ""
    yield (
        fenced(patch.diff, "diff")
        if findings.fits(patch)
        else "It is too long for this page: see `report.json`."
    )


def _tail(text: str) -> str:
    lines = text.strip("\n").split("\n")
    cut = (
        [f"… {wording.plural(len(lines) - DETAIL_LINES, 'line')} before"] if len(lines) > DETAIL_LINES else []
    )
    return fenced("\n".join([*cut, *lines[-DETAIL_LINES:]]), "text")


def _lanes(record: Record) -> Iterator[str]:
    for name in (*LANES, *sorted(set(record.lanes) - set(LANES))):
        status = record.lanes.get(name)
        if status is None:
            continue
        verdict = f"**{status.verdict}**" if status.verdict is LaneVerdict.READY else str(status.verdict)
        against = wording.ran_against(name, record.checks)
        at = f", {status.last_at}" if status.verdict is LaneVerdict.NOT_RUN and status.last_at else ""
        rates = f"; {found}" if (found := trials.lane_rates(status)) else ""
        since = prose(wording.lane_age(status) + at + rates)
        yield row((code(name), wording.LANE_MEANINGS.get(name, ""), verdict, against, since))


def _check(check: CheckResult) -> str:
    outcome = f"{wording.SYMBOLS[check.outcome]} {wording.outcome_word(check.outcome)}"
    took = f"cached from {code(check.cached_from)}" if check.cached_from else wording.took(check)
    return row(
        (
            code(check.name) + ("" if check.required else " (optional)"),
            prose(check.lane),
            outcome,
            wording.counts(check.counts) or "-",
            took,
            wording.AGAINST[check.ran_against],
            prose(check.reason),
        )
    )


def _models(record: Record) -> Iterator[str]:
    for check in record.checks:
        if who := answered.model(check):
            why, cause = str(check.model.get("why") or "-"), check.cause or "-"
            yield row((code(check.name), prose(who), prose(why), prose(answered.calls(check)), prose(cause)))


def _trials(record: Record) -> Iterator[str]:
    for check in record.checks:
        for one in check.trials.tests if check.trials else ():
            cells = (one.verdict, one.test or "the command", *trials.cells(one))
            yield row((code(check.name), *map(prose, cells)))


def _not_run(record: Record) -> Iterator[str]:
    for check in record.checks:
        if check.outcome in wording.DID_NOT_RUN:
            yield f"- {code(check.name)} ({prose(check.lane)}): {prose(check.reason)}"
    for one in record.header.left_out:
        yield f"- {code(one.name)} ({prose(one.lane)}): not in this run: {prose(one.why)}"


def _skips(record: Record) -> Iterator[str]:
    for check in record.checks:
        yield from (row((code(skip.test), code(check.name), prose(skip.reason))) for skip in check.skips)
        if check.skips_left_out:
            yield row((f"{check.skips_left_out} more", code(check.name), "see the log"))


def _left_over(record: Record) -> Iterator[str]:
    for check in record.checks:
        for one in check.left_over[:LEFT_OVER]:
            yield row((code(one.state), code(one.by), code(check.name)))
        if len(check.left_over) > LEFT_OVER:
            yield row((f"{len(check.left_over) - LEFT_OVER} more", "see report.json", code(check.name)))


def _lint(record: Record) -> Iterator[str]:
    for one in record.lint:
        yield row(
            (one.severity, code(one.where), f"{prose(one.message)} ({code(one.rule)})", prose(one.advice))
        )


def _services(record: Record) -> Iterator[str]:
    for one in record.services:
        kind = " (a stand-in)" if one.stand_in else ""
        yield row((code(one.name) + kind, prose(one.state), prose(one.reason) or "-", code(one.log) or "-"))


def _facts(record: Record) -> Iterator[str]:
    yield from (row((name, prose(fact))) for name, fact in wording.facts(record.header).items())
