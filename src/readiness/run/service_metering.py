"""A relay for every service that an nd or live check uses, so that calls made on behalf of a check are counted too.

A check that calls an agent reaches its model through the agent. Whose call it was tells the trace field, which a
service passes on; checks that share such a service run one at a time, so that a service which does not pass it on is
credited as well, by when the call was made. A service that offers a model and needs no other is not led anywhere: it
is where the others are led to.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime

from readiness.config.model import Place, Ready, Service
from readiness.record.value import as_json, replace, value
from readiness.record.write_aside import write_aside
from readiness.run.measured import MeteringError
from readiness.run.quoting import quoted
from readiness.run.upstreams import BASES, LANE_VARIABLE, leads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

    from readiness.config.model import Check
    from readiness.relay.call import Call
    from readiness.relay.plan import Upstream
    from readiness.run.context import Context
    from readiness.run.hosting import Hosting
    from readiness.run.upstreams import Chosen, Upstreams

RELAY_SECONDS: Final = 30.0
TRACE_VARIABLE: Final = "READINESS_TRACE"
"""Holds what a check sends as `x-readiness-trace` to a service, and that to its model."""
CREDIT: Final = "service "
"""Begins the name under which a call stands that no check's trace came with."""


@value
class Led:
    """A service that is led to its model through a relay: its calls file, in which lane, and to which model."""

    calls: str
    lane: str
    chosen: Chosen


class ServiceMetering:
    """Puts a relay in front of what the services of nd and live checks call."""

    def __init__(self, context: Context, hosting: Hosting, upstreams: Upstreams) -> None:
        self._context = context
        self._hosting = hosting
        self._upstreams = upstreams
        self._led: dict[str, Led] = {}
        self._traces: dict[str, str] = {}
        self._began: dict[str, datetime] = {}

    def ready_for(self, check: Check, network: str) -> bool:
        """Whether every service of the check may be started; starts what has to stand before.

        Raises OSError or MeteringError when one cannot be led.
        """
        return all(self._lead(name, check, network) for name in self._hosting.with_needs(check.services))

    def env_for(self, check: Check) -> dict[str, str]:
        """What the check sends along; nothing without services."""
        return {TRACE_VARIABLE: self._trace(check.name)} if self._led_for(check) else {}

    def began(self, check: Check) -> None:
        """From now on calls without a trace are this check's."""
        self._began[check.name] = datetime.now(UTC)

    def calls_of(self, check: Check) -> tuple[Call, ...]:
        """The calls that services made for the check. Raises CallsError."""
        from readiness.relay.meter import read_calls

        began = self._began.get(check.name)
        found = [call for led in self._led_for(check) for call in read_calls(led.calls)]
        return tuple(
            replace(call, check=check.name)
            for call in found
            if call.check == check.name
            or (call.check.startswith(CREDIT) and began and datetime.fromisoformat(call.at) >= began)
        )

    def chosen_for(self, check: Check) -> Chosen | None:
        """Which model the check's services were led to; None when there is none."""
        return next((led.chosen for led in self._led_for(check)), None)

    def _led_for(self, check: Check) -> list[Led]:
        return [self._led[name] for name in self._hosting.with_needs(check.services) if name in self._led]

    def _trace(self, name: str) -> str:
        return self._traces.setdefault(name, os.urandom(16).hex())

    def _lead(self, name: str, check: Check, network: str) -> bool:
        service = self._hosting.service(name)
        assert service is not None, name
        if offers_a_model(service):
            return True
        if name in self._led:
            return self._same_lane(name, check)
        if not all([self._hosting.ensure(needed, network) for needed in service.needs]):  # noqa: C419 (start all)
            return False
        given = self._hosting.env_for(service.needs, network)
        upstreams, chosen = self._upstreams.for_service(check.lane, given)
        if upstreams is None:
            return False
        if upstreams:
            self._put_relay_before(service, check, network, given, (upstreams, chosen))
        return True

    def _same_lane(self, name: str, check: Check) -> bool:
        led = self._led[name]
        if led.lane != check.lane:
            raise MeteringError(
                f"service {name} is led to the model of lane {led.lane}; give lane {check.lane} a service of its own"
            )
        return True

    def _put_relay_before(
        self,
        service: Service,
        check: Check,
        network: str,
        given: Mapping[str, str],
        server: tuple[Mapping[str, Upstream], Chosen],
    ) -> None:
        upstreams, chosen = server
        folder = self._context.folder.inside("relay")
        os.makedirs(folder, exist_ok=True)
        paths = {
            kind: os.path.join(folder, f"service-{service.name}.{kind}")
            for kind in ("plan", "calls", "ready")
        }
        if os.path.exists(paths["ready"]):
            os.unlink(paths["ready"])
        tokens = {kind: os.urandom(16).hex() for kind in upstreams}
        routes = {
            token: _route(f"{CREDIT}{service.name}", check.lane, kind) for kind, token in tokens.items()
        }
        routes |= {
            self._trace(one.name): _route(one.name, one.lane, next(iter(upstreams)))
            for one in self._context.config.checks
            if one.lane == check.lane and service.name in self._hosting.with_needs(one.services)
        }
        write_aside(paths["plan"], json.dumps({"upstreams": as_json(dict(upstreams)), "routes": routes}))
        roots = {kind: f"http://127.0.0.1:{{port}}/c/{token}" for kind, token in tokens.items()}
        env = leads(roots, chosen, given, upstreams) | {LANE_VARIABLE: check.lane}
        relay = _relay(service.name, paths, env)
        self._hosting.add(relay)
        self._hosting.change(replace(service, needs=(*service.needs, relay.name)), network)
        self._led[service.name] = Led(paths["calls"], check.lane, chosen)


def offers_a_model(service: Service) -> bool:
    """Whether a service tells clients where a model is, and leans on no other service for it."""
    names = {name for names in BASES.values() for name in names}
    return not service.needs and not names.isdisjoint(service.env)


def locks_of(services: list[str]) -> tuple[str, ...]:
    """One lock for each service that a check's calls to a model may go through."""
    return tuple(f"{CREDIT}{name}" for name in services)


def _route(check: str, lane: str, upstream: str) -> dict[str, str]:
    return {"check": check, "lane": lane, "upstream": upstream, "mode": "pass"}


def _relay(name: str, paths: Mapping[str, str], env: Mapping[str, str]) -> Service:
    words = [sys.executable, "-m", "readiness.relay"]
    words += ["--plan", paths["plan"], "--calls", paths["calls"], "--ready", paths["ready"], "--port"]
    return Service(
        name=f"relay-of-{name}",
        run=f"exec {' '.join(map(quoted, words))} {{port}}",
        ready=Ready("command", f"test -s {quoted(paths['ready'])}"),
        place=Place("(the gate itself)", 1, 1),
        timeout=RELAY_SECONDS,
        env=env,
    )
