"""A relay for every nd and live check: its calls to a model pass through it and are counted, or it proved nothing.

Each check has a relay of its own, so that every call is credited to the right one. It is made when the check's
services are ready, because they may name the server. A core check that has a recording gets a relay too, which
replays it.
"""

from __future__ import annotations

import json
import os
import sys
import time

from readiness.config.model import Place, Ready, Service
from readiness.record.value import EMPTY, as_json, value
from readiness.record.write_aside import write_aside
from readiness.run.measured import Measured, MeteringError
from readiness.run.quoting import quoted
from readiness.run.upstreams import LANE_VARIABLE, LANES, MODEL, Upstreams, leads
from readiness.run.worker import OPEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

    from readiness.config.model import Check
    from readiness.relay.call import Call
    from readiness.relay.plan import Upstream
    from readiness.run.context import Context
    from readiness.run.hosting import Hosting
    from readiness.run.job import Ended
    from readiness.run.service_metering import ServiceMetering
    from readiness.run.upstreams import Chosen

RELAY_SECONDS: Final = 30.0
SETTLE_SECONDS: Final = 0.3
"""How long a call that a check has just ended may take to be written down."""
FIRST_SECONDS: Final = 2.0
"""The same where there is no call yet: a check may end at the head of its only answer, on a busy machine."""


@value
class Metered:
    """The relay of one check, none where `name` is empty. `tokens` are its routes' by kind of upstream."""

    name: str
    network: str
    tokens: Mapping[str, str]
    upstreams: Mapping[str, Upstream]
    chosen: Chosen
    calls: str = ""
    ready: str = ""


class Metering:
    """Makes, starts and reads the relays of a run. They are hosted like services, in the network of their check."""

    def __init__(self, context: Context, hosting: Hosting) -> None:
        self._context = context
        self._hosting = hosting
        self._upstreams = Upstreams(context, hosting)
        self._services: ServiceMetering | None = None
        self._metered: dict[str, Metered] = {}

    def wanted(self, check: Check) -> bool:
        """Whether a relay is owed: to nd and live checks, and to a core check that replays a recording.

        Not where a stand-in answers: nothing that it says can count.
        """
        owed = check.lane in LANES or bool(check.cassette)
        return owed and not self._hosting.stand_ins(check)

    def services_of(self, check: Check) -> set[tuple[str, str]]:
        """The services of ours, and their networks, that must go on while this check waits or runs."""
        if not self.wanted(check):
            return set()
        metered = self._metered.get(check.name)
        relay = {(metered.name, metered.network)} if metered and metered.name else set()
        return relay | ({(MODEL, OPEN)} if check.lane == "nd" else set())

    def services_ready(self, check: Check, network: str) -> bool:
        """Whether the check's services may be started: what they call is metered from their first call on.

        Raises OSError or MeteringError.
        """
        services = self._services_of(check)
        return services is None or services.ready_for(check, network)

    def locks_of(self, check: Check) -> tuple[str, ...]:
        """The check's locks, with those that keep apart what one service would mix up."""
        if self._services_of(check) is None:
            return check.locks
        from readiness.run.service_metering import locks_of

        return (*check.locks, *locks_of(self._hosting.with_needs(check.services)))

    def began(self, check: Check) -> None:
        """The check has been started."""
        if services := self._services_of(check):
            services.began(check)

    def _services_of(self, check: Check) -> ServiceMetering | None:
        """What meters the check's services; None where it has none, or its lane asks no model."""
        if not check.services or check.lane not in LANES:
            return None
        if self._services is None:
            from readiness.run.service_metering import ServiceMetering

            self._services = ServiceMetering(self._context, self._hosting, self._upstreams)
        return self._services

    def ready_for(self, check: Check, network: str) -> bool:
        """Whether the check's relay stands; its declared services are ready. Starts what is missing.

        Raises OSError or MeteringError when it cannot be prepared.
        """
        metered = self._metered.get(check.name)
        if metered is None:
            upstreams, chosen = self._upstreams.of(check)
            if upstreams is None:
                return False
            metered = self._metered[check.name] = self._plan(check, network, upstreams, chosen)
        return not metered.name or self._hosting.ensure(metered.name, metered.network)

    def failure_for(self, check: Check) -> str:
        """Why the check cannot be metered; empty when nothing stands against it."""
        found = (self._hosting.failure_of((name,), network) for name, network in self.services_of(check))
        return next(filter(None, found), "")

    def lacking_for(self, check: Check) -> str:
        """What the check needs and its server does not do."""
        metered = self._metered.get(check.name)
        return metered.chosen.lacking if metered else ""

    def env_for(self, check: Check) -> dict[str, str]:
        """What leads every usual client to the relay; nothing where there is none."""
        metered = self._metered.get(check.name)
        if metered is None or not metered.name:
            return {}
        with open(metered.ready, encoding="utf-8") as file:
            port = json.load(file)["port"]
        roots = {kind: f"http://127.0.0.1:{port}/c/{token}" for kind, token in metered.tokens.items()}
        given = {**self._hosting.env_for(check.services, metered.network), **check.env}
        env = leads(roots, metered.chosen, given, metered.upstreams)
        if check.lane in LANES:
            env[LANE_VARIABLE] = check.lane
        services = self._services_of(check)
        return env | (services.env_for(check) if services else {})

    def calls_of(self, check: Check) -> tuple[Call, ...]:
        """Every call made by the check, and by services for it, so far. Raises MeteringError."""
        from readiness.relay.meter import CallsError, read_calls

        metered = self._metered.get(check.name)
        try:
            own = read_calls(metered.calls) if metered and metered.name else ()
            services = self._services_of(check)
            return (*own, *(services.calls_of(check) if services else ()))
        except CallsError as error:
            raise MeteringError(str(error)) from error

    def measure(self, check: Check, ended: Ended) -> Measured | None:
        """Add up what the check called; None without a relay. Raises MeteringError."""
        metered = self._metered.get(check.name)
        if metered is None or not metered.name:
            return None
        from readiness.relay.cause import cause
        from readiness.relay.meter import meter

        seen = meter(self.calls_of(check), check.name)
        ended_at = time.monotonic()
        while not seen.counted and time.monotonic() - ended_at < (
            SETTLE_SECONDS if seen.calls else FIRST_SECONDS
        ):
            time.sleep(SETTLE_SECONDS / 3)
            seen = meter(self.calls_of(check), check.name)
        why = cause(seen, ended.stopped == "deadline", ended.seconds)
        services = self._services_of(check)
        chosen = (services.chosen_for(check) if services else None) or metered.chosen
        return Measured(seen, why, chosen.model, chosen.why)

    def _plan(self, check: Check, network: str, upstreams: Mapping[str, Upstream], chosen: Chosen) -> Metered:
        """Write the relay's plan and put the relay among the services."""
        if not upstreams:
            return Metered("", network, EMPTY, EMPTY, chosen)
        folder = self._context.folder.inside("relay")
        os.makedirs(folder, exist_ok=True)
        paths = {kind: os.path.join(folder, f"{check.name}.{kind}") for kind in ("plan", "calls", "ready")}
        if os.path.exists(paths["ready"]):
            # Of the relay of a run that was interrupted: it would name a port that is nobody's now.
            os.unlink(paths["ready"])
        tokens = {kind: os.urandom(16).hex() for kind in upstreams}
        routes = {tokens[kind]: self._route(check, kind) for kind in upstreams}
        write_aside(paths["plan"], json.dumps({"upstreams": as_json(dict(upstreams)), "routes": routes}))
        name = f"relay-{check.name}"
        self._hosting.add(_relay(name, paths))
        return Metered(name, network, tokens, upstreams, chosen, paths["calls"], paths["ready"])

    def _route(self, check: Check, kind: str) -> dict[str, str | None]:
        """Core replays its cassette; nd and live record it when the run was asked to."""
        mode = (
            "replay"
            if check.lane == "core"
            else "record"
            if self._context.record and check.cassette
            else "pass"
        )
        cassette = os.path.join(self._context.root, check.cassette) if mode != "pass" else None
        return {"check": check.name, "lane": check.lane, "upstream": kind, "mode": mode, "cassette": cassette}


def _relay(name: str, paths: Mapping[str, str]) -> Service:
    words = [sys.executable, "-m", "readiness.relay"]
    words += ["--plan", paths["plan"], "--calls", paths["calls"], "--ready", paths["ready"]]
    return Service(
        name=name,
        run="exec " + " ".join(map(quoted, words)),
        ready=Ready("command", f"test -s {quoted(paths['ready'])}"),
        place=Place("(the gate itself)", 1, 1),
        timeout=RELAY_SECONDS,
    )
