"""The record of one run: the single value that every report renders, so that no two of them can disagree."""

from __future__ import annotations

from readiness.record.value import EMPTY, as_json, field_names, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Final, Self

    from readiness.record.outcome import LaneVerdict, Verdict
    from readiness.record.result import CheckResult, LintFinding, ServiceResult

REPORT_FORMAT: Final = "readiness/report/1"
JOURNAL_FORMAT: Final = "readiness/journal/1"


@value
class Switch:
    """A setting that was read: its name, its value, and where it came from (`flag`, `environment`, `file`, `default`)."""

    name: str
    value: str
    source: str


@value
class Provenance:
    """Which code ran. `dirty_digest` is a SHA-256 over the content of every changed or untracked file; empty when clean.

    `commit` is empty outside git, and `note` then says so.
    """

    commit: str = ""
    branch: str = ""
    dirty_digest: str = ""
    dirty_files: int = 0
    note: str = ""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**{name: data[name] for name in field_names(cls) if name in data})


@value
class Planned:
    """One check of the plan: whether it is required, and why it is in."""

    name: str
    lane: str
    required: bool
    why: str
    command: str = ""
    place: str = ""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**{name: data[name] for name in field_names(cls) if name in data})


@value
class LeftOut:
    """One check that the configuration holds and the plan does not, and why."""

    name: str
    lane: str
    why: str

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**{name: str(data.get(name, "")) for name in field_names(cls)})


@value
class Header:
    """What was known before the first check started. Times are UTC, ISO 8601."""

    run_id: str
    started_at: str
    argv: tuple[str, ...]
    gate: str
    lanes: tuple[str, ...]
    strict: bool
    config_path: str
    config_sha256: str
    readiness_version: str
    expect: tuple[str, ...] = ()
    """Checks that were asked for by name; then no lane is owed."""
    fail_on_skip: bool = False
    timeouts: bool = True
    provenance: Provenance = Provenance()
    switches: tuple[Switch, ...] = ()
    planned: tuple[Planned, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    interpreter: str = ""
    interpreter_version: str = ""
    packages: Mapping[str, str] = EMPTY
    host: str = ""
    platform: str = ""

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = as_json(self)
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        known = {name: data[name] for name in field_names(cls) if name in data}
        known["argv"] = tuple(data.get("argv", ()))
        known["lanes"] = tuple(data.get("lanes", ()))
        known["expect"] = tuple(data.get("expect", ()))
        known["provenance"] = Provenance.from_json(data.get("provenance", {}))
        known["switches"] = tuple(Switch(**one) for one in data.get("switches", ()))
        known["planned"] = tuple(Planned.from_json(one) for one in data.get("planned", ()))
        known["left_out"] = tuple(LeftOut.from_json(one) for one in data.get("left_out", ()))
        return cls(**known)


@value
class LaneStatus:
    """One lane's own verdict. `age` is seconds since it last ran: 0 when it ran now, None when it never did."""

    verdict: LaneVerdict
    age: float | None = None
    last_run: str = ""
    last_at: str = ""
    last_verdict: str = ""
    """The verdict of that last run, when the lane did not run now."""
    alpha: float | None = None
    """The risk that a lane of good tests alone is NOT READY, where every required check was judged by trials."""
    beta: float | None = None
    """The risk that a bad test is READY, there."""


@value
class Record:
    """One run, whole. `reasons` decide the verdict, `notes` do not (an optional check that failed, say)."""

    header: Header
    verdict: Verdict
    exit_code: int
    lanes: Mapping[str, LaneStatus]
    checks: tuple[CheckResult, ...]
    reasons: tuple[str, ...]
    notes: tuple[str, ...] = ()
    services: tuple[ServiceResult, ...] = ()
    lint: tuple[LintFinding, ...] = ()
    interrupted: str = ""
    """Empty, or what cut the run short (`SIGINT`, `SIGTERM`, `killed`, `internal error: …`)."""
    finished_at: str = ""
    seconds: float = 0.0
    resumed: int = 0
    """How many times the run was resumed."""
    problems: tuple[str, ...] = ()
    """What the gate itself could not do (a report that could not be written, say)."""

    @property
    def by_name(self) -> dict[str, CheckResult]:
        return {check.name: check for check in self.checks}
