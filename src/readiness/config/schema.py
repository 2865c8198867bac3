"""The JSON schema of `readiness.yml`, made from the tables of fields, for editors and for `readiness schema`.

JSON Schema, draft 2020-12 (json-schema.org/draft/2020-12). What it refuses, the loader refuses too; the
loader also refuses what it cannot say: unknown references, circles, duplicate names, `good` under `bad`.
"""

from __future__ import annotations

from readiness.config.fields import PATTERNS, SECTIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Final

    from readiness.config.fields import Field

    Schema = dict[str, Any]


def schema() -> Schema:
    """The whole schema: a list is the old form, `version: 2` the new one, any other mapping the old one."""
    old_list = _of_sections(SECTIONS["old_root"]["checks"])
    is_new = {"properties": {"version": {"const": 2}}, "required": ["version"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "readiness.yml",
        "description": "What a readiness gate runs, and what each moment needs.",
        "type": ["object", "array"],
        "if": {"type": "array"},
        "then": old_list,
        "else": {"if": is_new, "then": _reference("root"), "else": _reference("old_root")},
        "$defs": {name: _section(name) for name in SECTIONS},
    }


def _section(name: str) -> Schema:
    fields = SECTIONS[name]
    required = [field.name for field in fields.values() if field.required]
    made: Schema = {"type": "object", "additionalProperties": False}
    if name == "ready":
        made |= {"minProperties": 1, "maxProperties": 1}
    properties = {field.name: _property(field, name) for field in fields.values()}
    return made | {"properties": properties, "required": required}


def _property(field: Field, section: str) -> Schema:
    if field.kind == "version":
        return {"description": field.doc, "const": 1 if section.startswith("old_") else 2}
    made = {"description": field.doc, **_KINDS[field.kind](field)}
    return made if field.default is None or field.required else made | {"default": field.default}


def _reference(section: str) -> Schema:
    return {"$ref": f"#/$defs/{section}"}


def _of_text(field: Field) -> Schema:
    pattern = PATTERNS.get(field.kind)
    return {"type": "string", "pattern": pattern} if pattern else {"type": "string"}


def _of_choice(field: Field) -> Schema:
    return {"enum": list(field.choices)}


def _of_flag(_field: Field) -> Schema:
    return {"type": "boolean"}


def _of_count(field: Field) -> Schema:
    return {"type": "integer", **_bounds(field)}


def _of_number(field: Field) -> Schema:
    return {"type": "number", **_bounds(field)}


def _bounds(field: Field) -> Schema:
    limits = {
        "exclusiveMinimum": field.above,
        "exclusiveMaximum": field.below,
        "minimum": field.least,
        "maximum": field.most,
    }
    return {keyword: limit for keyword, limit in limits.items() if limit is not None}


def _of_seconds(field: Field) -> Schema:
    return {"anyOf": [_of_number(field), _of_text(field)]}


def _list_of(items: Schema, field: Field) -> Schema:
    made = {"type": "array", "items": items, "uniqueItems": True}
    return made | {"minItems": field.least} if field.least else made


def _of_choices(field: Field) -> Schema:
    return _list_of(_of_choice(field), field)


def _of_names(field: Field) -> Schema:
    return _list_of({"type": "string", "pattern": PATTERNS["name"]}, field)


def _of_variables(field: Field) -> Schema:
    return _list_of({"type": "string", "pattern": PATTERNS["variable"]}, field)


def _of_paths(field: Field) -> Schema:
    return _list_of({"type": "string", "pattern": PATTERNS["path"]}, field)


def _of_environment(_field: Field) -> Schema:
    names = {"pattern": PATTERNS["variable"]}
    return {
        "type": "object",
        "propertyNames": names,
        "additionalProperties": {"type": ["string", "number", "boolean"]},
    }


def _of_ready(field: Field) -> Schema:
    return {"anyOf": [_of_text(field), _reference(field.section)]}


def _of_section(field: Field) -> Schema:
    return _reference(field.section)


def _of_sections(field: Field) -> Schema:
    made: Schema = {"type": "array", "items": _reference(field.section)}
    return made | {"minItems": field.least} if field.least else made


def _of_named_sections(field: Field) -> Schema:
    made: Schema = {
        "type": "object",
        "propertyNames": {"pattern": PATTERNS["name"]},
        "additionalProperties": _reference(field.section),
    }
    return made | {"minProperties": field.least} if field.least else made


_KINDS: Final[dict[str, Callable[[Field], Schema]]] = {
    "text": _of_text,
    "command": _of_text,
    "program": _of_text,
    "name": _of_text,
    "path": _of_text,
    "url": _of_text,
    "tcp": _of_text,
    "pattern": _of_text,
    "choice": _of_choice,
    "flag": _of_flag,
    "count": _of_count,
    "number": _of_number,
    "seconds": _of_seconds,
    "seconds_or_none": _of_seconds,
    "date": _of_text,
    "choices": _of_choices,
    "names": _of_names,
    "variables": _of_variables,
    "paths": _of_paths,
    "environment": _of_environment,
    "ready": _of_ready,
    "section": _of_section,
    "sections": _of_sections,
    "named_sections": _of_named_sections,
}
