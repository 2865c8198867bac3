"""The headers of a request that go on to the model and to HTTP tools, so that one trace holds them all.

`traceparent` and `tracestate` are W3C Trace Context's (https://www.w3.org/TR/trace-context/); `x-readiness-trace` is
what a gate counts its calls by, with `x-readiness-trial` the number of the trial that they belong to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from mini_agent.app.guard import Headers, values_of
from mini_agent.app.refusal import Refusal

_FORMS: Final[Mapping[bytes, re.Pattern[str]]] = {
    b"x-readiness-trace": re.compile(r"[!-~](?:[ -~]{0,254}[!-~])?"),
    b"x-readiness-trial": re.compile(r"[0-9]{1,9}"),
    b"traceparent": re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:-[!-~]{1,64})?"),
    b"tracestate": re.compile(r"[!-~](?:[ -~]{0,510}[!-~])?"),
}
_REFUSED: Final = {
    b"x-readiness-trace": "1 to 256 printable ASCII characters",
    b"x-readiness-trial": "a whole number of at most nine digits",
}


def forwarded(headers: Headers) -> dict[str, str]:
    """Name to value. Raises Refusal 400 for a header of a gate in a form that cannot be passed on.

    A malformed `traceparent` or `tracestate` is dropped, as its specification asks of a receiver.
    """
    found: dict[str, str] = {}
    for name, form in _FORMS.items():
        values = values_of(headers, name)
        if not values:
            continue
        if len(values) == 1 and form.fullmatch(values[0]):
            found[name.decode()] = values[0]
        elif name in _REFUSED:
            message = f"{name.decode()}: must be sent once, as {_REFUSED[name]}"
            raise Refusal(400, message, code="invalid_header", param=name.decode())
    if "traceparent" not in found:
        found.pop("tracestate", None)
    return found
