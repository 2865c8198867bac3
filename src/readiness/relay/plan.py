"""What a relay is told to do: upstreams by name, routes by token. One JSON file, read once at the start."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from readiness.record.value import value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, Final

KINDS: Final = ("openai", "ollama", "anthropic", "other")
MODES: Final = ("pass", "record", "replay")
LANES: Final = ("core", "nd", "live")
DEADLINE_SECONDS: Final = 600.0
LEAST_TOKEN: Final = 16
"""Characters a token must have, so that nobody guesses one."""


class PlanError(Exception):
    """The plan cannot be used; the message lists every fault."""


@value
class Upstream:
    """A server that answers. `base` is its address with the prefix that every path gets, without a slash at its end.

    `model` holds identity facts that are copied into each call's record.
    """

    name: str
    kind: str
    base: str
    model: Mapping[str, Any] | None = None
    stand_in: bool = False


@value
class Route:
    """Who a token stands for, and what happens to the calls made under it."""

    token: str
    check: str
    lane: str
    upstream: str
    mode: str = "pass"
    cassette: str | None = None


@value
class Plan:
    """`deadline_seconds` is how long an upstream may stay silent, before its answer or inside it."""

    upstreams: Mapping[str, Upstream]
    routes: Mapping[str, Route]
    prices: str | None = None
    deadline_seconds: float = DEADLINE_SECONDS


def load_plan(path: str) -> Plan:
    """Read the file at `path`. Raises PlanError."""
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
    except OSError as error:
        raise PlanError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise PlanError(f"{path}: is no JSON: {error}") from error
    try:
        return read_plan(data)
    except PlanError as error:
        raise PlanError(f"{path}: {error}") from error


def read_plan(data: Any) -> Plan:
    """The plan in `data`, as `json` reads it. Raises PlanError with all faults at once."""
    faults = list(_faults(data))
    if faults:
        raise PlanError("; ".join(faults))
    return Plan(
        upstreams={name: _upstream(name, one) for name, one in data["upstreams"].items()},
        routes={token: _route(token, one) for token, one in data["routes"].items()},
        prices=data.get("prices"),
        deadline_seconds=float(data.get("deadline_seconds") or DEADLINE_SECONDS),
    )


def _upstream(name: str, data: Mapping[str, Any]) -> Upstream:
    return Upstream(
        name, data["kind"], data["base"].rstrip("/"), data.get("model"), bool(data.get("stand_in", False))
    )


def _route(token: str, data: Mapping[str, Any]) -> Route:
    return Route(
        token,
        data["check"],
        data["lane"],
        data["upstream"],
        data.get("mode", "pass"),
        data.get("cassette"),
    )


def _faults(data: Any) -> Iterator[str]:
    if not isinstance(data, dict):
        yield "is no JSON object"
        return
    for part in ("upstreams", "routes"):
        table = data.get(part)
        if not isinstance(table, dict) or not all(isinstance(one, dict) for one in table.values()):
            yield f"`{part}` must be an object of objects"
            return
    for name, upstream in data["upstreams"].items():
        yield from (f"upstream {name!r}: {fault}" for fault in _upstream_faults(upstream))
    for number, (token, route) in enumerate(data["routes"].items(), 1):
        # The token stays out of the message: it opens the route.
        where = f"route {number} ({route.get('check')!r})"
        yield from (f"{where}: {fault}" for fault in _route_faults(token, route, data["upstreams"]))
    deadline = data.get("deadline_seconds")
    if deadline is not None and (not _number(deadline) or deadline <= 0):
        yield "`deadline_seconds` must be a number over 0"


def _upstream_faults(data: Mapping[str, Any]) -> Iterator[str]:
    if data.get("kind") not in KINDS:
        yield f"`kind` must be one of {', '.join(KINDS)}"
    if fault := base_fault(data.get("base")):
        yield fault
    if not isinstance(data.get("model"), (dict, type(None))):
        yield "`model` must be an object or null"


def base_fault(base: Any) -> str:
    """Why `base` cannot be an upstream's address, or empty."""
    shape = "`base` must be http://host:port/prefix or https://…, without user, query and fragment"
    if not isinstance(base, str) or not base.isascii() or not base.isprintable() or " " in base:
        return shape
    try:
        parts = urlsplit(base)
        _ = parts.port
    except ValueError:
        return shape
    plain = parts.scheme in ("http", "https") and parts.hostname and not (parts.query or parts.fragment)
    return "" if plain and parts.username is None and "\\" not in base else shape


def _route_faults(token: str, data: Mapping[str, Any], upstreams: Mapping[str, Any]) -> Iterator[str]:
    if (
        len(token) < LEAST_TOKEN
        or not token.replace("-", "").replace("_", "").isalnum()
        or not token.isascii()
    ):
        yield f"its token must have {LEAST_TOKEN} or more of A-Z a-z 0-9 - _"
    if not isinstance(data.get("check"), str) or not data["check"]:
        yield "`check` must name the check"
    if data.get("lane") not in LANES:
        yield f"`lane` must be one of {', '.join(LANES)}"
    if data.get("upstream") not in upstreams:
        yield f"`upstream` {data.get('upstream')!r} is not among the upstreams"
    if data.get("mode", "pass") not in MODES:
        yield f"`mode` must be one of {', '.join(MODES)}"
    elif data.get("mode", "pass") != "pass" and not isinstance(data.get("cassette"), str):
        yield f"mode {data['mode']} needs a `cassette`"


def _number(one: Any) -> bool:
    return isinstance(one, (int, float)) and not isinstance(one, bool)
