"""Reads one field of a request at a time, or refuses it as OpenAI does. A null field counts as absent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from readiness.models.openai.error import empty_array, long_array, not_among, out_of_range, wrong_type

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MOST_STOPS = 4


def integer(data: Mapping[str, Any], name: str, low: int, high: int) -> int | None:
    value = data.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_type(name, "an integer", value)
    if not low <= value <= high:
        raise out_of_range(name, "integer", value, low, high)
    return value


def decimal(data: Mapping[str, Any], name: str, low: float, high: float, default: float) -> float:
    value = data.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong_type(name, "a decimal", value)
    if not low <= value <= high:
        raise out_of_range(name, "decimal", value, low, high)
    return float(value)


def boolean(data: Mapping[str, Any], name: str, param: str = "") -> bool:
    value = data.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise wrong_type(param or name, "a boolean", value)
    return value


def mapping(value: object, param: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise wrong_type(param, "an object", value)
    return value


def string(value: object, param: str) -> str:
    if not isinstance(value, str):
        raise wrong_type(param, "a string", value)
    return value


def array(value: object, param: str) -> list[Any]:
    """A list with something in it."""
    if not isinstance(value, list):
        raise wrong_type(param, "an array", value)
    if not value:
        raise empty_array(param)
    return value


def one_of(value: object, param: str, supported: tuple[str, ...]) -> str:
    if string(value, param) not in supported:
        raise not_among(param, value, supported)
    return str(value)


def stops(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Up to four texts that end the answer; the empty one ends nothing and is left out."""
    value = data.get("stop")
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,) if value else ()
    if not isinstance(value, list):
        raise wrong_type("stop", "one of a string or array of strings", value)
    if len(value) > MOST_STOPS:
        raise long_array("stop", len(value), MOST_STOPS)
    return tuple(text for index, one in enumerate(value) if (text := string(one, f"stop[{index}]")))
