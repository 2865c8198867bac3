"""`open_model`: the model that the settings describe."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import TracebackType
from typing import Final

from mini_agent.conversation import Reply
from mini_agent.interfaces import ModelRequest, OnText
from mini_agent.model.client import ChatModel
from mini_agent.model.settings import ModelSettings
from mini_agent.model.stand_in_rules import StandInRules
from mini_agent.model.stand_ins import stand_in_for, stand_in_reply
from mini_agent.model.tool_modes import REMEMBERED, ToolModes

_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS: Final = frozenset(
    [
        "accept",
        "accept-encoding",
        "authorization",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "cookie",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
    ]
)
"""Fields that this client sets or that are no caller's to set."""


class OpenModel:
    """A Model. `with_headers` gives the same model, with the same connections, for another caller's header fields."""

    def __init__(
        self, chat: ChatModel, rules: StandInRules, headers: Mapping[str, str], *, owner: bool = True
    ) -> None:
        self._chat = chat
        self._rules = rules
        self._headers = checked_headers(headers)
        self._owner = owner

    def with_headers(self, headers: Mapping[str, str]) -> OpenModel:
        """A view that sends `headers` on every call. Its `aclose` does nothing: who opened the model closes it.

        Raises ValueError naming a bad header field.
        """
        return OpenModel(self._chat, self._rules, headers, owner=False)

    async def reply(self, request: ModelRequest, on_text: OnText | None = None) -> Reply:
        """One answer; streamed through `on_text` when that is given. Raises ModelError."""
        stand_in = stand_in_for(request, self._rules)
        if stand_in:
            return await stand_in_reply(stand_in, request, on_text)
        return await self._chat.reply(request, on_text, self._headers)

    async def aclose(self) -> None:
        """Close every connection."""
        if self._owner:
            await self._chat.aclose()

    async def __aenter__(self) -> OpenModel:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def open_model(
    settings: ModelSettings, headers: Mapping[str, str] | None = None, *, modes: ToolModes = REMEMBERED
) -> OpenModel:
    """Open the model of `settings`; `headers` go along on every call. Raises ValueError naming a bad header field.

    Opening costs nothing: connections are made by the first call. For many callers with header fields of their own,
    open once and give each `with_headers(…)`. `modes` keeps what was found out about tools; by default it outlives
    the model, so that each server is asked once in a process.
    """
    return OpenModel(ChatModel(settings, modes), settings.stand_ins, headers or {})


def checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The fields in lower case. Raises ValueError naming one that must not be forwarded, never its value."""
    checked = {}
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or name.lower() in _OURS or name.lower().startswith("proxy-"):
            raise ValueError(f"header field {name!r} cannot be forwarded to a model")
        if not value.isascii() or not value.isprintable():
            raise ValueError(f"the value of header field {name!r} holds control or non-ASCII characters")
        checked[name.lower()] = value.strip()
    return checked
