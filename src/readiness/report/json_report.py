"""`report.json`: the record in the form that other programs read."""

from __future__ import annotations

import json

from readiness.record.outcome import LaneVerdict, Verdict
from readiness.record.record import REPORT_FORMAT, Header, LaneStatus, Record
from readiness.record.result import CheckResult, LintFinding, ServiceResult
from readiness.record.value import as_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def render(record: Record) -> str:
    """The whole record; what a reader wants first stands first. Deterministic."""
    run = as_json(record.header) | {"finished_at": record.finished_at, "seconds": record.seconds}
    data: dict[str, Any] = {
        "format": REPORT_FORMAT,
        "verdict": record.verdict,
        "exit_code": record.exit_code,
        "gate": record.header.gate,
        "strict": record.header.strict,
        "lanes": as_json(record.lanes),
        "reasons": list(record.reasons),
        "notes": list(record.notes),
        "checks": as_json(record.checks),
        "services": as_json(record.services),
        "lint": as_json(record.lint),
        "interrupted": record.interrupted,
        "resumed": record.resumed,
        "problems": list(record.problems),
        "run": run,
    }
    return "{\n" + ",\n".join(f" {json.dumps(key)}: {_pretty(one)}" for key, one in data.items()) + "\n}\n"


def _pretty(value: Any) -> str:
    """One line for each entry of a list: `json`'s own indentation gives up its fast encoder, and costs ten times that."""
    if not isinstance(value, list) or not value:
        return json.dumps(value)
    return "[\n" + ",\n".join(f"  {json.dumps(one)}" for one in value) + "\n ]"


def parse(text: str) -> Record:
    """The record that `render` wrote. Raises ValueError when the text is of another format."""
    data = json.loads(text)
    if not isinstance(data, dict) or data.get("format") != REPORT_FORMAT:
        raise ValueError(f"not a report of format {REPORT_FORMAT}")
    return Record(
        header=Header.from_json(data["run"]),
        verdict=Verdict(data["verdict"]),
        exit_code=data["exit_code"],
        lanes={name: _lane(lane) for name, lane in data["lanes"].items()},
        checks=tuple(CheckResult.from_json(one) for one in data["checks"]),
        reasons=tuple(data["reasons"]),
        notes=tuple(data["notes"]),
        services=tuple(ServiceResult.from_json(one) for one in data["services"]),
        lint=tuple(LintFinding.from_json(one) for one in data["lint"]),
        interrupted=data["interrupted"],
        finished_at=data["run"]["finished_at"],
        seconds=data["run"]["seconds"],
        resumed=data["resumed"],
        problems=tuple(data["problems"]),
    )


def _lane(data: dict[str, Any]) -> LaneStatus:
    return LaneStatus(**(data | {"verdict": LaneVerdict(data["verdict"])}))
