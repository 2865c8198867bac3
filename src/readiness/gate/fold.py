"""From journal events to the record. The same events give the same record, whoever reads them and when."""

from __future__ import annotations

from readiness.gate.verdict import decide
from readiness.record.finding import Finding
from readiness.record.outcome import (
    EXIT_BY_VERDICT,
    EXIT_INTERRUPTED,
    EXIT_TERMINATED,
    LANES,
    LaneVerdict,
    Outcome,
)
from readiness.record.record import Header, LaneStatus, Record
from readiness.record.result import CheckResult, LintFinding, ServiceResult
from readiness.record.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

EXIT_BY_SIGNAL = {"SIGINT": EXIT_INTERRUPTED, "SIGTERM": EXIT_TERMINATED, "SIGHUP": EXIT_TERMINATED}
KILLED = "killed: the journal ends without a word"


class JournalError(Exception):
    """The journal cannot be read as one; the message says why."""


class _Heard:
    """What the events said so far."""

    def __init__(self) -> None:
        self.header: Header | None = None
        self.lint: list[LintFinding] = []
        self.results: dict[str, CheckResult] = {}
        self.started: dict[str, Mapping[str, Any]] = {}
        self.services: dict[str, ServiceResult] = {}
        self.history: Mapping[str, Any] = {}
        self.problems: list[str] = []
        self.resumed = 0
        self.interrupted = KILLED
        self.finished_at = ""
        self.seconds = 0.0


def fold(events: Iterable[Mapping[str, Any]]) -> Record:
    """Fold events into a record. Raises JournalError when no run was started in them, or one of them is damaged."""
    heard = _Heard()
    for number, event in enumerate(events, 1):
        try:
            _hear(heard, event)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            what = f"event {number} ({event.get('event')}) is damaged: {type(error).__name__}: {error}"
            raise JournalError(what) from error
    if heard.header is None:
        raise JournalError("it holds no run_started event, so it is not the journal of a run")
    return _record(heard, heard.header)


def _hear(heard: _Heard, event: Mapping[str, Any]) -> None:
    kind = event.get("event")
    heard.seconds = max(heard.seconds, float(event.get("at", 0.0)))
    if kind == "run_started":
        heard.header = Header.from_json(event["header"])
        heard.lint = [LintFinding.from_json(one) for one in event.get("lint", ())]
        heard.history = event.get("lanes_before", {})
    elif kind == "check_started":
        heard.started[event["name"]] = event
    elif kind == "check_finished":
        heard.results.setdefault(event["result"]["name"], CheckResult.from_json(event["result"]))
    elif kind == "check_patched":
        heard.results[event["name"]] = patched(heard.results[event["name"]], event["patches"])
    elif kind == "service":
        service = ServiceResult.from_json(event["service"])
        heard.services[service.name] = service
    elif kind == "run_resumed":
        heard.resumed += 1
        heard.interrupted, heard.finished_at = KILLED, ""
        heard.results = {name: one for name, one in heard.results.items() if one.outcome not in UNFINISHED}
    elif kind == "problem":
        heard.problems.append(str(event["message"]))
    elif kind == "run_finished":
        heard.interrupted = str(event.get("interrupted", ""))
        heard.finished_at = str(event.get("finished_at", ""))


def patched(result: CheckResult, patches: Mapping[str, Mapping[str, Any]]) -> CheckResult:
    """The result with `{"patch": … or None, "no_patch": why}` of each test that `patches` names in its findings."""
    known = [
        Finding.from_json({**one.to_json(), **patches[one.test]}) if one.test in patches else one
        for one in result.findings
    ]
    return replace(result, findings=tuple(known))


UNFINISHED = frozenset({Outcome.INTERRUPTED, Outcome.NOT_RUN})
"""Outcomes that a resumed run sets out to replace."""


def _record(heard: _Heard, header: Header) -> Record:
    checks = tuple(
        heard.results.get(planned.name) or _never_finished(planned.name, heard, header)
        for planned in header.planned
    )
    decision = decide(
        checks,
        lanes=header.lanes,
        strict=header.strict,
        by_name=bool(header.expect),
        lint=heard.lint,
        interrupted=heard.interrupted,
    )
    exit_code = EXIT_BY_VERDICT[decision.verdict]
    return Record(
        header=header,
        verdict=decision.verdict,
        exit_code=EXIT_BY_SIGNAL.get(heard.interrupted, exit_code),
        lanes={lane: _lane(lane, decision.lanes[lane], header, heard.history, checks) for lane in LANES},
        checks=checks,
        reasons=decision.reasons,
        notes=decision.notes,
        services=tuple(heard.services.values()),
        lint=tuple(heard.lint),
        interrupted=heard.interrupted,
        finished_at=heard.finished_at,
        seconds=round(heard.seconds, 3),
        resumed=heard.resumed,
        problems=tuple(heard.problems),
    )


def _never_finished(name: str, heard: _Heard, header: Header) -> CheckResult:
    planned = next(one for one in header.planned if one.name == name)
    started = heard.started.get(name)
    return CheckResult(
        name=name,
        lane=planned.lane,
        outcome=Outcome.INTERRUPTED,
        required=planned.required,
        reason="the run ended while it ran" if started else "the run ended before it was started",
        command=planned.command,
        log=str(started.get("log", "")) if started else "",
        started_at=str(started.get("started_at", "")) if started else "",
        place=planned.place,
    )


def _lane(
    name: str,
    verdict: LaneVerdict,
    header: Header,
    before: Mapping[str, Any],
    checks: tuple[CheckResult, ...],
) -> LaneStatus:
    if verdict is not LaneVerdict.NOT_RUN:
        alpha, beta = error_rates(one for one in checks if one.lane == name and one.required)
        return LaneStatus(verdict, 0.0, header.run_id, header.started_at, verdict.value, alpha, beta)
    known = before.get(name)
    if not known:
        return LaneStatus(verdict)
    return LaneStatus(
        verdict, known.get("age"), known.get("run_id", ""), known.get("at", ""), known.get("verdict", "")
    )


def error_rates(checks: Iterable[CheckResult]) -> tuple[float | None, float | None]:
    """The risks of a lane whose checks were all judged by trials; none where one was judged by a single run."""
    trials = [one.trials for one in checks]
    judged = [one for one in trials if one is not None and one.tests]
    if not judged or len(judged) < len(trials):
        return None, None
    return round(sum(one.alpha for one in judged), 9), max(one.beta for one in judged)
