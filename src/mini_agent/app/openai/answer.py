"""OpenAI's answers: a chat completion, its chunks, and the list of models."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mini_agent.conversation import Reply, ToolCall

_WORD: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
STAND_IN: Final = "stand-in"
"""The fingerprint of what no model said; whoever counts calls of models must not count these."""


def marked(stand_in: str) -> dict[str, str]:
    """The header that names a stand-in. The name may be another server's word: what is no plain word is not repeated."""
    if not stand_in:
        return {}
    return {"x-stand-in": stand_in if _WORD.fullmatch(stand_in) else STAND_IN}


def _new_id() -> str:
    return f"chatcmpl-{secrets.token_hex(12)}"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What every part of one answer carries."""

    model: str
    id: str = field(default_factory=_new_id)
    created: int = field(default_factory=lambda: int(time.time()))

    def completion(self, replies: Sequence[Reply]) -> dict[str, Any]:
        """The whole answer. Usage is the sum of what the server counted for each choice."""
        body = {
            "id": self.id,
            "object": "chat.completion",
            "created": self.created,
            "model": replies[0].model or self.model,
            "choices": [_choice(index, reply) for index, reply in enumerate(replies)],
            "usage": usage(replies),
        }
        if any(reply.stand_in for reply in replies):
            body["system_fingerprint"] = STAND_IN
        return body

    def chunk(self, choices: list[dict[str, Any]], stand_in: str = "") -> dict[str, Any]:
        body = {
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model,
            "choices": choices,
        }
        if stand_in:
            body["system_fingerprint"] = STAND_IN
        return body


def usage(replies: Iterable[Reply]) -> dict[str, int]:
    counted = [reply.usage for reply in replies]
    prompt = sum(one.prompt for one in counted)
    completion = sum(one.completion for one in counted)
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def call_json(call: ToolCall) -> dict[str, Any]:
    return {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments_text},
    }


def _choice(index: int, reply: Reply) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": reply.content, "refusal": None}
    if reply.tool_calls:
        message["content"] = reply.content or None
        message["tool_calls"] = [call_json(call) for call in reply.tool_calls]
    return {"index": index, "message": message, "logprobs": None, "finish_reason": reply.finish_reason}


def delta(index: int, said: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"index": index, "delta": said, "logprobs": None, "finish_reason": finish}


def last_deltas(index: int, reply: Reply, sent: int) -> list[dict[str, Any]]:
    """What is left once a reply is whole: text after the first `sent` characters, its calls, its end."""
    parts = []
    if reply.content[sent:]:
        parts.append(delta(index, {"content": reply.content[sent:]}))
    if reply.tool_calls:
        calls = [{"index": place, **call_json(call)} for place, call in enumerate(reply.tool_calls)]
        parts.append(delta(index, {"tool_calls": calls}))
    return [*parts, delta(index, {}, reply.finish_reason)]


def models_json(names: Iterable[str], created: int, owner: str) -> dict[str, Any]:
    listed = [{"id": name, "object": "model", "created": created, "owned_by": owner} for name in names]
    return {"object": "list", "data": listed}
