"""Which model server to ask, and how patiently: read once from the environment, checked at start-up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from mini_agent.model.base_url import SettingsError, chat_base, ollama_base
from mini_agent.model.prices import Price, load_prices
from mini_agent.model.stand_in_rules import StandInRules

_FALLBACK_FIELDS: Final = {"model", "base", "key_env"}


@dataclass(frozen=True, slots=True)
class Upstream:
    """One model on one server. `model` empty: the one that is asked for. The key never shows in a repr."""

    base: str
    api_key: str = field(default="", repr=False)
    model: str = ""


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Times in seconds. `read_seconds` is the longest silence inside an answer, `total_seconds` one whole attempt.

    `tries` counts attempts at one upstream, the first included; `longest_wait` is the most that one call sleeps
    between them in sum. `fallbacks` are asked, in order, once the first upstream is exhausted.
    """

    base: str = ""
    api_key: str = field(default="", repr=False)
    model: str = ""
    fallbacks: tuple[Upstream, ...] = ()
    connect_seconds: float = 10.0
    read_seconds: float = 300.0
    total_seconds: float = 600.0
    tries: int = 3
    first_wait: float = 0.5
    longest_wait: float = 20.0
    connections: int = 100
    largest_answer: int = 32 << 20
    prices: Mapping[str, Price] = field(default_factory=dict)
    stand_ins: StandInRules = field(default_factory=StandInRules)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> ModelSettings:
        """Read `MINI_AGENT_…`; the address else from OLLAMA_API_BASE, OPENAI_BASE_URL, OPENAI_API_BASE.

        Raises SettingsError (a ValueError) naming the variable.
        """
        default = cls()
        first = _first_upstream(environ)
        prices = environ.get("MINI_AGENT_PRICES", "")
        return cls(
            base=first.base,
            api_key=first.api_key,
            model=first.model,
            fallbacks=_fallbacks(environ, first),
            connect_seconds=_seconds(environ, "MINI_AGENT_MODEL_CONNECT_SECONDS", default.connect_seconds),
            read_seconds=_seconds(environ, "MINI_AGENT_MODEL_READ_SECONDS", default.read_seconds),
            total_seconds=_seconds(environ, "MINI_AGENT_MODEL_TOTAL_SECONDS", default.total_seconds),
            tries=_count(environ, "MINI_AGENT_MODEL_TRIES", default.tries),
            longest_wait=_seconds(environ, "MINI_AGENT_MODEL_LONGEST_WAIT", default.longest_wait),
            connections=_count(environ, "MINI_AGENT_MODEL_CONNECTIONS", default.connections),
            prices=load_prices(prices) if prices else {},
            stand_ins=StandInRules.from_environment(environ),
        )


def _first_upstream(environ: Mapping[str, str]) -> Upstream:
    """The address, with the key and model that belong to it: a key never goes to a server it was not given for."""
    key = _key(environ, "MINI_AGENT_API_KEY")
    model = environ.get("MINI_AGENT_MODEL", "").strip()
    if text := environ.get("MINI_AGENT_API_BASE", "").strip():
        return Upstream(chat_base(text, "MINI_AGENT_API_BASE"), key, model)
    if text := environ.get("OLLAMA_API_BASE", "").strip():
        named = model or environ.get("OLLAMA_MODEL", "").strip()
        return Upstream(ollama_base(text, "OLLAMA_API_BASE"), key, named)
    for variable in ("OPENAI_BASE_URL", "OPENAI_API_BASE"):
        if text := environ.get(variable, "").strip():
            named = model or environ.get("OPENAI_MODEL", "").strip()
            return Upstream(chat_base(text, variable), key or _key(environ, "OPENAI_API_KEY"), named)
    return Upstream("", key, model)


def _fallbacks(environ: Mapping[str, str], first: Upstream) -> tuple[Upstream, ...]:
    """`MINI_AGENT_FALLBACKS`: names of models, separated by commas, or a JSON list of {model, base, key_env}."""
    text = environ.get("MINI_AGENT_FALLBACKS", "").strip()
    if not text.startswith("["):
        names = [name.strip() for name in text.split(",") if name.strip()]
        return tuple(_on_first(name, first, "MINI_AGENT_FALLBACKS") for name in names)
    try:
        listed = json.loads(text)
    except ValueError as error:
        raise SettingsError(f"MINI_AGENT_FALLBACKS is no JSON: {error}") from None
    return tuple(_fallback(one, place, environ, first) for place, one in enumerate(listed))


def _fallback(one: Any, place: int, environ: Mapping[str, str], first: Upstream) -> Upstream:
    where = f"MINI_AGENT_FALLBACKS[{place}]"
    if not isinstance(one, dict) or not all(isinstance(value, str) for value in one.values()):
        raise SettingsError(
            f'{where} must be an object of texts, like {{"model": "name", "base": "http://…"}}'
        )
    if unknown := one.keys() - _FALLBACK_FIELDS:
        raise SettingsError(f"{where} has {min(unknown)!r}; known: {', '.join(sorted(_FALLBACK_FIELDS))}")
    if not one.get("model") and not one.get("base"):
        raise SettingsError(f"{where} names neither a model nor a base")
    key_variable = one.get("key_env", "")
    if key_variable and key_variable not in environ:
        raise SettingsError(f"{where}: key_env names {key_variable}, which is not set")
    key = _key(environ, key_variable) if key_variable else ""
    if not one.get("base"):
        return replace(_on_first(one["model"], first, where), api_key=key or first.api_key)
    base = chat_base(one["base"], f"{where}.base")
    return Upstream(base, key or (first.api_key if base == first.base else ""), one.get("model", ""))


def _on_first(model: str, first: Upstream, where: str) -> Upstream:
    """Another model of the first upstream's server."""
    if not first.base:
        raise SettingsError(f"{where} names no base, and MINI_AGENT_API_BASE is not set")
    return replace(first, model=model)


def _key(environ: Mapping[str, str], variable: str) -> str:
    key = environ.get(variable, "").strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise SettingsError(
            f"{variable} holds characters that no key has (spaces, control or non-ASCII ones)"
        )
    return key


def _seconds(environ: Mapping[str, str], variable: str, default: float) -> float:
    text = environ.get(variable, "").strip()
    try:
        given = float(text) if text else default
    except ValueError:
        given = -1.0
    if not 0 < given < float("inf"):
        raise SettingsError(f"{variable}={text!r} is no positive number of seconds")
    return given


def _count(environ: Mapping[str, str], variable: str, default: int) -> int:
    text = environ.get(variable, "").strip()
    if text and not (text.isascii() and text.isdigit() and 1 <= int(text) <= 10_000):
        raise SettingsError(f"{variable}={text!r} is no whole number from 1 to 10000")
    return int(text) if text else default
