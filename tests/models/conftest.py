"""A front without a model: an engine that follows a script, and the ASGI application around it."""

from __future__ import annotations

import asyncio
import json
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from readiness.models.app import App
from readiness.models.generation import EngineRefusal, Generation, Piece, Usage
from readiness.models.gguf import Header
from readiness.models.identity import Identity
from readiness.models.served import Served, names_of
from readiness.models.turns import FOREVER, Turns

DIGEST = "ab" * 32


@dataclass
class ScriptedEngine:
    """Answers with `script(generation)`, a text cut into pieces of one word; remembers what it was asked."""

    script: Callable[[Generation], str]
    asked: list[Generation] = field(default_factory=list)
    enforceable: bool = True
    breaks_after: int | None = None
    """The engine fails after so many pieces."""
    context: int = 1000
    hold: threading.Event | None = None
    """While it is there and not set, an answer stays in its prompt, showing progress."""
    stopped: int = 0
    closed: int = 0

    def generate(self, generation: Generation, on_piece: Callable[[Piece], bool]) -> None:
        self.asked.append(generation)
        told = generation.prompt.split() + [
            word for one in generation.messages for word in one.content.split()
        ]
        if len(told) > self.context:
            raise EngineRefusal(400, "too long", len(told), self.context)
        while self.hold and not self.hold.wait(0.01):
            if on_piece(Piece()):
                self.stopped += 1
                return
        text = self.script(generation)
        pieces = [word + " " for word in text.split(" ")]
        pieces[-1] = pieces[-1][:-1]
        most = generation.sampling.max_tokens
        for sent, piece in enumerate(pieces[:most]):
            if sent == self.breaks_after:
                raise EngineRefusal(500, "the engine broke")
            if on_piece(Piece(piece)):
                self.stopped += 1
                return
        done = Usage(len(told), 1, len(pieces[:most]), 2.0, 3.0)
        on_piece(Piece(finish="stop" if most is None or len(pieces) <= most else "length"))
        on_piece(Piece(usage=done))

    def enforces(self, schema: Mapping[str, Any]) -> bool:
        return self.enforceable

    def close(self) -> None:
        self.closed += 1


@dataclass(frozen=True)
class Answered:
    """One HTTP answer, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    writes: int

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.body.splitlines()]

    @property
    def events(self) -> list[Any]:
        """The data of each server-sent event; the last is the text `[DONE]`."""
        found = [event.removeprefix(b"data: ") for event in self.body.strip().split(b"\n\n")]
        return [event.decode() if event == b"[DONE]" else json.loads(event) for event in found]


@dataclass
class Front:
    """The application with a scripted engine behind it. `ask` runs one exchange in a loop of its own."""

    engine: ScriptedEngine
    slots: int = 2
    queue: int = 2
    allowed_hosts: frozenset[str] | None = frozenset()
    token: str = ""
    limit: int = 100_000
    keep_alive: float = FOREVER

    def app(self) -> App:
        identity = Identity(
            "toy:1b", DIGEST, 7, "Q4_1", 134_515_008, "llama", 2048, 0, "readiness", "9", "toy", "1"
        )
        turns = Turns(lambda: self.engine, self.slots, self.queue, self.keep_alive)  # type: ignore[arg-type,return-value]
        served = Served(
            identity, names_of("toy:1b", ("toy",)), Header({"general.license": "mit"}, 1), turns, 2048
        )
        return App(served, self.allowed_hosts, self.token, self.limit)

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answered:
        async def once() -> Answered:
            app = self.app()
            try:
                return await exchange(app, method, path, body, **headers)
            finally:
                app.served.turns.close()

        return asyncio.run(once())

    def post(self, path: str, body: object) -> Answered:
        return self.ask("POST", path, body)


async def exchange(app: App, method: str, path: str, body: object = None, **headers: str) -> Answered:
    """One exchange with a client that stays until the answer is complete."""
    path, _, query = path.partition("?")
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    sent: list[dict[str, Any]] = []
    waiting = [{"type": "http.request", "body": raw, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if waiting:
            return waiting.pop()
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    named = {"host": "127.0.0.1:1"} | {name.replace("_", "-"): value for name, value in headers.items()}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in named.items()],
    }
    await app(scope, receive, send)
    start, *bodies = sent
    found = {name.decode(): value.decode() for name, value in start["headers"]}
    assert bodies[-1]["more_body"] is False
    return Answered(start["status"], found, b"".join(one["body"] for one in bodies), len(bodies))


@pytest.fixture
def front() -> Front:
    return Front(ScriptedEngine(lambda _: "It is Paris."))


@pytest.fixture(scope="session")
def exchanging() -> Callable[..., Any]:
    return exchange


@pytest.fixture(scope="session")
def scripted() -> type[ScriptedEngine]:
    return ScriptedEngine


@pytest.fixture(scope="session")
def fronted() -> type[Front]:
    return Front


def _text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def written_gguf(
    texts: Mapping[str, str], numbers: Mapping[str, int], tensors: list[tuple[int, ...]]
) -> bytes:
    """A GGUF header with some text and unsigned values, a vocabulary array, and tensors of these shapes."""
    pairs = [_text(key) + struct.pack("<I", 8) + _text(value) for key, value in texts.items()]
    pairs += [_text(key) + struct.pack("<II", 4, value) for key, value in numbers.items()]
    pairs.append(_text("tokens") + struct.pack("<IIQ", 9, 8, 2) + _text("a") + _text("bc"))
    pairs.append(_text("scores") + struct.pack("<IIQ", 9, 6, 3) + struct.pack("<3f", 1, 2, 3))
    described = [
        _text(f"t{index}") + struct.pack(f"<I{len(shape)}Q", len(shape), *shape) + struct.pack("<IQ", 3, 0)
        for index, shape in enumerate(tensors)
    ]
    return b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(pairs)) + b"".join(pairs + described)


@pytest.fixture(scope="session")
def write_gguf() -> Callable[..., bytes]:
    return written_gguf


@pytest.fixture
def gguf_file(tmp_path: Path) -> Path:
    path = tmp_path / "toy.gguf"
    texts = {"general.architecture": "llama", "tokenizer.chat_template": "{{ messages }}"}
    numbers = {"general.file_type": 3, "llama.context_length": 4096, "llama.attention.key_length": 64}
    path.write_bytes(written_gguf(texts, numbers, [(4, 5), (7,)]))
    return path
