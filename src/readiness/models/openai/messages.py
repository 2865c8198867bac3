"""OpenAI's messages, checked one by one and turned into what the model's template takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from readiness.models.generation import Message
from readiness.models.openai.error import OpenAIError, missing, not_among, wrong_type
from readiness.models.openai.fields import array, mapping, one_of, string
from readiness.models.tools import call_text, result_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Final

ROLES: Final = ("system", "assistant", "user", "function", "tool", "developer")


def read_messages(value: object) -> tuple[Message, ...]:
    """Check and convert the `messages` of a request. Raises OpenAIError for the first that is wrong."""
    reader = _Reader()
    messages = tuple(
        reader.message(mapping(one, f"messages[{index}]"), index)
        for index, one in enumerate(array(value, "messages"))
    )
    reader.end(len(messages))
    return messages


class _Reader:
    """Remembers the calls that still wait for their results."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.open: list[str] = []

    def message(self, data: Mapping[str, Any], index: int) -> Message:
        if "role" not in data:
            raise missing(f"messages[{index}].role")
        role = one_of(data["role"], f"messages[{index}].role", ROLES)
        if role != "tool":
            self.end(index)
        if role == "assistant":
            return self.assistant(data, index)
        if role == "tool":
            return self.tool(data, index)
        content = read_content(data.get("content"), index, "text")
        if role == "function":
            return Message("user", result_text(string(data.get("name"), f"messages[{index}].name"), content))
        return Message("system" if role == "developer" else role, content)

    def assistant(self, data: Mapping[str, Any], index: int) -> Message:
        calls = data.get("tool_calls")
        if calls is None:
            return Message("assistant", read_content(data.get("content"), index, "text", "refusal"))
        written = [
            self.call(one, f"messages[{index}].tool_calls[{place}]")
            for place, one in enumerate(array(calls, f"messages[{index}].tool_calls"))
        ]
        said = data.get("content")
        words = [read_content(said, index, "text", "refusal")] if said else []
        return Message("assistant", "\n".join(words + written))

    def call(self, value: object, param: str) -> str:
        call = mapping(value, param)
        function = mapping(call.get("function"), f"{param}.function")
        name = string(function.get("name"), f"{param}.function.name")
        identifier = string(call.get("id"), f"{param}.id")
        self.names[identifier] = name
        self.open.append(identifier)
        return call_text(name, string(function.get("arguments"), f"{param}.function.arguments"))

    def tool(self, data: Mapping[str, Any], index: int) -> Message:
        identifier = data.get("tool_call_id")
        if identifier is None:
            raise missing(f"messages[{index}].tool_call_id")
        if identifier not in self.open:
            raise OpenAIError(
                "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with "
                "'tool_calls'.",
                f"messages.[{index}].role",
            )
        self.open.remove(identifier)
        return Message(
            "user", result_text(self.names[identifier], read_content(data.get("content"), index, "text"))
        )

    def end(self, index: int) -> None:
        """Nothing but results may follow a message with calls until each call has one."""
        if self.open:
            raise OpenAIError(
                "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
                f"'tool_call_id'. The following tool_call_ids did not have response messages: {', '.join(self.open)}",
                f"messages.[{index}].role",
            )


def read_content(value: object, index: int, *kinds: str) -> str:
    """A message's text: a string, or parts of the given kinds. Images and sound are refused: this model reads text."""
    if isinstance(value, str):
        return value
    if value is None:
        raise OpenAIError(
            "Invalid value for 'content': expected a string, got null.", f"messages.[{index}].content"
        )
    if not isinstance(value, list):
        raise wrong_type(f"messages[{index}].content", "one of a string or array of objects", value)
    parts = array(value, f"messages[{index}].content")
    return "".join(
        _part(part, f"messages[{index}].content[{place}]", kinds) for place, part in enumerate(parts)
    )


def _part(value: object, param: str, kinds: tuple[str, ...]) -> str:
    part = mapping(value, param)
    kind = string(part.get("type"), f"{param}.type")
    if kind in ("image_url", "input_audio", "file"):
        raise OpenAIError(
            f"Invalid content type. {kind} is only supported by certain models.",
            param,
            "unsupported_content_type",
        )
    if kind not in kinds:
        raise not_among(f"{param}.type", kind, kinds)
    return string(part.get(kind), f"{param}.{kind}")
