"""One call while it is under way: what is known so far, and how it becomes a line of the calls file."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from readiness.record.value import replace
from readiness.relay.answer import Answer, error_text, read_answer
from readiness.relay.call import CLIENT_GONE, Call, Tokens
from readiness.relay.counting import error_class, is_counted, is_stand_in, retry_after_seconds
from readiness.relay.events import decoded
from readiness.relay.headers import first
from readiness.relay.prices import cost
from readiness.relay.shapes import Shape

if TYPE_CHECKING:
    from typing import Final

    from readiness.relay.asked import Asked
    from readiness.relay.cassette import Chunk
    from readiness.relay.headers import Fields
    from readiness.relay.plan import Route, Upstream
    from readiness.relay.prices import Prices

KEPT_BYTES: Final = 16 << 20
"""Bytes of an answer that are kept to be read; of a larger one nothing is known but its size."""


@dataclass
class Exchange:
    """`chunks` holds the answer's pieces with their times; `error` the first thing that went wrong."""

    method: str
    path: str = ""
    route: Route | None = None
    upstream: Upstream | None = None
    trial: int | None = None
    asked: Asked | None = None
    status: int | None = None
    answer_fields: Fields = field(default_factory=list)
    chunks: list[Chunk] = field(default_factory=list)
    size: int = 0
    ttft: float | None = None
    error: str = ""
    detail: str = ""
    replay: bool = False
    whole: bool = False
    """Whether the answer came to its end."""
    written: bool = False
    """Whether its line is in the calls file."""
    started: float = field(default_factory=time.monotonic)
    at: float = field(default_factory=time.time)

    @property
    def kind(self) -> str:
        return self.upstream.kind if self.upstream else "other"

    @property
    def began(self) -> str:
        """When the request came, in ISO 8601."""
        return datetime.fromtimestamp(self.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def begin_answer(self, status: int, fields: Fields) -> None:
        self.status, self.answer_fields = status, fields

    def take(self, piece: bytes) -> None:
        """Note a piece of the answer's body."""
        after = time.monotonic() - self.started
        if self.ttft is None:
            self.ttft = after
        self.size += len(piece)
        if self.size <= KEPT_BYTES:
            self.chunks.append((round(after, 4), piece))
        else:
            self.chunks.clear()

    def fail(self, error: str, detail: str = "") -> None:
        """Note what went wrong; what went wrong first stays."""
        self.error, self.detail = (self.error, self.detail) if self.error else (error, detail)

    def body(self) -> bytes | None:
        """The answer's body without content coding; None when it is too large or cannot be decoded."""
        if self.size > KEPT_BYTES:
            return None
        return decoded(
            b"".join(piece for _, piece in self.chunks), first(self.answer_fields, "content-encoding")
        )

    def finish(self, prices: Prices) -> tuple[Call, str]:
        """The finished call, and the text of an error answer."""
        body = self.body()
        shape = self.asked.shape if self.asked else Shape.OTHER
        good = self.status is not None and self.status < 300
        answer = read_answer(shape, body) if body is not None and good else None
        said = error_text(body) if body and not good else ""
        if self.error == CLIENT_GONE and answer and answer.finished and shape is not Shape.OTHER:
            # Some clients hang up at the closing mark of a stream, before the end of the HTTP message.
            self.error = ""
        if self.error == CLIENT_GONE and self.status is not None and self.status >= 400:
            # Others leave at the status of an error, which says it all, and do not wait for its text.
            self.error = ""
        if not self.error and self.status is not None:
            self.error = error_class(self.status, shape, answer)
            self.detail = said or (answer.error if answer else "")
        call = self._call(answer or Answer(), prices)
        return replace(call, counted=is_counted(call, shape, answer)), said

    def _call(self, answer: Answer, prices: Prices) -> Call:
        route, upstream, asked = self.route, self.upstream, self.asked
        model = answer.model or (asked.model if asked else "")
        return Call(
            at=self.began,
            check=route.check if route else "",
            lane=route.lane if route else "",
            token=route.token if route else "",
            trial=self.trial,
            upstream=upstream.name if upstream else "",
            kind=self.kind,
            method=self.method,
            path=self.path,
            model=asked.model if asked else "",
            model_answered=answer.model,
            system_fingerprint=answer.fingerprint,
            identity=upstream.model if upstream else None,
            stream=bool(asked and asked.stream),
            status=self.status,
            tokens=Tokens(answer.prompt_tokens, answer.completion_tokens),
            seconds=round(time.monotonic() - self.started, 4),
            ttft=None if self.ttft is None else round(self.ttft, 4),
            bytes=self.size,
            retry_after=retry_after_seconds(first(self.answer_fields, "retry-after"), time.time()),
            error=self.error,
            detail=self.detail,
            load_seconds=answer.load_seconds,
            cost=None if self.replay else cost(prices, model, answer.prompt_tokens, answer.completion_tokens),
            request_key=asked.key if asked else "",
            response_key=answer.key,
            prompt_key=asked.prompt if asked else "",
            seed=asked.seed if asked else None,
            temperature=asked.temperature if asked else None,
            stand_in=self._stand_in(answer),
            replay=self.replay,
            generation=bool(asked and asked.shape is not Shape.OTHER),
        )

    def _stand_in(self, answer: Answer) -> bool:
        declared = self.upstream is not None and self.upstream.stand_in
        return is_stand_in(declared, first(self.answer_fields, "x-stand-in"), answer.fingerprint)
