"""One call to an upstream, as the relay saw it: a line of the calls file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from readiness.record.value import as_json, field_names, value

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Final, Self

FORMAT: Final = 1

REFUSED: Final = "refused"
"""Nobody listened at the upstream's address."""
UNREACHABLE: Final = "unreachable"
"""No route, no such name, or no secure connection."""
TIMEOUT: Final = "timeout"
RESET: Final = "reset"
"""The upstream closed the connection before its answer was whole."""
BAD_ANSWER: Final = "bad_answer"
"""The upstream's answer is no HTTP."""
CLIENT_GONE: Final = "client_gone"
UPSTREAM_5XX: Final = "upstream_5xx"
TOO_MANY: Final = "429"
UNAUTHORISED: Final = "unauthorised"
NOT_FOUND: Final = "not_found"
BAD_REQUEST: Final = "bad_request"
REDIRECT: Final = "redirect"
ERROR_IN_ANSWER: Final = "error_in_answer"
"""An error under status 200, in a stream or a body."""
UNFINISHED: Final = "unfinished"
"""A stream that ended properly, yet without the mark that the answer is whole."""
UNKNOWN_ROUTE: Final = "unknown_route"
NOT_TAKEN: Final = "not_taken"
"""The relay itself refused the request: malformed, too large, an upgrade."""
NO_RECORDING: Final = "no_recording"
RELAY_STOPPED: Final = "relay_stopped"


@value
class Tokens:
    """As the server counted them; None where it did not say."""

    prompt: int | None = None
    completion: int | None = None


@value
class Call:
    """A finished call. `error` is empty or one of the words above.

    `at` is when the request came (ISO 8601, UTC), `seconds` its time to the end of the answer, `ttft` to the first
    byte of the answer's body, `bytes` the size of that body. `retries` counts the failed attempts at the same request
    that this call follows. `request_key` is equal for equal requests (seed and temperature included), `response_key`
    for equal answers, `prompt_key` for requests that differ in their seed alone. `counted` is true for nothing but a completed generation by a real model.
    """

    at: str
    check: str
    lane: str
    token: str
    trial: int | None
    upstream: str
    kind: str
    method: str
    path: str
    model: str = ""
    model_answered: str = ""
    system_fingerprint: str = ""
    identity: Mapping[str, Any] | None = None
    stream: bool = False
    status: int | None = None
    tokens: Tokens = Tokens()
    seconds: float = 0.0
    ttft: float | None = None
    bytes: int = 0
    retries: int = 0
    retry_after: float | None = None
    error: str = ""
    detail: str = ""
    cold_start: bool = False
    load_seconds: float | None = None
    cost: float | None = None
    request_key: str = ""
    response_key: str = ""
    prompt_key: str = ""
    seed: int | None = None
    temperature: float | None = None
    stand_in: bool = False
    replay: bool = False
    generation: bool = False
    counted: bool = False

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild from JSON; fields of a newer version are ignored. Raises TypeError when one is missing."""
        known = {name: data[name] for name in field_names(cls) if name in data}
        tokens = data.get("tokens") or {}
        known["tokens"] = Tokens(tokens.get("prompt"), tokens.get("completion"))
        return cls(**known)


def line_of(call: Call) -> bytes:
    """A call as a line of JSON."""
    return json.dumps({"format": FORMAT, **as_json(call)}, separators=(",", ":")).encode() + b"\n"
