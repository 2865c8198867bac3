"""Reads an answer: who gave it, whether it says anything, whether it is whole, and what it cost in tokens.

Works on a copy, after the answer has passed. Fields follow OpenAI's API reference, Ollama's docs/api.md and
Anthropic's Messages API.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from readiness.record.value import value
from readiness.relay.content import read_content
from readiness.relay.events import read_events
from readiness.relay.shapes import Shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any


@value
class Answer:
    """`content` says whether the model said anything at all; `finished` whether the answer has its end.

    `error` is the message of an error that came under a good status. `load_seconds` is how long the server says
    it loaded the model. `key` is equal for answers that say the same. Unknown counts are None, never guessed.
    """

    model: str = ""
    fingerprint: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    content: bool = False
    finished: bool = False
    error: str = ""
    load_seconds: float | None = None
    key: str = ""


def read_answer(shape: Shape, body: bytes) -> Answer:
    """Read an answer's whole body, without content coding."""
    if shape is Shape.OTHER:
        return Answer(content=bool(body.strip()), finished=True, key=_digest(body))
    events, done = read_events(body)
    objects = [inner for event in events if isinstance(event, dict) for inner in _unwrapped(event)]
    parts, ended = read_content(shape, objects)
    prompt, completion = _tokens(objects)
    return Answer(
        model=_last_text(objects, "model"),
        fingerprint=_last_text(objects, "system_fingerprint"),
        prompt_tokens=prompt,
        completion_tokens=completion,
        content=any(text.strip() for text in parts.values()),
        finished=done or ended,
        error=_error(objects),
        load_seconds=_load_seconds(objects),
        key=_digest(json.dumps(sorted(parts.items())).encode()) if parts else _digest(body),
    )


def error_text(body: bytes) -> str:
    """The message of an error answer in any of the APIs' shapes, or the start of its text."""
    events, _ = read_events(body)
    found = _error([event for event in events if isinstance(event, dict)])
    return found or body[:200].decode("utf-8", "replace").strip()


def _unwrapped(event: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """An event, and the message (Anthropic) or response (OpenAI) that it carries."""
    yield event
    for name in ("message", "response"):
        inner = event.get(name)
        if isinstance(inner, dict) and event.get("type"):
            yield inner


def _last_text(objects: Iterable[Mapping[str, Any]], name: str) -> str:
    found = [one[name] for one in objects if isinstance(one.get(name), str)]
    return found[-1][:200] if found else ""


def _error(objects: Iterable[Mapping[str, Any]]) -> str:
    for one in objects:
        error = one.get("error")
        if isinstance(error, dict):
            return str(error.get("message") or error.get("type") or "error")[:500]
        if error:
            return str(error)[:500]
    return ""


def _tokens(objects: Iterable[Mapping[str, Any]]) -> tuple[int | None, int | None]:
    """Prompt and completion tokens; the last word on each counts, since streams repeat them as they grow."""
    prompt = completion = None
    for one in objects:
        usage = one.get("usage")
        told = usage if isinstance(usage, dict) else {}
        prompt = _first_count(
            _anthropic_prompt(told), told.get("prompt_tokens"), one.get("prompt_eval_count"), prompt
        )
        completion = _first_count(
            told.get("output_tokens"), told.get("completion_tokens"), one.get("eval_count"), completion
        )
    return prompt, completion


def _anthropic_prompt(usage: Mapping[str, Any]) -> int | None:
    """`input_tokens` (Anthropic, OpenAI responses); Anthropic counts what its cache wrote or gave apart from it."""
    plain = _first_count(usage.get("input_tokens"))
    cached = (usage.get("cache_creation_input_tokens"), usage.get("cache_read_input_tokens"))
    return None if plain is None else plain + sum(_first_count(one) or 0 for one in cached)


def _first_count(*candidates: Any) -> int | None:
    return next(
        (one for one in candidates if isinstance(one, int) and not isinstance(one, bool) and one >= 0), None
    )


def _load_seconds(objects: Iterable[Mapping[str, Any]]) -> float | None:
    """Ollama's `load_duration`, in seconds (it counts nanoseconds)."""
    found = [one["load_duration"] for one in objects if isinstance(one.get("load_duration"), int)]
    return round(found[-1] / 1e9, 3) if found else None


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32] if data else ""
