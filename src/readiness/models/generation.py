"""One request to the engine, and what comes back, as values: both fronts speak in these.

The engine's JSON is llama.cpp's (`tools/server/README.md` of ggml-org/llama.cpp); nothing outside this module
and `engine` knows it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Final

LARGEST_SEED: Final = 2**31 - 1
LOWEST_LOGPROB: Final = -9999.0
"""What OpenAI writes for a token that cannot occur."""
_SEED_STEP: Final = 0x9E3779B1
"""2^32 over the golden ratio: consecutive multiples spread evenly (Knuth, TAOCP 3, section 6.4)."""


@dataclass(frozen=True)
class Message:
    """One message as the model's template takes it: `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True)
class Sampling:
    """How a token is drawn. `max_tokens` None: until the context is full. `seed` is always set, so a run can be repeated."""

    seed: int
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    typical_p: float = 1.0
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    repeat_penalty: float = 1.0
    repeat_last_n: int = 64


@dataclass(frozen=True)
class Generation:
    """What to generate: a chat, or, when `messages` is empty, the continuation of a raw `prompt`.

    `grammar` constrains the output (see `constrain`); `logprobs` asks for that many alternatives a token, None for none.
    """

    sampling: Sampling
    messages: tuple[Message, ...] = ()
    prompt: str = ""
    grammar: str = ""
    logprobs: int | None = None


@dataclass(frozen=True)
class TokenLogprob:
    """One token, its natural log-probability before sampling, and the likeliest alternatives in order."""

    token: str
    logprob: float
    top: tuple[TokenLogprob, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {"token": self.token, "logprob": self.logprob, "bytes": list(self.token.encode())}


@dataclass(frozen=True)
class Usage:
    """Tokens and milliseconds, as the engine counted them. `cached_tokens` of the prompt were not computed again."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    prompt_ms: float = 0.0
    completion_ms: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        """The usage of several answers to one prompt, which is counted once."""
        return Usage(
            max(self.prompt_tokens, other.prompt_tokens),
            max(self.cached_tokens, other.cached_tokens),
            self.completion_tokens + other.completion_tokens,
            self.prompt_ms + other.prompt_ms,
            self.completion_ms + other.completion_ms,
        )


@dataclass(frozen=True)
class Piece:
    """A part of the answer as it arrives. The last one has `finish` (`stop` or `length`) and `usage`."""

    text: str = ""
    logprobs: tuple[TokenLogprob, ...] = ()
    finish: str = ""
    usage: Usage | None = None


class EngineRefusal(Exception):
    """The engine will not run this request: `status` 400 is the request's fault, 500 the engine's.

    `prompt_tokens` and `context` are set when the prompt does not fit, both in tokens.
    """

    def __init__(self, status: int, message: str, prompt_tokens: int = 0, context: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.prompt_tokens = prompt_tokens
        self.context = context

    @property
    def too_long(self) -> bool:
        return self.context > 0


@dataclass(frozen=True)
class Answer:
    """A whole answer: every piece of one generation put together."""

    text: str = ""
    logprobs: tuple[TokenLogprob, ...] = ()
    finish: str = "stop"
    usage: Usage = field(default_factory=Usage)


def put_together(pieces: Sequence[Piece]) -> Answer:
    finish = next((piece.finish for piece in pieces if piece.finish), "stop")
    usage = next((piece.usage for piece in pieces if piece.usage), Usage())
    logprobs = tuple(one for piece in pieces for one in piece.logprobs)
    return Answer("".join(piece.text for piece in pieces), logprobs, finish, usage)


def derived_seed(seed: int, index: int) -> int:
    """The seed of the `index`-th answer to one request: the first keeps `seed`, the others spread from it."""
    return (seed + index * _SEED_STEP) & LARGEST_SEED if index else seed


def with_seed(generation: Generation, seed: int) -> Generation:
    return replace(generation, sampling=replace(generation.sampling, seed=seed))


def engine_body(generation: Generation) -> bytes:
    """The engine's request for `generation`: always streamed, with progress, so that it can be cancelled early."""
    sampling = generation.sampling
    body: dict[str, Any] = {
        "stream": True,
        "stream_options": {"include_usage": True},
        "return_progress": True,
        "cache_prompt": True,
        "seed": sampling.seed & 0xFFFFFFFF,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
        "typical_p": sampling.typical_p,
        "presence_penalty": sampling.presence_penalty,
        "frequency_penalty": sampling.frequency_penalty,
        "repeat_penalty": sampling.repeat_penalty,
        "repeat_last_n": sampling.repeat_last_n,
        "max_tokens": -1 if sampling.max_tokens is None else sampling.max_tokens,
    }
    body |= _content(generation)
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if generation.grammar:
        body["grammar"] = generation.grammar
    return json.dumps(body).encode()


def _content(generation: Generation) -> dict[str, Any]:
    """The chat or the prompt, with the log-probabilities in the words of the route that takes it."""
    asked = None if generation.logprobs is None else max(1, generation.logprobs)
    if generation.messages:
        messages = [{"role": one.role, "content": one.content} for one in generation.messages]
        return {"messages": messages} | ({"logprobs": True, "top_logprobs": asked} if asked else {})
    return {"prompt": generation.prompt} | ({"logprobs": asked} if asked else {})


def read_event(event: Mapping[str, Any], logprobs: int | None) -> Piece:
    """One event of the engine's stream. Raises EngineRefusal when it is an error."""
    if error := event.get("error"):
        raise EngineRefusal(
            400 if error.get("code") == 400 else 500,
            str(error.get("message", "the engine gave no reason")),
            error.get("n_prompt_tokens", 0),
            error.get("n_ctx", 0),
        )
    choices = event.get("choices")
    usage = _usage(event) if event.get("usage") or event.get("timings") else None
    if not choices:
        return Piece(usage=usage)
    choice = choices[0]
    text = choice.get("text") or choice.get("delta", {}).get("content") or ""
    tokens = () if logprobs is None else _logprobs(choice.get("logprobs"), logprobs)
    return Piece(text, tokens, choice.get("finish_reason") or "", usage)


def _usage(event: Mapping[str, Any]) -> Usage | None:
    timings = event.get("timings")
    if not timings:
        return None
    return Usage(
        prompt_tokens=timings["cache_n"] + timings["prompt_n"],
        cached_tokens=timings["cache_n"],
        completion_tokens=timings["predicted_n"],
        prompt_ms=timings["prompt_ms"],
        completion_ms=timings["predicted_ms"],
    )


def _logprobs(found: Mapping[str, Any] | None, top: int) -> tuple[TokenLogprob, ...]:
    content = (found or {}).get("content") or ()
    return tuple(
        _token(one, tuple(_token(other) for other in one.get("top_logprobs", ())[:top])) for one in content
    )


def _token(found: Mapping[str, Any], top: tuple[TokenLogprob, ...] = ()) -> TokenLogprob:
    logprob = found.get("logprob")
    return TokenLogprob(found.get("token", ""), LOWEST_LOGPROB if logprob is None else logprob, top)
