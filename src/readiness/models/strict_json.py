"""Reads a request's JSON as the real servers do: no NaN, no lone surrogates, no endless nesting."""

from __future__ import annotations

import json
from typing import Any


class BadJson(Exception):
    """The body is no JSON. `at` is the offset where reading stopped, `character` what stands there; both empty at its end."""

    def __init__(self, at: int, character: str) -> None:
        super().__init__(f"invalid JSON at offset {at}")
        self.at = at
        self.character = character


def read_json(body: bytes) -> Any:
    """The value of `body`. Raises BadJson."""
    try:
        text = body.decode("utf-8")
        value = json.loads(text, parse_constant=_refuse_constant)
        if "\\u" in text:  # a lone surrogate can only come as an escape
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as error:
        raise BadJson(error.pos, text[error.pos : error.pos + 1]) from error
    except UnicodeError as error:
        raise BadJson(getattr(error, "start", 0), "\N{REPLACEMENT CHARACTER}") from error
    except (ValueError, RecursionError) as error:
        raise BadJson(0, text.lstrip()[:1]) from error
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
