"""What a model wrote under a call schema, read back into calls or an answer; and the answer's text while it arrives."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any, Final

from mini_agent.conversation import ToolCall
from mini_agent.model.schema.offer import Offer
from mini_agent.model.wire.answer import Answer, new_call_id
from mini_agent.model.wire.text import json_text, well_formed

_FENCED: Final = re.compile(r"```(?:json)?\s*\n(.*?)```", re.DOTALL)
_BEGUN: Final = re.compile(r'\s*\{\s*"name"\s*:\s*"([^"\\]+)"\s*,\s*"arguments"\s*:\s*(.*)', re.DOTALL)
_WHOLE: Final = re.compile(
    r"""(?:[^"\\]++
         |\\["\\/bfnrt]
         |\\u(?![dD][89abAB])[0-9a-fA-F]{4}
         |\\u[dD][89abAB][0-9a-fA-F]{2}
          (?:\\u[dD][c-fC-F][0-9a-fA-F]{2} | (?=[^\\] | \\[^u] | \\u(?![dD][c-fC-F])[0-9a-fA-F]{4}))
        )++""",
    re.VERBOSE,
)
"""As much of a JSON string as can be read: no half escape, and no half of a surrogate pair."""
_LONGEST_HEAD: Final = 1024
_LONGEST_ESCAPE: Final = 12
"""Characters of a surrogate pair written as two escapes; what is longer and cannot be read never will be."""


def read_written(answer: Answer, offer: Offer) -> Answer:
    """The same answer with its text taken apart. What is no JSON of the schema is an answer in words, as it stands.

    Of an answer that was cut short, what came of its text is kept; of a call, what came of its arguments, which then
    are no JSON, as from a server with tools of its own.
    """
    data = _parsed(answer.content.strip())
    if data is None:
        return _cut_short(answer, offer)
    name, arguments = data.get("name"), data.get("arguments")
    if not isinstance(name, str) or not isinstance(arguments, dict):
        return answer
    if offer.answer_name and name == offer.answer_name:
        finish = "stop" if answer.finish_reason == "tool_calls" else answer.finish_reason
        return replace(answer, content=_said(arguments, offer), finish_reason=finish, tool_calls=())
    return _calling(answer, name, json_text(arguments), "tool_calls")


def _cut_short(answer: Answer, offer: Offer) -> Answer:
    begun = _BEGUN.match(answer.content)
    if not begun or begun[1] == offer.answer_name:
        arriving = ArrivingText(offer)
        arriving.feed(answer.content)
        return replace(answer, content=arriving.text if begun else answer.content, tool_calls=())
    return _calling(answer, begun[1], begun[2], answer.finish_reason)


def _calling(answer: Answer, name: str, arguments: str, finish_reason: str) -> Answer:
    call = ToolCall(new_call_id(), name, arguments)
    return replace(answer, content="", tool_calls=(call,), finish_reason=finish_reason)


def _parsed(written: str) -> dict[str, Any] | None:
    """The JSON object in a text: the whole of it, or, from a server that held the model to nothing, a fenced one."""
    fenced = _FENCED.search(written)
    for text in (written, fenced[1] if fenced else ""):
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(data, dict):
            return data
    return None


def _said(arguments: dict[str, Any], offer: Offer) -> str:
    if offer.answer_schema is not None:
        return json_text(arguments.get("value"))
    text = arguments.get("text", "")
    return well_formed(text) if isinstance(text, str) else json_text(text)


class ArrivingText:
    """The text of an answer, taken out of its JSON while that arrives; empty for a call."""

    def __init__(self, offer: Offer) -> None:
        self._texts: list[str] = []
        self._pending = ""
        self._inside = False
        self._over = not offer.answer_name or offer.answer_schema is not None
        self._head = re.compile(
            rf'\s*\{{\s*"name"\s*:\s*{re.escape(json.dumps(offer.answer_name))}\s*,\s*'
            r'"arguments"\s*:\s*\{\s*"text"\s*:\s*"'
        )

    @property
    def text(self) -> str:
        """All that has arrived."""
        return "".join(self._texts)

    def feed(self, piece: str) -> str:
        """What `piece` adds to the text; half an escape waits for its other half."""
        if self._over:
            return ""
        self._pending += piece
        if not self._inside:
            found = self._head.match(self._pending)
            if not found:
                self._over = len(self._pending) > _LONGEST_HEAD
                return ""
            self._inside = True
            self._pending = self._pending[found.end() :]
        return self._grown()

    def _grown(self) -> str:
        found = _WHOLE.match(self._pending)
        body = found[0] if found else ""
        self._pending = self._pending[len(body) :]
        self._over = self._pending.startswith('"') or len(self._pending) > _LONGEST_ESCAPE
        added = well_formed(json.loads(f'"{body}"', strict=False))
        self._texts.append(added)
        return added
