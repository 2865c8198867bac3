"""A relay for every nd and live check: its calls to a model pass through it and are counted, or it proved nothing.

What a check is told to call is found out when its services are ready: the server that the environment, its services
or its own `env` name, if that proves who it is; for lane nd else the embedded model. Each check has a relay of its
own, so that every call is credited to the right one.
"""

from __future__ import annotations

import json
import os
import sys
import time

from readiness.config.model import Place, Ready, Service
from readiness.record.value import EMPTY, as_json, value
from readiness.record.write_aside import write_aside
from readiness.run.measured import Measured
from readiness.run.worker import OPEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Final

    from readiness.config.model import Check
    from readiness.relay.plan import Upstream
    from readiness.run.context import Context
    from readiness.run.hosting import Hosting
    from readiness.run.job import Ended

MODEL: Final = "embedded-model"
MODEL_SECONDS: Final = 300.0
"""Seconds until the embedded model must serve: the first time it is pulled from the package index."""
RELAY_SECONDS: Final = 30.0
LANES: Final = ("nd", "live")
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
SETTLE_SECONDS: Final = 0.3
"""How long a call that a check has just ended may take to be written down."""


class MeteringError(Exception):
    """What a relay wrote down cannot be read; the message says where and why."""


@value
class Metered:
    """The relay of one check (none where `relay` is empty): what it leads to, and where it writes. `tokens` are the routes' by kind of upstream."""

    relay: str
    tokens: Mapping[str, str]
    model: Mapping[str, Any]
    model_name: str
    why: str
    embedded: bool
    calls: str
    ready: str


class Metering:
    """Makes, starts and reads the relays of a run. They are hosted like services, in the open network."""

    def __init__(self, context: Context, hosting: Hosting) -> None:
        self._context = context
        self._hosting = hosting
        self._metered: dict[str, Metered] = {}

    def wanted(self, check: Check) -> bool:
        """Whether a relay is owed. Not where a stand-in answers: nothing that it says can count."""
        return check.lane in LANES and not self._hosting.stand_ins(check)

    def services_of(self, check: Check) -> tuple[str, ...]:
        """The services of ours that must go on while this check waits or runs."""
        metered = self._metered.get(check.name)
        if not self.wanted(check):
            return ()
        return (metered.relay, MODEL) if metered and metered.relay else (MODEL,)

    def ready_for(self, check: Check) -> bool:
        """Whether the check's relay stands; its declared services are ready. Starts what is missing."""
        metered = self._metered.get(check.name)
        if metered is None:
            upstreams, chosen = self._upstreams(check)
            if upstreams is None:
                return False
            metered = self._metered[check.name] = self._plan(check, upstreams, chosen)
        return not metered.relay or self._hosting.ensure(metered.relay, OPEN)

    def failure_for(self, check: Check) -> str:
        """Why the check cannot be metered; empty when nothing stands against it."""
        return self._hosting.failure_of(self.services_of(check), OPEN)

    def env_for(self, check: Check) -> dict[str, str]:
        """What leads every usual client to the relay; nothing where there is none."""
        metered = self._metered.get(check.name)
        if metered is None or not metered.relay:
            return {}
        with open(metered.ready, encoding="utf-8") as file:
            port = json.load(file)["port"]
        roots = {kind: f"http://127.0.0.1:{port}/c/{token}" for kind, token in metered.tokens.items()}
        env = {name: root for kind, root in roots.items() for name in BASES[kind]}
        if "ollama" in roots and "openai" not in roots:
            env |= dict.fromkeys(BASES["openai"], f"{roots['ollama']}/v1")
        if metered.model_name:
            env |= {"OLLAMA_MODEL": metered.model_name, "OPENAI_MODEL": metered.model_name}
        if metered.embedded:
            env["OPENAI_API_KEY"] = "none-needed"
        return env

    def measure(self, check: Check, ended: Ended) -> Measured | None:
        """Add up what the check called; None without a relay. Raises MeteringError."""
        metered = self._metered.get(check.name)
        if metered is None or not metered.relay:
            return None
        from readiness.relay.cause import cause
        from readiness.relay.meter import CallsError, meter, read_calls

        try:
            seen = meter(read_calls(metered.calls), check.name)
            if not seen.counted:
                time.sleep(SETTLE_SECONDS)
                seen = meter(read_calls(metered.calls), check.name)
        except CallsError as error:
            raise MeteringError(str(error)) from error
        return Measured(
            seen, cause(seen, ended.stopped == "deadline", ended.seconds), metered.model, metered.why
        )

    def _upstreams(self, check: Check) -> tuple[dict[str, Upstream] | None, Chosen]:
        """By kind; None while the embedded model is not ready yet."""
        environ = {**self._context.environ, **self._hosting.env_for(check.services, OPEN), **check.env}
        if check.lane == "live":
            return _providers(environ), Chosen("", "the provider's own address", EMPTY)
        from readiness.relay.choice import choose
        from readiness.relay.identify import identify

        choice = choose(environ, identify)
        if choice.upstream:
            chosen = Chosen(choice.model, choice.reason, choice.upstream.model or EMPTY)
            return {choice.upstream.kind: choice.upstream}, chosen
        return self._embedded(choice.reason)

    def _embedded(self, reason: str) -> tuple[dict[str, Upstream] | None, Chosen]:
        from readiness.relay.identify import identify
        from readiness.relay.plan import Upstream

        self._hosting.add(_embedded_model())
        if not self._hosting.ensure(MODEL, OPEN):
            return None, Chosen("", reason, EMPTY)
        base = f"http://127.0.0.1:{self._hosting.port_of(MODEL, OPEN)}"
        found = identify("ollama", base, "")
        name = str(found.identity.get("name", ""))
        upstream = Upstream("ollama", "ollama", base, dict(found.identity))
        return {"ollama": upstream}, Chosen(name, reason, found.identity, embedded=True)

    def _plan(self, check: Check, upstreams: Mapping[str, Upstream], chosen: Chosen) -> Metered:
        """Write the relay's plan and put the relay among the services."""
        if not upstreams:
            return Metered("", EMPTY, EMPTY, "", "no provider's key or address is set", False, "", "")
        folder = self._context.folder.inside("relay")
        os.makedirs(folder, exist_ok=True)
        paths = {kind: os.path.join(folder, f"{check.name}.{kind}") for kind in ("plan", "calls", "ready")}
        tokens = {kind: os.urandom(16).hex() for kind in upstreams}
        routes = {
            tokens[kind]: {"check": check.name, "lane": check.lane, "upstream": kind} for kind in upstreams
        }
        write_aside(paths["plan"], json.dumps({"upstreams": as_json(dict(upstreams)), "routes": routes}))
        relay = f"relay-{check.name}"
        self._hosting.add(_relay(relay, paths))
        return Metered(
            relay=relay,
            tokens=tokens,
            model=chosen.model,
            model_name=chosen.name,
            why=chosen.why,
            embedded=chosen.embedded,
            calls=paths["calls"],
            ready=paths["ready"],
        )


@value
class Chosen:
    """Which model a check is led to, and why that one."""

    name: str
    why: str
    model: Mapping[str, Any]
    embedded: bool = False


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
    command = f"{_quoted(sys.executable)} -m readiness model"
    return Service(
        name=MODEL,
        run=f"{command} pull && exec {command} serve --port {{port}}",
        ready=Ready("url", "http://127.0.0.1:{port}/api/version"),
        place=Place("(the gate itself)", 1, 1),
        timeout=MODEL_SECONDS,
    )


def _relay(name: str, paths: Mapping[str, str]) -> Service:
    words = [sys.executable, "-m", "readiness.relay"]
    words += ["--plan", paths["plan"], "--calls", paths["calls"], "--ready", paths["ready"]]
    return Service(
        name=name,
        run="exec " + " ".join(map(_quoted, words)),
        ready=Ready("command", f"test -s {_quoted(paths['ready'])}"),
        place=Place("(the gate itself)", 1, 1),
        timeout=RELAY_SECONDS,
    )


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "'\\''") + "'"
