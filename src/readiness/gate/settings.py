"""What was asked for: flags over environment over file, each with the place it came from.

The environment of the old gate keeps working. Every switch here changes what runs or how it is judged, and
the record lists those that were read.
"""

from __future__ import annotations

from readiness.config.nearest import suggestion
from readiness.record.outcome import LANES
from readiness.record.record import Switch
from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from readiness.config.model import Config
    from readiness.record.record import Header

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"", "0", "false", "no", "off"})
DEFAULT_GATE = "dev"


class UsageError(Exception):
    """What was asked for cannot be done; the message says what to ask for instead."""


@value
class Flags:
    """What the command line said; None or empty means that it did not say."""

    gate: str | None = None
    lanes: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    strict: bool | None = None
    fail_on_skip: bool | None = None
    timeouts: bool | None = None


@value
class Settings:
    """What a run obeys.

    `expect` names the checks that were asked for by name: they alone run (with what they need), and each is
    required. `providers` limits the live lane to checks of those providers; empty means all.
    """

    gate: str
    lanes: tuple[str, ...]
    strict: bool
    expect: tuple[str, ...] = ()
    fail_on_skip: bool = False
    timeouts: bool = True
    nd_real: bool = False
    providers: tuple[str, ...] = ()
    switches: tuple[Switch, ...] = ()


def of_header(header: Header) -> Settings:
    """The settings that an earlier run obeyed."""
    return Settings(
        gate=header.gate,
        lanes=header.lanes,
        strict=header.strict,
        expect=header.expect,
        fail_on_skip=header.fail_on_skip,
        timeouts=header.timeouts,
        switches=header.switches,
    )


def resolve(flags: Flags, environ: Mapping[str, str], config: Config) -> Settings:
    """Fold flags, environment and file into one value.

    Raises UsageError for an unknown gate, lane, check or provider, and for a switch that is neither on nor off.
    """
    read = _Reader(environ)
    gate_name = read.choice("gate", flags.gate, "READINESS_GATE", DEFAULT_GATE)
    gate = config.gate(gate_name)
    if gate is None:
        raise UsageError(_unknown("gate", gate_name, [known.name for known in config.gates]))
    strict = read.flag("strict", flags.strict, "STRICT_READY", gate.strict)
    expect = read.names("expect", flags.checks, "READINESS_EXPECT")
    _all_known("check", expect, [check.name for check in config.checks])
    nd_real = read.flag("nd_real", None, "ND_REAL", False)
    live, providers = _live(read, config)
    lanes = _lanes(flags.lanes, gate.lanes, nd_real=nd_real, live=live)
    if flags.lanes:
        read.note("lanes", ",".join(lanes), "flag")
    return Settings(
        gate=gate_name,
        lanes=lanes,
        strict=strict,
        expect=expect,
        fail_on_skip=read.flag("fail_on_skip", flags.fail_on_skip, "READINESS_FAIL_ON_SKIP", False),
        timeouts=not read.flag(
            "disable_timeout",
            None if flags.timeouts is None else not flags.timeouts,
            "READINESS_DISABLE_TIMEOUT",
            False,
        ),
        nd_real=nd_real,
        providers=providers,
        switches=tuple(read.seen),
    )


def _lanes(asked: tuple[str, ...], of_gate: tuple[str, ...], *, nd_real: bool, live: bool) -> tuple[str, ...]:
    for lane in asked:
        if lane not in LANES:
            raise UsageError(_unknown("lane", lane, LANES))
    chosen = set(asked or of_gate)
    if not asked:
        chosen |= {"nd"} if nd_real else set()
        chosen |= {"live"} if live else set()
    return tuple(lane for lane in LANES if lane in chosen)


def _live(read: _Reader, config: Config) -> tuple[bool, tuple[str, ...]]:
    """`READINESS_LIVE` opts into the live lane; `LIVE_PROVIDERS` does too, and may name the providers."""
    live = read.flag("live", None, "READINESS_LIVE", False)
    text = read.environ.get("LIVE_PROVIDERS")
    if text is None:
        return live, ()
    read.note("LIVE_PROVIDERS", text, "environment")
    if text.strip().lower() in FALSE_WORDS:
        return live, ()
    if text.strip().lower() in TRUE_WORDS:
        return True, ()
    providers = _split(text)
    _all_known("provider", providers, sorted({check.provider for check in config.checks if check.provider}))
    return True, providers


class _Reader:
    """Reads settings by precedence and remembers each that was given."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.seen: list[Switch] = []

    def note(self, name: str, value: str, source: str) -> None:
        self.seen.append(Switch(name, value, source))

    def choice(self, name: str, given: str | None, variable: str, default: str) -> str:
        if given is not None:
            self.note(name, given, "flag")
            return given
        if self.environ.get(variable):
            self.note(variable, self.environ[variable], "environment")
            return self.environ[variable]
        self.note(name, default, "default")
        return default

    def flag(self, name: str, given: bool | None, variable: str, default: bool) -> bool:
        if given is not None:
            self.note(name, str(given).lower(), "flag")
            return given
        text = self.environ.get(variable)
        if text is None:
            return default
        self.note(variable, text, "environment")
        word = text.strip().lower()
        if word in TRUE_WORDS:
            return True
        if word in FALSE_WORDS:
            return False
        raise UsageError(f"{variable}={text!r} is neither on nor off; set it to 1 or 0")

    def names(self, name: str, given: tuple[str, ...], variable: str) -> tuple[str, ...]:
        if given:
            self.note(name, ",".join(given), "flag")
            return given
        text = self.environ.get(variable)
        if text is None:
            return ()
        self.note(variable, text, "environment")
        names = _split(text)
        if not names:
            raise UsageError(
                f"{variable} is set but names no check; unset it, or name checks separated by commas"
            )
        return names


def _split(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.replace(",", " ").split()))


def _all_known(kind: str, names: Iterable[str], known: list[str]) -> None:
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError("\n".join(_unknown(kind, name, known) for name in unknown))


def _unknown(kind: str, name: str, known: Iterable[str]) -> str:
    return f"no {kind} is named {name!r}; {suggestion(name, known)}"
