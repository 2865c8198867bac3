"""The configuration as values: what `readiness.yml` says once every fault is out of it.

Times are in seconds. Every declared thing keeps the place where it was declared, so that any later message
can point at it.
"""

from __future__ import annotations

from readiness.record.value import EMPTY, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


@value
class Place:
    """A position in a file; line and column count from 1."""

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@value
class Gate:
    """What a moment needs: the lanes that must be READY, and whether every gap decides."""

    name: str
    lanes: tuple[str, ...]
    strict: bool
    place: Place


@value
class Ready:
    """How a service shows that it can be used. `kind` is `url`, `tcp`, `log` or `command`.

    `target` is the URL, `host:port`, the regular expression searched in the log, or the command;
    `{port}` stands for the port handed out.
    """

    kind: str
    target: str


@value
class Service:
    """A program that checks need while they run. `env` is given to the checks, not to the service itself."""

    name: str
    run: str
    ready: Ready
    place: Place
    env: Mapping[str, str] = EMPTY
    needs: tuple[str, ...] = ()
    timeout: float = 60.0
    """Seconds it may take to become ready."""
    stop_timeout: float = 5.0
    """Seconds between a polite stop and a sure one."""
    stand_in: bool = False
    """True for a fake of something real: what runs against it ran against a stub."""
    cwd: str = "."


@value
class Trials:
    """How a non-deterministic check is judged: pass at `good`, fail at `bad`.

    `alpha` is the risk of failing a good check, `beta` that of passing a bad one.
    """

    good: float
    bad: float
    alpha: float = 0.05
    beta: float = 0.05
    budget_trials: int | None = None
    budget_seconds: float | None = None
    budget_tokens: int | None = None
    budget_calls: int | None = None
    budget_cost: float | None = None


@value
class Check:
    """One command with a verdict."""

    name: str
    lane: str
    run: str
    place: Place
    run_place: Place
    description: str = ""
    env: Mapping[str, str] = EMPTY
    cwd: str = "."
    python: str | None = None
    timeout: float | None = 600.0
    """Deadline; None for none."""
    test_timeout: float | None = None
    """Deadline for each pytest test of the check; a stack is dumped when it passes."""
    optional: bool = False
    inputs: tuple[str, ...] = ()
    """Globs of the files that decide the outcome; empty: every file git tracks or does not ignore."""
    cache: bool = True
    services: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    """Names of checks that must pass first."""
    locks: tuple[str, ...] = ()
    """Names of things that only one check may hold at a time."""
    exclusive: bool = False
    """True: nothing else runs while it does."""
    cores: int = 1
    isolation: str = "trace"
    requires_env: tuple[str, ...] = ()
    provider: str = ""
    """Which outside provider a live check needs; `LIVE_PROVIDERS` selects by it."""
    cassette: str = ""
    """File of recorded answers: replayed in lane core, written in the others when the run is asked to record."""
    capabilities: tuple[str, ...] = ()
    """What its model's server must honour, else it cannot measure."""
    trials: Trials | None = None
    lane_from: str = "file"
    """`file`, or `name` when the old form has no lane and it was read off the check's name."""


@value
class Quarantine:
    """A flaky test whose failures do not decide until a day is over. `expires` is that day, ISO 8601."""

    test: str
    owner: str
    expires: str
    place: Place
    reason: str = ""


@value
class Config:
    """A whole configuration. `form` is 2, or 1 for the old form (a bare list of checks)."""

    path: str
    form: int
    sha256: str
    gates: tuple[Gate, ...]
    services: tuple[Service, ...]
    checks: tuple[Check, ...]
    python: str | None = None
    """Interpreter for every `python` and `pytest` in a command, relative to the project's root."""
    quarantine: tuple[Quarantine, ...] = ()

    def gate(self, name: str) -> Gate | None:
        return next((gate for gate in self.gates if gate.name == name), None)

    def service(self, name: str) -> Service | None:
        return next((service for service in self.services if service.name == name), None)

    def check(self, name: str) -> Check | None:
        return next((check for check in self.checks if check.name == name), None)
