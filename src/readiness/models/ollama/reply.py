"""Ollama's answers as JSON values. Durations are in nanoseconds, times in RFC 3339."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Final

    from readiness.models.generation import TokenLogprob, Usage
    from readiness.models.served import Served
    from readiness.models.tools import Call

_END_OF_TIME: Final = "2318-01-01T00:00:00Z"
"""When a model that is kept for ever expires: the end of Go's durations, about."""
_HIDDEN: Final = frozenset(("general.name", "tokenizer.chat_template"))


def rfc3339(seconds: float) -> str:
    if math.isinf(seconds):
        return _END_OF_TIME
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def metrics(usage: Usage, total_seconds: float, load_seconds: float) -> dict[str, int]:
    """What the last part of an answer says of time and tokens."""
    return {
        "total_duration": round(total_seconds * 1e9),
        "load_duration": round(load_seconds * 1e9),
        "prompt_eval_count": usage.prompt_tokens,
        "prompt_eval_duration": round(usage.prompt_ms * 1e6),
        "eval_count": usage.completion_tokens,
        "eval_duration": round(usage.completion_ms * 1e6),
    }


def logprobs_json(tokens: Sequence[TokenLogprob]) -> list[dict[str, Any]]:
    return [
        {"token": one.token, "logprob": one.logprob}
        | (
            {"top_logprobs": [{"token": other.token, "logprob": other.logprob} for other in one.top]}
            if one.top
            else {}
        )
        for one in tokens
    ]


def call_json(call: Call, arguments: dict[str, Any], identifier: str) -> dict[str, Any]:
    return {"id": identifier, "function": {"index": 0, "name": call.name, "arguments": arguments}}


def details(served: Served) -> dict[str, Any]:
    identity = served.identity
    return {
        "parent_model": "",
        "format": "gguf",
        "family": identity.family,
        "families": [identity.family],
        "parameter_size": identity.parameter_size,
        "quantization_level": identity.quantisation,
    }


def listed(served: Served) -> dict[str, Any]:
    """The model as `/api/tags` lists it; `/api/ps` adds to it."""
    identity = served.identity
    return {
        "name": identity.name,
        "model": identity.name,
        "modified_at": rfc3339(identity.modified),
        "size": identity.size,
        "digest": identity.digest,
        "details": details(served),
    }


def loaded(served: Served) -> dict[str, Any]:
    """The model as `/api/ps` lists it while it is loaded."""
    entry = listed(served)
    del entry["modified_at"]
    expires = rfc3339(served.turns.expires_at)
    return entry | {"expires_at": expires, "size_vram": 0, "context_length": served.context}


def shown(served: Served) -> dict[str, Any]:
    """The model as `/api/show` describes it; `identity` is ours, and clients ignore what they do not know."""
    metadata = served.header.metadata
    return {
        "license": served.licence or served.header.text("general.license"),
        "modelfile": f"# {served.identity.name}, served by readiness\nFROM {served.identity.name}\n",
        "parameters": "",
        "template": served.header.text("tokenizer.chat_template"),
        "details": details(served),
        "model_info": {key: value for key, value in metadata.items() if key not in _HIDDEN}
        | {"general.parameter_count": served.identity.parameters},
        "capabilities": ["completion", "tools"],
        "modified_at": rfc3339(served.identity.modified),
        "identity": served.identity.to_json(),
    }
