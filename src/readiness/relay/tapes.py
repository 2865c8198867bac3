"""The cassettes of a run: one recorder or player for each file, whichever routes share it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from readiness.relay.cassette import KEPT_HEADERS, Recording
from readiness.relay.headers import first
from readiness.relay.player import Player
from readiness.relay.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Final

    from readiness.relay.asked import Asked
    from readiness.relay.exchange import Exchange
    from readiness.relay.plan import Plan
    from readiness.relay.secrets_seen import SecretsSeen


class Tapes:
    """Opens every cassette of a plan at once, so that a missing one is known before the first request."""

    def __init__(self, plan: Plan, secrets: SecretsSeen) -> None:
        """Raises CassetteError, OSError."""
        paths = {
            mode: {route.cassette for route in plan.routes.values() if route.mode == mode and route.cassette}
            for mode in ("record", "replay")
        }
        self._players: Final = {path: Player(path) for path in sorted(paths["replay"])}
        self._recorders: Final = {path: Recorder(path, secrets) for path in sorted(paths["record"])}

    def ordinal(self, exchange: Exchange) -> int:
        """The number of a request among its equals, when its route records; 0 otherwise."""
        recorder = self._recorder(exchange)
        return recorder.ordinal(exchange.asked.key, exchange.trial) if recorder and exchange.asked else 0

    def record(self, exchange: Exchange, ordinal: int) -> None:
        """Keep a finished exchange, when its route records. Raises OSError."""
        recorder = self._recorder(exchange)
        if (
            recorder
            and exchange.asked
            and exchange.status is not None
            and (exchange.chunks or not exchange.size)
        ):
            recorder.add(_recording(exchange, exchange.asked, ordinal, exchange.status))

    def find(self, exchange: Exchange) -> tuple[Recording, int]:
        """The recorded answer of a request on a replaying route. Raises NotRecorded."""
        assert exchange.route is not None
        assert exchange.route.cassette is not None
        assert exchange.asked is not None
        player = self._players[exchange.route.cassette]
        return player.find(
            exchange.route.token, exchange.asked.key, exchange.trial, request_of(exchange, exchange.asked)
        )

    def finish(self) -> None:
        """Put all recorded cassettes in place. Raises OSError."""
        for recorder in self._recorders.values():
            recorder.finish()

    def _recorder(self, exchange: Exchange) -> Recorder | None:
        route = exchange.route
        return (
            self._recorders[route.cassette] if route and route.mode == "record" and route.cassette else None
        )


def request_of(exchange: Exchange, asked: Asked) -> Mapping[str, Any]:
    """A request as a cassette shows it."""
    query = {"query": [list(one) for one in asked.query]} if asked.query else {}
    return {"method": exchange.method, "path": exchange.path, **query, "body": asked.normal}


def _recording(exchange: Exchange, asked: Asked, ordinal: int, status: int) -> Recording:
    kept = {name: first(exchange.answer_fields, name) for name in KEPT_HEADERS}
    upstream = exchange.upstream
    against: dict[str, Any] = {"upstream": upstream.name, "kind": upstream.kind} if upstream else {}
    if upstream and upstream.model:
        against["model"] = dict(upstream.model)
    if upstream and upstream.stand_in:
        against["stand_in"] = True
    return Recording(
        key=asked.key,
        ordinal=ordinal,
        request=request_of(exchange, asked),
        status=status,
        headers={name: one for name, one in kept.items() if one},
        chunks=tuple(exchange.chunks),
        trial=exchange.trial,
        at=exchange.began,
        against=against,
    )
