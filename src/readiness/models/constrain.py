"""Output that must follow a JSON schema: the grammar for the engine, and what it cannot enforce.

The engine's grammars are LLGuidance's (https://github.com/guidance-ai/llguidance, `docs/syntax.md`). A schema
that it cannot compile switches the constraint off without a word; `Turn.enforces` finds that out by asking, and
`culprits` names the likely reason.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from readiness.models.word_set import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, Final

LAYOUT: Final = {
    "whitespace_flexible": False,
    "key_separator": ": ",
    "item_separator": ", ",
    "lenient": False,
}
"""One layout, so that no tokens go into blanks and text can be taken apart where the keys are known."""

ANY_OBJECT: Final[Mapping[str, Any]] = {"type": "object"}

UNENFORCED: Final = words(
    "not if then else uniqueItems contains minContains maxContains dependentRequired dependentSchemas dependencies "
    "propertyNames unevaluatedProperties unevaluatedItems $dynamicRef $recursiveRef"
)
FORMATS: Final = words("date-time time date duration email hostname ipv4 ipv6 uuid uri unknown")
_UNENFORCED_PATTERN: Final = re.compile(r"\(\?[=!<]|\\[1-9bB]")
_HOLDS_NAMES: Final = frozenset(("properties", "patternProperties", "$defs", "definitions"))
_HOLDS_VALUES: Final = frozenset(("const", "enum", "default", "examples"))


def grammar_of(schema: Mapping[str, Any]) -> str:
    """The engine's grammar for exactly the JSON texts that `schema` allows, in one layout."""
    return f"%llguidance {{}}\nstart: %json {json.dumps({**schema, 'x-guidance': LAYOUT})}\n"


def culprits(schema: object) -> list[str]:
    """Each place in `schema` that asks for what no grammar here can enforce, as `#/path: keyword`."""
    return [f"{place}: {what}" for place, what in _walk(schema, "#")]


def _walk(schema: object, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(schema, list):
        for index, item in enumerate(schema):
            yield from _walk(item, f"{place}/{index}")
    if not isinstance(schema, dict):
        return
    for key, value in schema.items():
        if key in UNENFORCED:
            yield place, key
        elif key == "format" and value not in FORMATS:
            yield place, f"format {value!r}"
        elif key == "pattern" and isinstance(value, str) and _UNENFORCED_PATTERN.search(value):
            yield place, f"pattern {value!r}"
        elif key in _HOLDS_NAMES and isinstance(value, dict):
            for name, inner in value.items():
                yield from _walk(inner, f"{place}/{key}/{name}")
        elif key not in _HOLDS_VALUES:
            yield from _walk(value, f"{place}/{key}")
