"""Which server a check is led to: the one that its environment names and that proves itself, a recording, or ours."""

from __future__ import annotations

import os
import sys

from readiness.config.model import Place, Ready, Service
from readiness.record.value import EMPTY, value
from readiness.run.measured import MeteringError
from readiness.run.quoting import quoted
from readiness.run.worker import OPEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Final

    from readiness.config.model import Check
    from readiness.relay.plan import Upstream
    from readiness.run.context import Context
    from readiness.run.hosting import Hosting

LANES: Final = ("nd", "live")
"""The lanes whose checks must reach a model or a provider."""
LANE_VARIABLE: Final = "READINESS_LANE"
"""Tells checks of these lanes, and their services, in which of them they run."""
MODEL: Final = "embedded-model"
MODEL_SECONDS: Final = 300.0
"""Seconds until the embedded model must serve: the first time it is pulled from the package index."""
PROVIDERS: Final = {
    "openai": ("OPENAI_API_KEY", "https://api.openai.com/v1"),
    "anthropic": ("ANTHROPIC_API_KEY", "https://api.anthropic.com"),
}
"""Outside providers that a live check reaches when its key is set: the variable of the key, and the usual address."""
BASES: Final = {
    "ollama": ("OLLAMA_API_BASE", "OLLAMA_HOST"),
    "openai": ("OPENAI_BASE_URL", "OPENAI_API_BASE"),
    "anthropic": ("ANTHROPIC_BASE_URL", "ANTHROPIC_API_BASE"),
}
"""Variables by which clients find a server, by its kind."""
NOWHERE: Final = "http://127.0.0.1:9"
"""The upstream of a replay, which never asks one (port 9: discard, RFC 863)."""


@value
class Chosen:
    """Which model a check is led to, and why that one."""

    name: str
    why: str
    model: Mapping[str, Any]
    embedded: bool = False
    lacking: str = ""
    """What the check needs of its server and that does not do: the check cannot measure anything there."""


class Upstreams:
    """Finds the servers of a run's checks."""

    def __init__(self, context: Context, hosting: Hosting) -> None:
        self._context = context
        self._hosting = hosting

    def of(self, check: Check) -> tuple[dict[str, Upstream] | None, Chosen]:
        """By kind; None while the embedded model is not ready yet."""
        if check.lane == "core":
            return self._recorded(check)
        given = self._hosting.env_for(check.services, OPEN)
        return self._for_environment(check.lane, {**given, **check.env}, check.capabilities)

    def for_service(self, lane: str, given: Mapping[str, str]) -> tuple[dict[str, Upstream] | None, Chosen]:
        """The same for a service that is given these variables by those that it needs."""
        return self._for_environment(lane, given, ())

    def _for_environment(
        self, lane: str, given: Mapping[str, str], capabilities: tuple[str, ...]
    ) -> tuple[dict[str, Upstream] | None, Chosen]:
        environ = {**self._context.environ, **given}
        if lane == "live":
            return _providers(environ), Chosen("", "the provider's own address", EMPTY)
        from readiness.relay.choice import choose
        from readiness.relay.identify import identify

        choice = choose(environ, identify)
        if not choice.upstream:
            return self._embedded(capabilities, choice.reason)
        lacking = _lacking(capabilities, choice.upstream, choice.model, environ.get("OPENAI_API_KEY", ""))
        chosen = Chosen(choice.model, choice.reason, choice.upstream.model or EMPTY, lacking=lacking)
        return {choice.upstream.kind: choice.upstream}, chosen

    def _embedded(
        self, capabilities: tuple[str, ...], reason: str
    ) -> tuple[dict[str, Upstream] | None, Chosen]:
        from readiness.relay.identify import identify
        from readiness.relay.plan import Upstream

        self._hosting.add(_embedded_model())
        if not self._hosting.ensure(MODEL, OPEN):
            return None, Chosen("", reason, EMPTY)
        base = f"http://127.0.0.1:{self._hosting.port_of(MODEL, OPEN)}"
        found = identify("ollama", base, "")
        name = str(found.identity.get("name", ""))
        upstream = Upstream("ollama", "ollama", base, dict(found.identity))
        lacking = _lacking(capabilities, upstream, name, "")
        return {"ollama": upstream}, Chosen(name, reason, found.identity, embedded=True, lacking=lacking)

    def _recorded(self, check: Check) -> tuple[dict[str, Upstream], Chosen]:
        """A recording answers under the name of the model that it was made with. Raises MeteringError."""
        from readiness.relay.cassette import CassetteError, load
        from readiness.relay.plan import Upstream

        try:
            recordings = load(os.path.join(self._context.root, check.cassette))
        except CassetteError as error:
            raise MeteringError(str(error)) from error
        against = recordings[0].against if recordings else EMPTY
        bodies = (one.request.get("body") for one in recordings)
        name = next((str(body["model"]) for body in bodies if isinstance(body, dict) and "model" in body), "")
        chosen = Chosen(name, f"the recording {check.cassette}", against, embedded=True)
        return {"ollama": Upstream("ollama", "ollama", NOWHERE)}, chosen


def _lacking(capabilities: tuple[str, ...], upstream: Upstream, model: str, key: str) -> str:
    if not capabilities:
        return ""
    from readiness.relay.preflight import preflight

    found = preflight(upstream.base, upstream.kind, model, capabilities, key).lacking
    return "; ".join(f"{one.name}: {one.answer} ({one.evidence})" for one in found)


def leads(
    roots: Mapping[str, str], chosen: Chosen, given: Mapping[str, str], upstreams: Mapping[str, Upstream]
) -> dict[str, str]:
    """Variables that lead every usual client to a relay, by its `roots` for each kind of upstream.

    A variable of a project's own that holds the server's address, of those `given`, is led there too.
    """
    env = {name: root for kind, root in roots.items() for name in BASES[kind]}
    if "ollama" in roots and "openai" not in roots:
        env |= dict.fromkeys(BASES["openai"], f"{roots['ollama']}/v1")
    for kind, upstream in upstreams.items():
        own = {name: address for name, address in given.items() if _is_at(address, upstream.base)}
        env |= {
            name: roots[kind] + address[len(upstream.base) :]
            for name, address in own.items()
            if name not in env
        }
    if chosen.name:
        env |= dict.fromkeys(("OLLAMA_MODEL", "OPENAI_MODEL"), chosen.name)
    if chosen.embedded:
        env["OPENAI_API_KEY"] = "none-needed"
    return env


def _is_at(address: str, base: str) -> bool:
    return address == base or address.startswith(f"{base}/")


def _providers(environ: Mapping[str, str]) -> dict[str, Upstream]:
    """Every provider that the environment has a key for or names a server of."""
    from readiness.relay.choice import candidates
    from readiness.relay.plan import Upstream

    found = {one.kind: Upstream(one.kind, one.kind, one.base) for one in candidates(environ)}
    for kind, (key, base) in PROVIDERS.items():
        named = next((environ[name] for name in BASES[kind] if environ.get(name)), base)
        if environ.get(key) and kind not in found:
            found[kind] = Upstream(kind, kind, named.rstrip("/"))
    return found


def _embedded_model() -> Service:
    command = f"{quoted(sys.executable)} -m readiness model"
    return Service(
        name=MODEL,
        run=f"{command} pull && exec {command} serve --port {{port}}",
        ready=Ready("url", "http://127.0.0.1:{port}/api/version"),
        place=Place("(the gate itself)", 1, 1),
        timeout=MODEL_SECONDS,
    )
