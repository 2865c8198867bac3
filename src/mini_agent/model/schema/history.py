"""A conversation with tool calls, rewritten into plain messages for a model whose template knows none.

A call becomes the text that the model itself would write; a result becomes a message of the user.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from mini_agent.conversation import Message
from mini_agent.model.wire.answer import text_of
from mini_agent.model.wire.text import json_text


def has_tool_traffic(messages: Iterable[Message]) -> bool:
    """Whether any message holds a call or a result."""
    return any(message.get("role") == "tool" or message.get("tool_calls") for message in messages)


def plain_messages(messages: Iterable[Message], answer_name: str = "") -> list[Message]:
    """The same conversation in system, user and assistant messages. Results in a row become one message.

    With an `answer_name` the model's earlier answers stand there as it must write them now: one that sees plain text
    after each result, and may not write any, calls the tool again instead.
    """
    names: dict[str, str] = {}
    plain: list[Message] = []
    after_result = False
    for message in messages:
        is_result = message.get("role") == "tool"
        rewritten = _as_answered(_plain(message, names), message, answer_name)
        if is_result and after_result:
            plain[-1] = plain[-1] | {"content": f"{plain[-1]['content']}\n{rewritten['content']}"}
        else:
            plain.append(rewritten)
        after_result = is_result
    return plain


def _as_answered(rewritten: Message, message: Message, answer_name: str) -> Message:
    said = rewritten.get("content")
    answered = answer_name and rewritten.get("role") == "assistant" and not message.get("tool_calls")
    if not answered or not isinstance(said, str):
        return rewritten
    return rewritten | {"content": call_text(answer_name, {"text": said})}


def call_text(name: str, arguments: object) -> str:
    """A call as the model writes it. `arguments` may already be JSON text."""
    written = arguments if isinstance(arguments, str) else json_text(arguments)
    return f'{{"name": {json.dumps(name)}, "arguments": {written}}}'


def _plain(message: Message, names: dict[str, str]) -> Message:
    role = message.get("role")
    if role == "tool":
        name = names.get(str(message.get("tool_call_id")), "") or message.get("name") or "the tool"
        return {"role": "user", "content": f"Result of {name}: {text_of(message.get('content'))}"}
    calls = message.get("tool_calls")
    if role == "assistant" and isinstance(calls, list) and calls:
        said = text_of(message.get("content"))
        written = [_call(call, names) for call in calls if isinstance(call, dict)]
        return {"role": "assistant", "content": "\n".join(filter(None, [said, *written]))}
    kept = {key: value for key, value in message.items() if key != "tool_calls"}
    return kept | {"role": "system"} if role == "developer" else kept


def _call(call: Mapping[str, Any], names: dict[str, str]) -> str:
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    name = str(function.get("name", ""))
    names[str(call.get("id"))] = name
    return call_text(name, function.get("arguments") or "{}")
