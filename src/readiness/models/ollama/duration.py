"""Go's durations, in which `keep_alive` is written: `5m`, `1h30m`, `300` (seconds), `-1` (for ever)."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from readiness.models.ollama.error import OllamaError

if TYPE_CHECKING:
    from typing import Final

_SECONDS: Final = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "μs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
}
_PART: Final = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")


def parse_duration(text: str) -> float:
    """Seconds of a Go duration (`time.ParseDuration`). Raises ValueError with Go's words."""
    sign, body = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if body == "0":
        return 0.0
    parts = list(_PART.finditer(body))
    if not parts or "".join(part.group() for part in parts) != body:
        bare = re.fullmatch(r"\d+\.?\d*|\.\d+", body)
        raise ValueError(f'time: {"missing unit in" if bare else "invalid"} duration "{text}"')
    return sign * sum(float(part[1]) * _SECONDS[part[2]] for part in parts)


def read_keep_alive(value: object) -> float | None:
    """Seconds to keep the model loaded, infinity for ever, None for the server's default. Raises OllamaError."""
    if value is None:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        seconds = float(value)
    elif isinstance(value, str):
        try:
            seconds = parse_duration(value)
        except ValueError as error:
            raise OllamaError(400, str(error)) from error
    else:
        kind = {bool: "bool", list: "[]interface {}"}.get(type(value), "map[string]interface {}")
        raise OllamaError(400, f"Unsupported type: '{kind}'")
    return math.inf if seconds < 0 else seconds
