"""Everything that the environment says about the service, read once and checked at start-up."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from mini_agent.app.admission import AppLimits
from mini_agent.app.guard import is_loopback
from mini_agent.model.base_url import SettingsError
from mini_agent.model.settings import ModelSettings
from mini_agent.model.stand_in_rules import switch
from mini_agent.tools.backends import ToolSettings

__all__ = ["Settings", "SettingsError"]

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8788
DEFAULT_TRACES = "mini_agent_runs.jsonl"
_LARGEST_TOKEN_FILE = 4096


@dataclass(frozen=True, slots=True)
class Settings:
    """`token` empty: none is asked for. `trace_path` empty: no traces are kept. No secret shows in a repr."""

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    token: str = field(default="", repr=False)
    allowed_hosts: frozenset[str] = frozenset()
    models: tuple[str, ...] = ()
    trace_path: str = ""
    limits: AppLimits = field(default_factory=AppLimits)
    model: ModelSettings = field(default_factory=ModelSettings)
    tools: ToolSettings = field(default_factory=ToolSettings)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], **given: str) -> Settings:
        """`given` are options of the command line: host, port, token_file; empty counts as absent.

        Raises ValueError, one line that names the variable.
        """
        given = {name: value for name, value in given.items() if value}
        host = given.get("host") or _text(environ, "MINI_AGENT_HOST", "MINI_AGENT_API_HOST") or DEFAULT_HOST
        return cls(
            host=host,
            port=_port(given.get("port") or _text(environ, "MINI_AGENT_PORT", "MINI_AGENT_API_PORT")),
            token=_token(environ, given.get("token_file", "")),
            allowed_hosts=frozenset(name.lower() for name in _names(environ, "MINI_AGENT_ALLOWED_HOSTS")),
            models=_names(environ, "MINI_AGENT_MODELS"),
            trace_path=_trace_path(environ),
            limits=_limits(environ),
            model=ModelSettings.from_environment(environ),
            tools=ToolSettings.from_environment(environ),
        )

    @property
    def beyond_loopback(self) -> bool:
        """Whether others than this machine may reach the address that the service binds."""
        return not is_loopback(self.host)

    def check_exposure(self) -> None:
        """Raises SettingsError where anybody on the network could run code here."""
        if self.beyond_loopback and not self.token:
            raise SettingsError(
                f"{self.host} can be reached from elsewhere: set MINI_AGENT_TOKEN or MINI_AGENT_TOKEN_FILE, "
                "or bind 127.0.0.1"
            )


def _text(environ: Mapping[str, str], *variables: str) -> str:
    return next((text for name in variables if (text := environ.get(name, "").strip())), "")


def _names(environ: Mapping[str, str], variable: str) -> tuple[str, ...]:
    return tuple(name for one in environ.get(variable, "").split(",") if (name := one.strip()))


def _port(text: str) -> int:
    if not text:
        return DEFAULT_PORT
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise SettingsError(f"port {text!r} is none: write a number from 0 (any free one) to 65535")
    return int(text)


def _token(environ: Mapping[str, str], file: str) -> str:
    """From `--token-file`, MINI_AGENT_TOKEN_FILE or MINI_AGENT_TOKEN; two of them would hide which one counts."""
    direct = environ.get("MINI_AGENT_TOKEN", "").strip()
    file = file or environ.get("MINI_AGENT_TOKEN_FILE", "").strip()
    if direct and file:
        raise SettingsError("MINI_AGENT_TOKEN and a token file are both set; keep one")
    token = _token_in(file) if file else direct
    if not token.isascii() or not token.isprintable() or " " in token:
        raise SettingsError(
            "the token holds characters that no token has (spaces, control or non-ASCII ones)"
        )
    return token


def _token_in(path: str) -> str:
    try:
        with open(path, "rb") as file:
            text = file.read(_LARGEST_TOKEN_FILE).decode("utf-8", "replace").strip()
    except OSError as error:
        raise SettingsError(f"the token file {path} cannot be read: {error.strerror}") from None
    if not text:
        raise SettingsError(f"the token file {path} is empty")
    return text


def _trace_path(environ: Mapping[str, str]) -> str:
    if not switch(environ, "MINI_AGENT_STORE_TRACES"):
        return ""
    path = environ.get("MINI_AGENT_STORE_PATH", "").strip() or DEFAULT_TRACES
    return os.path.join(path, DEFAULT_TRACES) if os.path.isdir(path) else path


_LIMITS = {
    "MINI_AGENT_MAX_BODY_BYTES": "body_bytes",
    "MINI_AGENT_BODY_SECONDS": "body_seconds",
    "MINI_AGENT_CONCURRENCY": "concurrency",
    "MINI_AGENT_QUEUE": "queue",
    "MINI_AGENT_QUEUE_SECONDS": "queue_seconds",
    "MINI_AGENT_MAX_RUN_SECONDS": "run_seconds",
    "MINI_AGENT_STOP_SECONDS": "stop_seconds",
}


def _limits(environ: Mapping[str, str]) -> AppLimits:
    found: dict[str, float] = {}
    for variable, name in _LIMITS.items():
        text = environ.get(variable, "").strip()
        if text:
            default = getattr(AppLimits(), name)
            found[name] = _limit(
                variable, text, whole=isinstance(default, int), least=0 if name == "queue" else None
            )
    return dataclasses.replace(AppLimits(), **found)  # type: ignore[arg-type]


def _limit(variable: str, text: str, *, whole: bool, least: float | None) -> float:
    """A number that is more than none; `least` where none is allowed too."""
    try:
        given = int(text) if whole else float(text)
    except ValueError:
        given = -1
    if not (0 < given < 1e12 or given == least):
        kind = "a whole number" if whole else "a number of seconds"
        raise SettingsError(f"{variable}={text!r} is not {kind} that can be used")
    return given
