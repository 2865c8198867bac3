"""OpenAI's answers: the completion, its chunks, and the models, as JSON values.

https://platform.openai.com/docs/api-reference/chat/object and `…/chat-streaming`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from readiness.models.tools import Call, parse_call

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from readiness.models.generation import Answer, TokenLogprob, Usage
    from readiness.models.identity import Identity


@dataclass(frozen=True)
class Stamp:
    """What every part of one answer carries: its id, when it was made (seconds since 1970), by which model and weights."""

    identifier: str
    created: int
    model: str
    fingerprint: str

    def completion(self, choices: list[dict[str, Any]], usage: Usage) -> dict[str, Any]:
        return self._head("chat.completion") | {"choices": choices, "usage": usage_json(usage)}

    def chunk(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return self._head("chat.completion.chunk") | {"choices": choices}

    def _head(self, kind: str) -> dict[str, Any]:
        return {
            "id": self.identifier,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "system_fingerprint": self.fingerprint,
        }


def usage_json(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }


def logprobs_json(tokens: Sequence[TokenLogprob]) -> dict[str, Any]:
    content = [one.to_json() | {"top_logprobs": [other.to_json() for other in one.top]} for one in tokens]
    return {"content": content, "refusal": None}


def choice_json(index: int, answer: Answer, calling: bool, logprobs: bool, call_id: str) -> dict[str, Any]:
    """One choice of a whole completion. `calling`: the text is a call, or an answer in words, written as JSON."""
    said = parse_call(answer.text) if calling else answer.text
    message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None, "annotations": []}
    if isinstance(said, Call):
        message["tool_calls"] = [call_json(said, call_id)]
    else:
        message["content"] = said
    return {
        "index": index,
        "message": message,
        "logprobs": logprobs_json(answer.logprobs) if logprobs and not calling else None,
        "finish_reason": finish_of(answer, said),
    }


def finish_of(answer: Answer, said: Call | str) -> str:
    return "tool_calls" if isinstance(said, Call) and answer.finish == "stop" else answer.finish


def call_json(call: Call, call_id: str) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def delta_json(
    index: int, delta: dict[str, Any], finish: str | None = None, logprobs: dict[str, Any] | None = None
) -> dict[str, Any]:
    """One choice of a chunk."""
    return {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}


def said_deltas(said: Call | str, call_id: str) -> dict[str, Any]:
    """The delta that brings a whole call, or a whole answer in words, at once."""
    if isinstance(said, Call):
        return {"tool_calls": [{"index": 0} | call_json(said, call_id)]}
    return {"content": said}


def model_json(identity: Identity) -> dict[str, Any]:
    """A model as `/v1/models` lists it; `identity` is ours, and clients ignore what they do not know."""
    return {
        "id": identity.name,
        "object": "model",
        "created": identity.modified,
        "owned_by": identity.server,
        "identity": identity.to_json(),
    }
