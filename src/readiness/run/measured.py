"""What the relay saw of one check."""

from __future__ import annotations

from readiness.record.value import EMPTY, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from readiness.relay.cause import Cause
    from readiness.relay.meter import Meter


class MeteringError(ValueError):
    """A recording, or what a relay wrote down, cannot be read; the message says where and why."""


@value
class Measured:
    """What the relay saw of a check. `model` says who answered: name, digest, quantisation, server."""

    meter: Meter
    cause: Cause
    model: Mapping[str, Any] = EMPTY
    why: str = ""
