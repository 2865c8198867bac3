"""Turns pydantic's findings into words: the field's path as a caller writes it, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from mini_agent.app.refusal import Refusal

Model = TypeVar("Model", bound=BaseModel)
_MOST_FIELDS = 20
_MOST_GIVEN = 256
_LONGEST_PATH = 200
_UNION_TAGS = frozenset({"system", "developer", "user", "assistant", "tool"})


def path_of(location: Iterable[int | str]) -> str:
    """`messages[0].content`; the tags that pydantic adds for a union's members are left out."""
    path = ""
    after_index = False
    for one in location:
        if isinstance(one, int):
            path += f"[{one}]"
        elif not (after_index and one in _UNION_TAGS) and not _is_member(one):
            path += f".{one}" if path else one
        after_index = isinstance(one, int)
    return path


def _is_member(one: str) -> bool:
    """Whether this names a member of a union rather than a field: `constrained-str`, `list[dict[str,any]]`."""
    return one.startswith(("constrained-", "list[", "function-", "dict[", "literal[")) or one in (
        "str",
        "float",
    )


def findings(error: ValidationError) -> list[tuple[str, str, str]]:
    """Of each fault: the field, the message, pydantic's name for its kind. One a field."""
    found: dict[str, tuple[str, str, str]] = {}
    for one in error.errors(include_url=False, include_context=False, include_input=False):
        path = path_of(one["loc"])[:_LONGEST_PATH]
        # Of a union's members, the one whose type is right says what is wrong.
        if path not in found or found[path][2].endswith("_type"):
            found[path] = (path, _worded(one), one["type"])
    return list(found.values())[:_MOST_FIELDS]


def _worded(one: Mapping[str, Any]) -> str:
    if one["type"] == "extra_forbidden":
        return "unknown field"
    if one["type"] == "missing":
        return "is missing"
    message = str(one["msg"])
    return message[0].lower() + message[1:]


def check_count(value: Any, status: int) -> None:
    """Raises Refusal for an object with more fields than any request has; each would be a fault of its own."""
    if isinstance(value, dict) and len(value) > _MOST_GIVEN:
        raise Refusal(status, f"the request has more than {_MOST_GIVEN} fields", code="too_many_fields")


def validated(model: type[Model], value: Any) -> Model:
    """Raises Refusal 422 that names each wrong field."""
    check_count(value, 422)
    try:
        return model.model_validate(value)
    except ValidationError as error:
        faults = findings(error)
        words = "; ".join(f"{path or 'body'}: {message}" for path, message, _ in faults)
        code = "unknown_field" if all(kind == "extra_forbidden" for _, _, kind in faults) else "invalid_field"
        raise Refusal(
            422,
            words,
            code=code,
            param=faults[0][0] or None,
            fields=[(path, message) for path, message, _ in faults],
        ) from None
