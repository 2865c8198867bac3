"""JSON as RFC 8259 has it, in and out: no NaN, no half of a character, nothing too deep."""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final

_HUGE: Final = re.compile(rb"[0-9][eE]\+?[0-9]{3}|[0-9]{309}")
"""What a number needs to become infinite as a double: three digits of exponent, or 309 of its own."""


class BadJson(ValueError):
    """The text is no JSON that can be read, sent on and written again."""


def load(text: bytes) -> Any:
    """Read a body. Raises BadJson with one line that says where.

    The reader refuses lone surrogates (`"\\ud800"`), more than 200 levels and what is not UTF-8 by itself.
    """
    from pydantic_core import from_json

    try:
        value = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise BadJson(f"the body is not JSON: {error}") from None
    if _HUGE.search(text):
        _refuse_infinite(value)
    return value


def _refuse_infinite(value: Any) -> None:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, float) and not math.isfinite(one):
            raise BadJson("the body is not JSON that can be kept: a number is too large for a double")


_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def dump(value: Any) -> bytes:
    """UTF-8. What no JSON can hold, a model or a tool may have sent: half a character becomes `?`, no number `null`."""
    from pydantic_core import PydanticSerializationError, to_json

    try:
        return to_json(value, inf_nan_mode="null")
    except PydanticSerializationError:
        text = _encode(value).encode("utf-8", "replace")
        return to_json(json.loads(text), inf_nan_mode="null")
