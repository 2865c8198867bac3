"""`report.json`: the whole record, for programs. What is written can be read back to the same record."""

from __future__ import annotations

import json

from readiness.record.outcome import LaneVerdict, Verdict
from readiness.record.record import REPORT_FORMAT, Header, LaneStatus, Record
from readiness.record.result import CheckResult, LintFinding, ServiceResult
from readiness.record.value import as_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def to_json(record: Record) -> str:
    """The record as JSON (RFC 8259, ASCII only): keys sorted, one line for each key and each item of a list.

    The header, with which code ran under `provenance`, and when the run ended stand under `run`.
    """
    run = record.header.to_json() | {"finished_at": record.finished_at, "seconds": record.seconds}
    return _laid_out(
        {
            "format": REPORT_FORMAT,
            "verdict": record.verdict,
            "exit_code": record.exit_code,
            "gate": record.header.gate,
            "strict": record.header.strict,
            "lanes": as_json(record.lanes),
            "checks": as_json(record.checks),
            "reasons": list(record.reasons),
            "notes": list(record.notes),
            "lint": as_json(record.lint),
            "services": as_json(record.services),
            "run": run,
            "interrupted": record.interrupted,
            "resumed": record.resumed,
            "problems": list(record.problems),
        }
    )


def from_json(text: str) -> Record:
    """The record that a report was made of. Fields of a newer minor version are ignored.

    Raises ValueError when the text is not JSON, is not a report, or is one of another format.
    """
    data = json.loads(text)
    found = data.get("format") if isinstance(data, dict) else None
    if found != REPORT_FORMAT:
        raise ValueError(f"not a report of format {REPORT_FORMAT}: its format is {found!r}")
    try:
        return _record(data)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"not a whole report: {error!r}") from error


def _record(data: Mapping[str, Any]) -> Record:
    run = data["run"]
    return Record(
        header=Header.from_json(run),
        verdict=Verdict(data["verdict"]),
        exit_code=data["exit_code"],
        lanes={name: _lane(status) for name, status in data["lanes"].items()},
        checks=tuple(CheckResult.from_json(one) for one in data["checks"]),
        reasons=tuple(data["reasons"]),
        notes=tuple(data["notes"]),
        services=tuple(ServiceResult.from_json(one) for one in data["services"]),
        lint=tuple(LintFinding.from_json(one) for one in data["lint"]),
        interrupted=data["interrupted"],
        finished_at=run["finished_at"],
        seconds=run["seconds"],
        resumed=data["resumed"],
        problems=tuple(data["problems"]),
    )


def _lane(status: Mapping[str, Any]) -> LaneStatus:
    return LaneStatus(**{**status, "verdict": LaneVerdict(status["verdict"])})


def _laid_out(data: Mapping[str, Any]) -> str:
    """One line for each key and each item, so that two reports can be compared by line."""
    return "{\n" + ",\n".join(f"{json.dumps(key)}: {_items(data[key])}" for key in sorted(data)) + "\n}\n"


def _items(member: Any) -> str:
    if isinstance(member, list) and member:
        return "[\n" + ",\n".join(json.dumps(item, sort_keys=True) for item in member) + "\n]"
    return json.dumps(member, sort_keys=True)
