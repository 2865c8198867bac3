"""What a model said, gathered from an answer or from the pieces of a streamed one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from readiness.relay.shapes import Shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, Final

    Parts = dict[str, str]
    """What was said, by where it stood: `0 content`, `0 tool 1`."""
    Read = Callable[[Mapping[str, Any], Parts], bool]


def read_content(shape: Shape, objects: Iterable[Mapping[str, Any]]) -> tuple[Parts, bool]:
    """Everything said, and whether the answer has come to its end."""
    parts: Parts = {}
    ends = [READERS[shape](one, parts) for one in objects]
    return parts, any(ends)


def _add(parts: Parts, place: str, text: Any) -> None:
    """Append what is said at a place; what is no text is kept as JSON."""
    if text:
        said = text if isinstance(text, str) else json.dumps(text, sort_keys=True)
        parts[place] = parts.get(place, "") + said


def _mappings(one: Any) -> list[Mapping[str, Any]]:
    return [each for each in one if isinstance(each, dict)] if isinstance(one, list) else []


def _openai(one: Mapping[str, Any], parts: Parts) -> bool:
    """Chat and plain completions, whole (`message`) or streamed (`delta`)."""
    ended = False
    for choice in _mappings(one.get("choices")):
        at = choice.get("index", 0)
        said = choice.get("message") or choice.get("delta") or {}
        _add(parts, f"{at} content", choice.get("text"))
        if isinstance(said, dict):
            for name in ("content", "reasoning_content", "reasoning", "refusal", "function_call", "audio"):
                _add(parts, f"{at} {name}", said.get(name))
            _tool_calls(said.get("tool_calls"), f"{at} tool", parts)
        ended = ended or choice.get("finish_reason") is not None
    return ended


def _tool_calls(calls: Any, place: str, parts: Parts) -> None:
    for number, call in enumerate(_mappings(calls)):
        function = call.get("function")
        if isinstance(function, dict):
            where = f"{place} {call.get('index', number)}"
            _add(parts, where, function.get("name"))
            _add(parts, where, function.get("arguments"))


def _responses(one: Mapping[str, Any], parts: Parts) -> bool:
    """OpenAI's responses: the final object holds all, so what streamed before is not gathered."""
    if one.get("object") != "response" or one.get("status") not in ("completed", "incomplete"):
        return False
    for at, item in enumerate(_mappings(one.get("output"))):
        _add(parts, f"{at} call", item.get("name"))
        _add(parts, f"{at} call", item.get("arguments"))
        for piece in [*_mappings(item.get("content")), *_mappings(item.get("summary"))]:
            _add(parts, f"{at} content", piece.get("text") or piece.get("refusal"))
    return True


def _anthropic(one: Mapping[str, Any], parts: Parts) -> bool:
    for number, block in enumerate(_mappings(one.get("content"))):
        _block(block, str(number), parts)
    at = str(one.get("index", 0))
    for name in ("content_block", "delta"):
        piece = one.get(name)
        if isinstance(piece, dict):
            _block(piece, at, parts)
    return one.get("type") == "message_stop" or (
        one.get("type") == "message" and one.get("stop_reason") is not None
    )


def _block(block: Mapping[str, Any], at: str, parts: Parts) -> None:
    for name in ("text", "thinking", "name", "input", "partial_json"):
        _add(parts, f"{at} {name}", block.get(name))


def _ollama(one: Mapping[str, Any], parts: Parts) -> bool:
    """Ollama's chat (`message`) and generate (`response`)."""
    said = one.get("message")
    if isinstance(said, dict):
        _add(parts, "0 content", said.get("content"))
        _add(parts, "0 thinking", said.get("thinking"))
        for number, call in enumerate(_mappings(said.get("tool_calls"))):
            _add(parts, f"0 tool {number}", call.get("function"))
    _add(parts, "0 content", one.get("response"))
    _add(parts, "0 thinking", one.get("thinking"))
    return one.get("done") is True


def _embeddings(one: Mapping[str, Any], parts: Parts) -> bool:
    """OpenAI's `data[].embedding`, Ollama's `embeddings` and older `embedding`."""
    found = [each.get("embedding") for each in _mappings(one.get("data"))]
    _add(
        parts, "embedding", [each for each in found if each] or one.get("embeddings") or one.get("embedding")
    )
    return "embedding" in parts


def _nothing(_one: Mapping[str, Any], _parts: Parts) -> bool:
    return False


READERS: Final[Mapping[Shape, Read]] = {
    Shape.CHAT: _openai,
    Shape.COMPLETIONS: _openai,
    Shape.RESPONSES: _responses,
    Shape.EMBEDDINGS: _embeddings,
    Shape.MESSAGES: _anthropic,
    Shape.OLLAMA_CHAT: _ollama,
    Shape.OLLAMA_GENERATE: _ollama,
    Shape.OLLAMA_EMBED: _embeddings,
    Shape.OTHER: _nothing,
}
