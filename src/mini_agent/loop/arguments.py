"""From the raw text of a call's arguments to checked values, or to a message that lets the model repair its call."""

from __future__ import annotations

import functools
import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from mini_agent.conversation import ToolDefinition

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

SHOWN_FAULTS = 3
SHOWN_SCHEMA = 1500
_HALF_A_CHARACTER = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a call cannot be made: one line for a person, and the text for the model."""

    error: str
    message: str


def read(text: str, tool: ToolDefinition) -> Mapping[str, Any] | Unfit:
    """The arguments as values that fit the tool's JSON schema. Empty text is a call without arguments."""
    try:
        found = parse(text)
    except ValueError as error:
        return _unfit(tool, f"the arguments of {tool.name} are no JSON object: {error}")
    try:
        faults = _faults(found, tool.parameters)
    except SchemaFault as error:
        said = f"{tool.name} cannot be called: the JSON schema of its arguments is not usable: {error}"
        return Unfit(said, said)
    return _unfit(tool, f"the arguments of {tool.name} do not fit: {'; '.join(faults)}") if faults else found


def parse(text: str) -> dict[str, Any]:
    """Raises ValueError: no JSON (RFC 8259; NaN and Infinity are none), a name given twice, no object, half a character."""
    if not text.strip():
        return {}
    try:
        found = json.loads(text, parse_constant=_no_number, object_pairs_hook=_each_once)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError(f"it is {_kind(found)}")
    if ("\\u" in text or not text.isascii()) and _HALF_A_CHARACTER.search(
        json.dumps(found, ensure_ascii=False)
    ):
        raise ValueError("a lone surrogate is no character")
    return found


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON number")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} is given twice")
    return found


def _kind(found: Any) -> str:
    kinds = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return kinds.get(type(found), "a number")


def warm_up() -> None:
    """Import what the first check needs, about 0.1 s of CPU: a service does it before its first run, not within one."""
    _validator("{}")


class SchemaFault(Exception):
    """A tool's schema is no JSON schema, or refers to something outside itself."""


def _faults(found: Mapping[str, Any], schema: Mapping[str, Any]) -> list[str]:
    from referencing.exceptions import Unresolvable

    try:
        errors = list(itertools.islice(_validator(json.dumps(schema)).iter_errors(found), SHOWN_FAULTS + 1))
    except (Unresolvable, re.error, RecursionError) as error:
        raise SchemaFault(str(error) or type(error).__name__) from None
    said = [_sentence(one) for one in errors[:SHOWN_FAULTS]]
    return said + (["and more"] if len(errors) > SHOWN_FAULTS else [])


@functools.lru_cache(maxsize=256)
def _validator(schema_text: str) -> Validator:
    """Checking a schema costs a hundred times more than using it. Nothing is fetched: an outside `$ref` is a fault."""
    from jsonschema import Draft202012Validator, SchemaError
    from jsonschema.validators import validator_for
    from referencing import Registry

    schema = json.loads(schema_text)
    kind = validator_for(schema, default=Draft202012Validator)
    try:
        kind.check_schema(schema)
    except SchemaError as error:
        raise SchemaFault(error.message) from None
    return kind(schema, registry=Registry())


def _sentence(error: ValidationError) -> str:
    """Where and what; a long value is cut, so that the message is no larger than the call."""
    where = error.json_path.removeprefix("$.").removeprefix("$")
    said = error.message if len(error.message) <= 300 else f"{error.message[:140]} … {error.message[-140:]}"
    return f"{where}: {said}" if where else said


def _unfit(tool: ToolDefinition, said: str) -> Unfit:
    schema = json.dumps(tool.parameters, separators=(",", ":"))
    shown = schema if len(schema) <= SHOWN_SCHEMA else f"{schema[:SHOWN_SCHEMA]}…"
    return Unfit(said, f"not run: {said}. Call it again with a JSON object that fits this schema: {shown}")
