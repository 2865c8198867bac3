"""The part of docs/config.md that lists every key, made from the tables of fields."""

from __future__ import annotations

from readiness.config.fields import KINDS, SECTIONS
from readiness.config.numbers import bounds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from readiness.config.fields import Field

MARK: Final = "<!-- From here on made by `readiness.config.reference`; a test compares. -->"
"""Stands in docs/config.md before what `reference` returns."""

_NUMBERS: Final = ("count", "number", "seconds", "seconds_or_none")
_HEADINGS: Final = {
    "root": "The file",
    "defaults": "defaults",
    "gate": "gates.*name*",
    "service": "services.*name*",
    "ready": "services.*name*.ready",
    "check": "checks[]",
    "trials": "checks[].trials",
    "budget": "checks[].trials.budget",
    "quarantine": "quarantine[]",
    "old_root": "The old form: the file",
    "old_check": "The old form: checks[]",
}


def reference() -> str:
    """Markdown: a table of keys for each section, in the order of the tables."""
    return "\n".join(_section(name, heading) for name, heading in _HEADINGS.items())


def _section(name: str, heading: str) -> str:
    rows = "\n".join(_row(field) for field in SECTIONS[name].values())
    return f"## {heading}\n\n| key | value | default | meaning |\n|---|---|---|---|\n{rows}\n"


def _row(field: Field) -> str:
    cells = (f"`{field.name}`", _value(field), _default(field), field.doc)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _value(field: Field) -> str:
    if field.choices:
        words = ", ".join(f"`{choice}`" for choice in field.choices)
        return f"{'a list of' if field.kind == 'choices' else 'one of'} {words}"
    limits = bounds(field).removesuffix(", or none")
    return f"{KINDS[field.kind]} ({limits})" if limits and field.kind in _NUMBERS else KINDS[field.kind]


def _default(field: Field) -> str:
    if field.required:
        return "required"
    if field.default is None or field.default == "":
        return ""
    if isinstance(field.default, bool):
        return "`true`" if field.default else "`false`"
    return f"`{field.default}`" if isinstance(field.default, str) else f"`{field.default:g}`"
