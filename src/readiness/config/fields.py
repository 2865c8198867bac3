"""Every key that `readiness.yml` may hold, declared once.

The loader, the JSON schema and docs/config.md are all made from these tables.
"""

from __future__ import annotations

from readiness.record.outcome import LANES
from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final, Literal

    Kind = Literal[
        "version", "text", "command", "program", "name", "path", "choice", "flag", "count", "number", "seconds",
        "seconds_or_none", "date", "choices", "names", "variables", "paths", "environment", "ready",
        "url", "tcp", "pattern", "section", "sections", "named_sections",
    ]  # fmt: skip

KINDS: Final[dict[Kind, str]] = {
    "version": "the number of the form",
    "text": "text",
    "command": "a shell command",
    "program": "a path or a name of a program",
    "name": "a name",
    "path": "a path inside the project",
    "choice": "one word",
    "flag": "true or false",
    "count": "a whole number",
    "number": "a number",
    "seconds": "seconds, or text such as 90s, 10m or 1h",
    "seconds_or_none": "seconds, or text such as 90s, 10m, 1h or none",
    "date": "a date such as 2027-01-31",
    "choices": "a list of words",
    "names": "a list of names",
    "variables": "a list of environment variables",
    "paths": "a list of paths or globs inside the project",
    "environment": "a mapping of environment variables",
    "ready": "http(s)://…, tcp://host:port, log:/pattern/, or a mapping with one key",
    "url": "an http:// or https:// URL",
    "tcp": "host:port",
    "pattern": "a regular expression",
    "section": "a mapping",
    "sections": "a list of mappings",
    "named_sections": "a mapping of names",
}
"""What each kind of value must be, as messages and the documentation say it."""

PATTERNS: Final = {
    "name": r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$",
    "variable": r"^[A-Za-z_][A-Za-z0-9_]*$",
    "path": r"^(?!/)(?!([\s\S]*/)?\.\.(/|$))[\s\S]+$",
    "command": r"\S",
    "program": r"\S",
    "seconds": r"^[0-9]+(\.[0-9]+)?[smh]$",
    "seconds_or_none": r"^([0-9]+(\.[0-9]+)?[smh]|none)$",
    "date": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "url": r"^https?://[^\s/]\S*$",
    "tcp": r"^\S+:([0-9]{1,5}|\{port\})$",
    "pattern": r"[\s\S]",
    "ready": r"^(https?://[^\s/]\S*|tcp://\S+:([0-9]{1,5}|\{port\})|log:/[\s\S]+/)$",
}
"""Regular expressions for the JSON schema. The loader compiles none: its readers say the same in code."""

LONGEST_TIME: Final = 604800.0
"""Seconds: seven days. Some system calls that wait take no more than 24 days in milliseconds."""


@value
class Field:
    """One key of a section. `above` and `below` are exclusive bounds, `least` and `most` inclusive ones.

    `section` names the table of what is nested below it. `default` is in the value's unit; None for none.
    """

    name: str
    kind: Kind
    doc: str
    required: bool = False
    default: float | str | bool | None = None
    choices: tuple[str, ...] = ()
    above: float | None = None
    below: float | None = None
    least: int | None = None
    most: float | None = None
    section: str = ""


_ISOLATION: Final = ("trace", "strict", "off")
CAPABILITIES: Final = ("seed", "tools", "schema", "streaming", "concurrency")

_TIMES: Final = (
    Field(
        "timeout",
        "seconds_or_none",
        "Deadline of the check; `none` for no deadline.",
        default=600.0,
        above=0,
        most=LONGEST_TIME,
    ),
    Field(
        "test_timeout",
        "seconds_or_none",
        "Deadline of each pytest test; a stack is dumped when it passes.",
        above=0,
        most=LONGEST_TIME,
    ),
)
_ISOLATE: Final = Field(
    "isolation",
    "choice",
    "State that a test of lane core leaks: `trace` names it, `strict` also fails the check, `off` does not look.",
    default="trace",
    choices=_ISOLATION,
)
_NAME: Final = Field("name", "name", "Unique. It also names the check's log and JUnit file.", required=True)
_RUN: Final = Field("run", "command", "The command, run by `sh -c` in the project.", required=True)
_DESCRIPTION: Final = Field("description", "text", "One line for people.", default="")
_OPTIONAL: Final = Field(
    "optional", "flag", "True: a failure is reported and does not decide the verdict.", default=False
)
_CHECK_ENV: Final = Field("env", "environment", "Added to the environment of the command.")

_ROOT: Final = (
    Field("version", "version", "The form of the file: 2.", required=True, default=2),
    Field("defaults", "section", "What a check takes when it does not say.", section="defaults"),
    Field(
        "gates",
        "named_sections",
        "What each moment needs. Without it: dev (core), deploy (core, nd; strict), release (all; strict).",
        least=1,
        section="gate",
    ),
    Field("services", "named_sections", "Programs that checks need while they run.", section="service"),
    Field("checks", "sections", "The commands that are judged.", required=True, least=1, section="check"),
    Field("quarantine", "sections", "Flaky tests that do not decide for a while.", section="quarantine"),
)
_DEFAULTS: Final = (
    *_TIMES,
    Field(
        "python",
        "program",
        "Interpreter for every `python` and `pytest` in a command, from the project's root.",
    ),
    Field("env", "environment", "Merged under the `env` of each check."),
    _ISOLATE,
)
_GATE: Final = (
    Field("lanes", "choices", "Lanes that must be READY.", required=True, choices=LANES, least=1),
    Field(
        "strict", "flag", "True: a skip, a missing lane or an error of the lint also decides.", default=False
    ),
)
_SERVICE: Final = (
    Field("run", "command", "The command that serves. `{port}` is the port handed out.", required=True),
    Field("ready", "ready", "How it shows that it can be used.", required=True, section="ready"),
    Field("env", "environment", "Given to the checks that need the service, not to the service."),
    Field("needs", "names", "Services that must be ready first."),
    Field(
        "timeout", "seconds", "Time it may take to become ready.", default=60.0, above=0, most=LONGEST_TIME
    ),
    Field(
        "stop_timeout",
        "seconds",
        "Time between a polite stop and a sure one.",
        default=5.0,
        above=0,
        most=LONGEST_TIME,
    ),
    Field(
        "stand_in", "flag", "True for a fake of something real: its checks ran against a stub.", default=False
    ),
    Field("cwd", "path", "Folder the command runs in, from the project's root.", default="."),
)
_READY: Final = (
    Field("url", "url", "Ready when a request to it succeeds."),
    Field("tcp", "tcp", "Ready when it accepts a connection."),
    Field("log", "pattern", "Ready when a line of its output matches."),
    Field("command", "command", "Ready when the command exits 0."),
)
_CHECK: Final = (
    _NAME,
    Field(
        "lane",
        "choice",
        "`core`: deterministic, no network. `nd`: a real model. `live`: an outside provider.",
        required=True,
        choices=LANES,
    ),
    _RUN,
    _DESCRIPTION,
    _CHECK_ENV,
    Field("cwd", "path", "Folder the command runs in, from the project's root.", default="."),
    Field("python", "program", "Interpreter for this check, instead of the one in `defaults`."),
    *_TIMES,
    _OPTIONAL,
    Field(
        "inputs", "paths", "Files that decide the outcome. Without it: every file that git does not ignore."
    ),
    Field("cache", "flag", "False: run even when no input changed.", default=True),
    Field("services", "names", "Services that must be ready while it runs."),
    Field("needs", "names", "Checks that must pass first."),
    Field("locks", "names", "Things that only one check may hold at a time."),
    Field("exclusive", "flag", "True: nothing else runs meanwhile.", default=False),
    Field("cores", "count", "Cores it keeps busy.", default=1, least=1, most=1024),
    _ISOLATE,
    Field("requires_env", "variables", "Environment variables without which the check cannot run."),
    Field(
        "provider",
        "text",
        "The outside provider of a live check; `LIVE_PROVIDERS` selects by it.",
        default="",
    ),
    Field(
        "cassette",
        "path",
        "Recorded answers of a model: `readiness run --record` writes them in lane nd or live, lane core replays them.",
    ),
    Field(
        "capabilities",
        "choices",
        "What its model's server must honour; where it does not, the check cannot measure and is inconclusive.",
        choices=CAPABILITIES,
    ),
    Field("trials", "section", "Judge by repeated trials, for what is not deterministic.", section="trials"),
)
_TRIALS: Final = (
    Field("good", "number", "Rate of success that must pass.", required=True, above=0, below=1),
    Field("bad", "number", "Rate that must not pass; below `good`.", required=True, above=0, below=1),
    Field("alpha", "number", "Risk of failing a good check.", default=0.05, above=0, below=0.5),
    Field("beta", "number", "Risk of passing a bad check.", default=0.05, above=0, below=0.5),
    Field("budget", "section", "Where to stop undecided.", section="budget"),
)
_BUDGET: Final = (
    Field("trials", "count", "Most trials.", least=1, most=1_000_000),
    Field("seconds", "seconds", "Most time.", above=0, most=LONGEST_TIME),
    Field("tokens", "count", "Most tokens, both ways.", least=1, most=10**9),
    Field("calls", "count", "Most calls to the model.", least=1, most=10**9),
    Field("cost", "number", "Most cost, in the provider's currency.", above=0, most=10**6),
)
_QUARANTINE: Final = (
    Field("test", "text", "Its pytest id, such as `tests/test_a.py::test_b`; it still runs.", required=True),
    Field("owner", "text", "Who mends it.", required=True),
    Field("expires", "date", "The last day on which its failures do not decide.", required=True),
    Field("reason", "text", "One line for people.", default=""),
)
_OLD_ROOT: Final = (
    Field("version", "version", "1, or left out.", default=1),
    Field("checks", "sections", "The commands that are judged.", required=True, least=1, section="old_check"),
)
_OLD_CHECK: Final = (_NAME, _RUN, _DESCRIPTION, _CHECK_ENV, _OPTIONAL, _TIMES[0])

SECTIONS: Final[dict[str, dict[str, Field]]] = {
    section: {field.name: field for field in fields}
    for section, fields in (
        ("root", _ROOT),
        ("defaults", _DEFAULTS),
        ("gate", _GATE),
        ("service", _SERVICE),
        ("ready", _READY),
        ("check", _CHECK),
        ("trials", _TRIALS),
        ("budget", _BUDGET),
        ("quarantine", _QUARANTINE),
        ("old_root", _OLD_ROOT),
        ("old_check", _OLD_CHECK),
    )
}
"""Section to key to field, in the order in which the documentation shows them."""

TITLES: Final = {
    "root": "the file",
    "defaults": "`defaults`",
    "gate": "a gate",
    "service": "a service",
    "ready": "`ready`",
    "check": "a check",
    "trials": "`trials`",
    "budget": "`budget`",
    "quarantine": "an entry of `quarantine`",
    "old_root": "the file",
    "old_check": "a check",
}
"""What messages call a section."""
