"""The whole file: one run of one tool, its rules and its results.

Format: OASIS Static Analysis Results Interchange Format 2.1.0 (errata 01). Limits are those of GitHub's code scanning,
"SARIF support for code scanning": 25,000 results are read and 5,000 of them shown.
"""

from __future__ import annotations

import json

from readiness.record.outcome import Verdict
from readiness.report.plain import plain
from readiness.report.sarif.results import results
from readiness.report.sarif.rules import description

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from readiness.record.record import Record

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MOST_RESULTS: Final = 5000


def sarif(record: Record) -> str:
    """The findings of a record as SARIF, ASCII only: those that decide first, 5000 at most; same record, same bytes."""
    shown, left = results(record, MOST_RESULTS)
    used = sorted({str(one["ruleId"]) for one in shown})
    numbers = {name: number for number, name in enumerate(used)}
    for one in shown:
        one["ruleIndex"] = numbers[str(one["ruleId"])]
    driver = {
        "name": "readiness",
        "version": plain(record.header.readiness_version) or "unknown",
        "rules": [_rule(name) for name in used],
    }
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"readiness/{plain(record.header.gate)}/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(record)],
        "results": shown,
        "properties": _properties(record, left),
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, sort_keys=True) + "\n"


def _rule(name: str) -> dict[str, Any]:
    return {"id": name, "shortDescription": {"text": description(name)}}


def _invocation(record: Record) -> dict[str, Any]:
    """`executionSuccessful` says whether the gate came to an end, not what its verdict is."""
    return {"executionSuccessful": not record.interrupted, "exitCode": record.exit_code}


def _properties(record: Record, left: int) -> dict[str, Any]:
    code = record.header.provenance
    known = {
        "run": record.header.run_id,
        "verdict": str(record.verdict),
        "commit": code.commit,
        "dirtyDigest": code.dirty_digest,
        "resultsLeftOut": left,
        "ready": record.verdict is Verdict.READY,
    }
    return {
        name: plain(fact) if isinstance(fact, str) else fact for name, fact in known.items() if fact != ""
    }
