"""Any JSON is read or refused as Ollama would, never anything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from readiness.models.generation import Message
from readiness.models.ollama.answering import shorter
from readiness.models.ollama.error import OllamaError
from readiness.models.ollama.request import TextRequest, read_chat, read_generate

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = [
    "model",
    "messages",
    "prompt",
    "stream",
    "options",
    "format",
    "keep_alive",
    "tools",
    "think",
    "logprobs",
    "top_logprobs",
    "images",
    "context",
    "raw",
]


def outcome(read: Callable[[object, int], TextRequest], value: object) -> TextRequest | OllamaError:
    try:
        return read(value, 7)
    except OllamaError as refused:
        return refused


@given(st.dictionaries(st.sampled_from(FIELDS), JSON) | JSON)
def test_any_json_is_read_or_refused(value: Any) -> None:
    for read in (read_chat, read_generate):
        found = outcome(read, value)
        assert isinstance(found, TextRequest) or found.status in (400, 500)


MESSAGES = st.lists(
    st.builds(Message, st.sampled_from(["system", "user", "assistant"]), st.text(max_size=3)),
    min_size=1,
    max_size=6,
)


@given(MESSAGES)
def test_shortening_keeps_the_last_and_every_system_message_and_ends(messages: list[Message]) -> None:
    kept = tuple(messages)
    for _ in messages:
        fewer = shorter(kept)
        if not fewer:
            break
        assert len(fewer) == len(kept) - 1
        assert fewer[-1] == messages[-1]
        kept = fewer
    assert shorter(kept) == ()
    assert [one for one in kept[:-1] if one.role == "system"] == [
        one for one in messages[:-1] if one.role == "system"
    ]
