"""A message of a request, as OpenAI's chat completions have it. Fields that are not named here are kept as they are.

https://platform.openai.com/docs/api-reference/chat/create#chat-create-messages
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mini_agent.app.fields import MOST_MESSAGES

Text = Annotated[str, Field(max_length=4 << 20)]
Parts = Annotated[list[dict[str, Any]], Field(min_length=1, max_length=1024)]


class _Loose(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")


class CalledFunction(_Loose):
    name: Annotated[str, Field(min_length=1, max_length=256)]
    arguments: Text


class CalledTool(_Loose):
    id: Annotated[str, Field(min_length=1, max_length=256)]
    type: Literal["function"] = "function"
    function: CalledFunction


class SystemMessage(_Loose):
    role: Literal["system", "developer"]
    content: Text | Parts


class UserMessage(_Loose):
    role: Literal["user"]
    content: Text | Parts


class AssistantMessage(_Loose):
    role: Literal["assistant"]
    content: Text | Parts | None = None
    tool_calls: Annotated[list[CalledTool], Field(min_length=1, max_length=128)] | None = None


class ToolMessage(_Loose):
    role: Literal["tool"]
    content: Text | Parts
    tool_call_id: Annotated[str, Field(min_length=1, max_length=256)]


OneMessage = Annotated[
    SystemMessage | UserMessage | AssistantMessage | ToolMessage, Field(discriminator="role")
]
Messages = Annotated[list[OneMessage], Field(min_length=1, max_length=MOST_MESSAGES)]
