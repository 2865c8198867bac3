"""Which API a request speaks, told by its path: one server may offer several (Ollama also speaks OpenAI's)."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final


class Shape(StrEnum):
    """A kind of request and answer. All but `OTHER` ask a model for an answer."""

    CHAT = "chat/completions"
    COMPLETIONS = "completions"
    RESPONSES = "responses"
    EMBEDDINGS = "embeddings"
    MESSAGES = "messages"
    OLLAMA_CHAT = "api/chat"
    OLLAMA_GENERATE = "api/generate"
    OLLAMA_EMBED = "api/embed"
    OTHER = ""


PATHS: Final = (
    (re.compile(r"(?:.*/)?chat/completions"), Shape.CHAT),
    (re.compile(r"(?:.*/)?completions"), Shape.COMPLETIONS),
    (re.compile(r"(?:.*/)?responses"), Shape.RESPONSES),
    (re.compile(r"(?:.*/)?api/chat"), Shape.OLLAMA_CHAT),
    (re.compile(r"(?:.*/)?api/generate"), Shape.OLLAMA_GENERATE),
    (re.compile(r"(?:.*/)?api/embed(?:dings)?"), Shape.OLLAMA_EMBED),
    (re.compile(r"(?:.*/)?embeddings"), Shape.EMBEDDINGS),
    # Not `threads/<id>/messages`, which stores one.
    (re.compile(r"/*(?:v\d+/)?messages"), Shape.MESSAGES),
)
STREAMS_BY_DEFAULT: Final = (Shape.OLLAMA_CHAT, Shape.OLLAMA_GENERATE)


def shape_of(method: str, path: str) -> Shape:
    """The shape of a request to `path`, which stands below the upstream's base."""
    if method != "POST":
        return Shape.OTHER
    plain = path.rstrip("/")
    return next((shape for pattern, shape in PATHS if pattern.fullmatch(plain)), Shape.OTHER)
