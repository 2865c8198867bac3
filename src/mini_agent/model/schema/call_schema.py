"""One JSON schema for "a call of any of these tools, or an answer"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mini_agent.conversation import ToolDefinition

_NAMING: Final = ("$schema", "$id")
_COMBINING: Final = ("anyOf", "oneOf", "allOf", "patternProperties", "$ref", "additionalProperties")
_TEXT: Final[Mapping[str, Any]] = {"type": "string"}


def call_schema(
    tools: Sequence[ToolDefinition],
    answer_name: str = "",
    answer_schema: Mapping[str, Any] | None = None,
    *,
    loose: bool = False,
) -> dict[str, Any]:
    """The schema of `{"name": …, "arguments": …}` for each tool, and of the answer where `answer_name` is given.

    An answer's arguments are `{"text": string}`, or `{"value": answer_schema}`. `loose` promises nothing of the
    tools' arguments but their names, for servers that cannot hold a model to the tools' own schemas.
    """
    definitions: dict[str, Any] = {}
    shapes = []
    for tool in tools:
        arguments = _names_only(tool.parameters) if loose else _closed(tool.parameters)
        shapes.append(_shape(tool.name, _placed(arguments, definitions)))
    if answer_name:
        named = {"text": _TEXT} if answer_schema is None else {"value": _placed(answer_schema, definitions)}
        shapes.append(_shape(answer_name, _object(named, list(named))))
    schema = shapes[0] if len(shapes) == 1 else {"anyOf": shapes}
    return schema | ({"$defs": definitions} if definitions else {})


def _shape(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return _object(
        {"name": {"type": "string", "enum": [name]}, "arguments": arguments}, ["name", "arguments"]
    )


def _object(properties: Mapping[str, Any], required: Sequence[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def _closed(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """A tool's schema that allows no names of the model's own invention, where it does not say otherwise."""
    if any(key in parameters for key in _COMBINING):
        return {"type": "object"} | dict(parameters)
    return {"properties": {}} | dict(parameters) | {"type": "object", "additionalProperties": False}


def _names_only(parameters: Mapping[str, Any]) -> dict[str, Any]:
    properties = parameters.get("properties")
    names = list(properties) if isinstance(properties, Mapping) else []
    required = parameters.get("required")
    kept = [name for name in required if name in names] if isinstance(required, list | tuple) else []
    return _object({name: {} for name in names}, kept)


def _placed(schema: Mapping[str, Any], definitions: dict[str, Any]) -> Mapping[str, Any]:
    """A schema inside the larger one. One that refers to its own parts goes under `$defs`, its references with it."""
    if not _refers(schema):
        return {key: value for key, value in schema.items() if key not in _NAMING}
    name = f"part{len(definitions)}"
    definitions[name] = _repointed(schema, f"#/$defs/{name}")
    return {"$ref": f"#/$defs/{name}"}


def _refers(schema: object) -> bool:
    if isinstance(schema, Mapping):
        return isinstance(schema.get("$ref"), str) or any(map(_refers, schema.values()))
    return isinstance(schema, list | tuple) and any(map(_refers, schema))


def _repointed(schema: object, root: str) -> Any:
    if isinstance(schema, Mapping):
        return {
            key: root + value[1:]
            if key == "$ref" and isinstance(value, str) and value.startswith("#")
            else _repointed(value, root)
            for key, value in schema.items()
            if not (key in _NAMING and isinstance(value, str))
        }
    return [_repointed(one, root) for one in schema] if isinstance(schema, list | tuple) else schema
