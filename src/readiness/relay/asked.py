"""Reads a request: the model, seed and temperature it names, and the key under which its answers are kept."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from readiness.record.value import value
from readiness.relay.shapes import STREAMS_BY_DEFAULT, Shape

if TYPE_CHECKING:
    from typing import Any, Final

VOLATILE: Final = frozenset(("user", "metadata", "prompt_cache_key", "safety_identifier"))
"""Fields of a body that name who asks, not what is asked."""
SECRET_PARAMETERS: Final = frozenset(("key", "api_key", "api-key", "apikey", "access_token", "token"))
"""Parameters of a query that carry a credential."""


@value
class Asked:
    """What a request asks. `normal` is its body for reading and comparing: JSON without volatile fields, or text.

    `key` is a SHA-256 of method, path, query and body, seed and temperature included, shortened to 32 digits.
    `prompt` is the same without the seed: equal for trials of one question.
    """

    shape: Shape
    model: str
    stream: bool
    seed: int | None
    temperature: float | None
    query: tuple[tuple[str, str], ...]
    normal: Any
    key: str
    prompt: str


def read_asked(shape: Shape, method: str, path: str, query: str, content_type: str, body: bytes) -> Asked:
    """Read a request whose body is whole."""
    normal = normalise(body, content_type)
    asked = normal if isinstance(normal, dict) else {}
    raw_options = asked.get("options")
    options = {**asked, **raw_options} if isinstance(raw_options, dict) else asked
    parameters = query_without_secrets(query)
    return Asked(
        shape=shape,
        model=_text(asked.get("model")),
        stream=_streams(asked, shape),
        seed=_whole(options.get("seed")),
        temperature=_real(options.get("temperature")),
        query=parameters,
        normal=normal,
        key=request_key(method, path, parameters, normal),
        prompt=request_key(method, path, parameters, _without_seed(normal)),
    )


def normalise(body: bytes, content_type: str) -> Any:
    """A body in the form in which equal requests are equal: parsed JSON, text, or the digest of other bytes.

    A multipart body's boundary is drawn at random by its sender and is replaced.
    """
    if boundary := re.search(r'boundary="?([^";,]+)', content_type):
        body = body.replace(boundary.group(1).strip().encode("utf-8", "replace"), b"boundary")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return f"sha256:{hashlib.sha256(body).hexdigest()}"
    try:
        data = json.loads(text)
        json.dumps(data, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (ValueError, RecursionError):
        return text
    return (
        {name: data[name] for name in sorted(data) if name not in VOLATILE}
        if isinstance(data, dict)
        else data
    )


def request_key(method: str, path: str, query: tuple[tuple[str, str], ...], normal: Any) -> str:
    """Equal for requests that ask the same thing."""
    content = json.dumps(
        [method, path, query, normal], sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def _without_seed(normal: Any) -> Any:
    if not isinstance(normal, dict):
        return normal
    kept = {name: one for name, one in normal.items() if name != "seed"}
    options = kept.get("options")
    if isinstance(options, dict):
        kept["options"] = {name: one for name, one in options.items() if name != "seed"}
    return kept


def query_without_secrets(query: str) -> tuple[tuple[str, str], ...]:
    """The parameters in order of their names, without those that carry a credential."""
    parameters = parse_qsl(query, keep_blank_values=True, errors="replace", max_num_fields=None)
    return tuple(sorted((name, one) for name, one in parameters if name.lower() not in SECRET_PARAMETERS))


def _streams(asked: dict[str, Any], shape: Shape) -> bool:
    return bool(asked.get("stream", shape in STREAMS_BY_DEFAULT))


def _text(one: Any) -> str:
    return one[:200] if isinstance(one, str) else ""


def _whole(one: Any) -> int | None:
    return one if isinstance(one, int) and not isinstance(one, bool) else None


def _real(one: Any) -> float | None:
    return (
        float(one) if isinstance(one, (int, float)) and not isinstance(one, bool) and abs(one) < 1e9 else None
    )
