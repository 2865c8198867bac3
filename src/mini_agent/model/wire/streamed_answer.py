"""An answer put together from the chunks of a stream; whole only with a finish reason or the closing mark."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from mini_agent.conversation import NOTHING_USED, ToolCall
from mini_agent.model.wire.answer import (
    Answer,
    arguments_text,
    json_object,
    raw_text,
    short_text,
    stand_in_of,
    usage_of,
    with_own_ids,
)
from mini_agent.model.wire.failure import Server, broken_off
from mini_agent.model.wire.text import well_formed

_LEADING: Final = re.compile("[\ud800-\udbff]")


@dataclass(slots=True)
class _Call:
    """A tool call that is still arriving."""

    id: str
    name: str
    pieces: list[str]


class StreamedAnswer:
    """Takes the data of one event after the other. `done` once the closing mark came."""

    def __init__(self, server: Server) -> None:
        self.done = False
        self._server = server
        self._texts: list[str] = []
        self._half = ""
        self._calls: list[_Call] = []
        self._at: dict[int, _Call] = {}
        self._finish = ""
        self._usage = NOTHING_USED
        self._model = ""
        self._stand_in = ""

    def take(self, data: bytes) -> str:
        """The text that this event adds. Raises UpstreamError for an error object or what is no JSON."""
        if data.strip() == b"[DONE]":
            self.done = True
            return ""
        chunk = json_object(data, self._server)
        if chunk.get("usage"):
            self._usage = usage_of(chunk["usage"])
        self._model = self._model or short_text(chunk.get("model"))
        self._stand_in = self._stand_in or stand_in_of(chunk)
        choices = chunk.get("choices")
        return "".join(self._choice(one) for one in choices) if isinstance(choices, list) else ""

    def answer(self) -> Answer:
        """What came. Raises UpstreamError when it is not whole: half an answer is none."""
        if not self.done and not self._finish:
            raise broken_off(self._server, "the stream ended without a finish reason")
        calls = (ToolCall(call.id, call.name, "".join(call.pieces) or "{}") for call in self._calls)
        return Answer(
            "".join(self._texts),
            with_own_ids(calls),
            self._finish or ("tool_calls" if self._calls else "stop"),
            self._usage,
            self._model,
            self._stand_in,
        )

    def _choice(self, choice: object) -> str:
        if not isinstance(choice, dict) or choice.get("index") not in (0, None):
            return ""
        self._finish = short_text(choice.get("finish_reason")) or self._finish
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            return ""
        calls = delta.get("tool_calls")
        for one in calls if isinstance(calls, list) else ():
            if isinstance(one, dict):
                self._call(one)
        return self._add(raw_text(delta.get("content")) or raw_text(delta.get("refusal")))

    def _add(self, raw: str) -> str:
        """Some servers cut a character in two halves of a surrogate pair: the first waits for the second."""
        raw, self._half = self._half + raw, ""
        if raw and _LEADING.match(raw[-1]):
            raw, self._half = raw[:-1], raw[-1]
        text = well_formed(raw)
        if text:
            self._texts.append(text)
        return text

    def _call(self, delta: dict[str, Any]) -> None:
        function = delta.get("function")
        function = function if isinstance(function, dict) else {}
        identifier, name = short_text(delta.get("id")), short_text(function.get("name"))
        call = self._open_call(delta.get("index"), identifier, name)
        call.id, call.name = call.id or identifier, call.name or name
        if function.get("arguments") not in (None, ""):
            call.pieces.append(arguments_text(function["arguments"]))

    def _open_call(self, index: object, identifier: str, name: str) -> _Call:
        """The call that a delta belongs to. Some servers send no index, or the same one for every call: then a new id
        with a name begins a new call."""
        last = self._calls[-1] if self._calls else None
        known = self._at.get(index) if isinstance(index, int) else last
        if known is None or (identifier and name and known.id and identifier != known.id):
            known = _Call(identifier, name, [])
            self._calls.append(known)
        if isinstance(index, int):
            self._at[index] = known
        return known
