"""Whether a model calls tools by itself: found out once for each server and model, and remembered.

A server is believed by what it does, not by what it says of itself, since some drop tools without a word, and some
list them for models whose template has none: it is asked, in a request of its own, to call a trivial tool.

1. Asked with `tool_choice: "required"` and a small limit of tokens. A call of the tool comes back: native.
2. Refused (400, 422, 501 or 500 about tools), or cut off by the limit: asked again with nothing optional.
3. Refused again with a word about tools, or answered without a call: schema.

Any other failure decides nothing; it is the call's own failure. Should a native request be refused later because there
are no tools (some servers take `required` and no other choice), schema mode is remembered from then on.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Literal, TypeAlias
from weakref import WeakValueDictionary

from mini_agent.conversation import NOTHING_USED, ToolDefinition, Usage
from mini_agent.model.wire.answer import Answer
from mini_agent.model.wire.failure import UpstreamError
from mini_agent.model.wire.request import tool_json

Mode: TypeAlias = Literal["native", "schema"]
Ask: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[Answer]]

PROBE: Final = ToolDefinition(
    "report_ready",
    "Report that you are ready.",
    {"type": "object", "properties": {"ready": {"type": "boolean"}}, "required": ["ready"]},
)
_QUESTION: Final = "Call the function report_ready with ready set to true. Do not write anything else."
_TOKENS: Final = 128
_ABOUT_TOOLS: Final = re.compile(r"tool|function", re.IGNORECASE)
_NO_TOOLS: Final = re.compile(
    r"not support(?:ed)? (?:\w+ ){0,3}(?:tool|function)|(?:tools?|tool[- ]call(?:s|ing)?|functions?) "
    r"(?:\w+ ){0,3}not (?:supported|available|enabled)|tool choice requires|tools param requires"
    r"|(?:unknown|unrecognized|unsupported|unexpected)[^.]{0,40}\btools\b",
    re.IGNORECASE,
)
_REFUSALS: Final = frozenset((400, 422, 500, 501))
_REMEMBERED: Final = 1024


class ToolModes:
    """What was found out, by address and model; the oldest is forgotten first."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], Mode] = OrderedDict()

    def known(self, base: str, model: str) -> Mode | None:
        return self._known.get((base, model))

    def remember(self, base: str, model: str, mode: Mode) -> None:
        self._known[base, model] = mode
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)


REMEMBERED: Final = ToolModes()
"""What this process has found out, for all models that it opens."""


class Finding:
    """Finds out, once at a time for each server and model. Belongs to one event loop."""

    def __init__(self, modes: ToolModes) -> None:
        self.modes = modes
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def mode(self, base: str, model: str, ask: Ask) -> tuple[Mode, Usage]:
        """The mode, and the tokens that finding it out took. Raises UpstreamError when that failed."""
        known = self.modes.known(base, model)
        if known:
            return known, NOTHING_USED
        lock = self._locks.get((base, model))
        if lock is None:
            lock = self._locks[base, model] = asyncio.Lock()
        async with lock:
            known = self.modes.known(base, model)
            if known:
                return known, NOTHING_USED
            mode, usage = await find_out(model, ask)
            self.modes.remember(base, model, mode)
            return mode, usage


async def find_out(model: str, ask: Ask) -> tuple[Mode, Usage]:
    """Ask as said above. Raises UpstreamError for a failure that says nothing about tools."""
    bare = {
        "model": model,
        "messages": [{"role": "user", "content": _QUESTION}],
        "tools": [tool_json(PROBE)],
    }
    used = NOTHING_USED
    try:
        first = await ask(bare | {"tool_choice": "required", "max_tokens": _TOKENS})
        used = first.usage
        if _called(first):
            return "native", used
        if first.finish_reason != "length":
            return "schema", used
    except UpstreamError as error:
        if error.upstream_status not in _REFUSALS:
            raise
    try:
        second = await ask(bare)
    except UpstreamError as error:
        if error.upstream_status in _REFUSALS and _ABOUT_TOOLS.search(str(error)):
            return "schema", used
        raise
    return ("native" if _called(second) else "schema"), used + second.usage


def lacks_tools(error: UpstreamError) -> bool:
    """Whether a refusal of a caller's request says that the model or server has no tools.

    Stricter than for our own question: a caller's faulty tools or messages must not change the mode for all others.
    """
    return error.upstream_status in _REFUSALS and bool(_NO_TOOLS.search(str(error)))


def _called(answer: Answer) -> bool:
    return any(call.name == PROBE.name for call in answer.tool_calls)
