"""What is known of one check, one service and one test once a run is over.

Every class here is a frozen value with a JSON form that is its fields, so that the journal, `report.json`
and the record hold the same words. Paths are relative to the project's root unless they say otherwise.
"""

from __future__ import annotations

from readiness.record.finding import Finding, LeftOver
from readiness.record.outcome import Outcome, RanAgainst
from readiness.record.trials import CheckTrials
from readiness.record.value import EMPTY, field_names, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Self


@value
class Counts:
    """Tests by how they ended, counted from the test records of every pytest process of a check.

    `xfailed` and `xpassed` follow pytest: an expected failure, and an expected failure that passed.
    `errors` counts setup, teardown and collection errors.
    """

    collected: int = 0
    deselected: int = 0
    passed: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0
    xfailed: int = 0
    xpassed: int = 0

    @property
    def executed(self) -> int:
        """Tests whose body ran to an end that can count as evidence."""
        return self.passed + self.failed + self.xfailed + self.xpassed

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**{name: int(data.get(name, 0)) for name in field_names(cls)})


@value
class Failure:
    """One test (or the command itself) that went wrong.

    `where` is `file:line` of the assertion or error, `blob` the git blob hash of that file as it ran
    (empty when the file is outside the project), `phase` one of `collect`, `setup`, `call`, `teardown`,
    `command`. `kind` is `failure`, `error`, `timeout` or `swallowed` (an assertion error that became a
    skip or a pass).
    """

    test: str
    phase: str
    kind: str
    message: str
    where: str = ""
    blob: str = ""
    details: str = ""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**{name: str(data.get(name, "")) for name in field_names(cls)})


@value
class Skip:
    """One skipped test and the reason it gave."""

    test: str
    reason: str
    where: str = ""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**{name: str(data.get(name, "")) for name in field_names(cls)})


@value
class CheckResult:
    """One check, judged. The unit of every report.

    `seconds` is wall time. `network` says how the network was kept out (`namespace`, `guard`) or `open`.
    `env_added` and `env_removed` hold names only, never values. `survivors` lists processes that could not
    be ended. `cached_from` is the run whose outcome is reused because no input changed; `cache_miss` says
    why an earlier outcome could not be reused.
    """

    name: str
    lane: str
    outcome: Outcome
    required: bool
    reason: str
    counts: Counts = Counts()
    seconds: float = 0.0
    ran_against: RanAgainst = RanAgainst.NOTHING
    command: str = ""
    exit_code: int | None = None
    log: str = ""
    network: str = ""
    interpreter: str = ""
    started_at: str = ""
    env_added: tuple[str, ...] = ()
    env_removed: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    failures_left_out: int = 0
    findings: tuple[Finding, ...] = ()
    """What tracing found out about tests that failed: class, causes, proof and patch."""
    left_over: tuple[LeftOver, ...] = ()
    """State that was changed at the end, the first of it; no judgement."""
    skips: tuple[Skip, ...] = ()
    skips_left_out: int = 0
    warnings: tuple[str, ...] = ()
    slowest: tuple[tuple[str, float], ...] = ()
    survivors: tuple[str, ...] = ()
    last_output: str = ""
    cause: str = ""
    """Why it did not pass, when that is plainly not the code's doing; one of `gate.cause_class.CLASSES`."""
    model: Mapping[str, Any] = EMPTY
    """Who answered a check of lane nd or live: name, digest, quantisation, server and version, and why that one."""
    calls: Mapping[str, Any] = EMPTY
    """What the relay counted: calls, counted, tokens, seconds, statuses, errors, cost."""
    trials: CheckTrials | None = None
    """How repeated trials came out; None for a check that was judged by one run."""
    cached_from: str = ""
    cache_miss: str = ""
    place: str = ""
    inputs: str = ""
    """A digest of the input files and the command that a core check ran on; empty where they were not looked at."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild from JSON; a field that a newer version added is ignored, a missing one takes its default."""
        known = {name: data[name] for name in field_names(cls) if name in data}
        known["outcome"] = Outcome(data["outcome"])
        known["ran_against"] = RanAgainst(data.get("ran_against", RanAgainst.NOTHING))
        known["counts"] = Counts.from_json(data.get("counts", {}))
        known["failures"] = tuple(Failure.from_json(one) for one in data.get("failures", ()))
        known["findings"] = tuple(Finding.from_json(one) for one in data.get("findings", ()))
        known["left_over"] = tuple(LeftOver.from_json(one) for one in data.get("left_over", ()))
        known["skips"] = tuple(Skip.from_json(one) for one in data.get("skips", ()))
        if data.get("trials"):
            known["trials"] = CheckTrials.from_json(data["trials"])
        known["slowest"] = tuple((str(test), float(took)) for test, took in data.get("slowest", ()))
        for name in ("env_added", "env_removed", "warnings", "survivors"):
            known[name] = tuple(data.get(name, ()))
        return cls(**known)


@value
class ServiceResult:
    """One service of a run: `state` is `ready`, `failed` or `stopped`; `reason` says why it failed."""

    name: str
    state: str
    reason: str = ""
    port: int = 0
    seconds_to_ready: float = 0.0
    log: str = ""
    stand_in: bool = False
    survivors: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        known = {name: data[name] for name in field_names(cls) if name in data}
        known["survivors"] = tuple(data.get("survivors", ()))
        return cls(**known)


@value
class LintFinding:
    """One thing wrong with the configuration. `severity` is `error`, `warning` or `note`; `rule` a slug of docs/lint.md."""

    rule: str
    severity: str
    where: str
    message: str
    advice: str

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**{name: str(data.get(name, "")) for name in field_names(cls)})
