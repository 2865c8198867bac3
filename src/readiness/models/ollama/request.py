"""Ollama's requests, checked whole: what comes out can be run as it stands.

https://github.com/ollama/ollama/blob/main/docs/api.md; types and refusals from its api/types.go and
server/routes.go. Stricter than the real server where that drops something silently: a negative temperature, an
unknown role, a schema that cannot be enforced, a template or a context of one's own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from readiness.models.constrain import ANY_OBJECT, culprits
from readiness.models.generation import Message, Sampling
from readiness.models.ollama.duration import read_keep_alive
from readiness.models.ollama.error import OllamaError, lacks, not_found, wrong_type
from readiness.models.ollama.options import read_options
from readiness.models.tools import Tool, call_text, loosened, result_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Final

ROLES: Final = ("system", "user", "assistant", "tool")
_GO_TYPES: Final[Mapping[str, tuple[type | tuple[type, ...], str]]] = {
    "model": (str, "string"),
    "prompt": (str, "string"),
    "suffix": (str, "string"),
    "system": (str, "string"),
    "template": (str, "string"),
    "context": (list, "[]int"),
    "images": (list, "[]api.ImageData"),
    "messages": (list, "[]api.Message"),
    "tools": (list, "api.Tools"),
    "options": (dict, "map[string]interface {}"),
    "stream": (bool, "bool"),
    "raw": (bool, "bool"),
    "truncate": (bool, "bool"),
    "shift": (bool, "bool"),
    "logprobs": (bool, "bool"),
    "top_logprobs": (int, "int"),
}
_THINK_WORDS: Final = ("high", "medium", "low", "max")


@dataclass(frozen=True)
class TextRequest:
    """A chat or a generate request. `messages` empty and `prompt` empty: only load the model, or unload it.

    `keep_alive` is in seconds, None for the server's default.
    """

    model: str
    messages: tuple[Message, ...]
    prompt: str
    sampling: Sampling
    stream: bool
    keep_alive: float | None
    schema: Mapping[str, Any] | None
    calls: tuple[Tool, ...]
    logprobs: int | None
    truncate: bool

    @property
    def only_loads(self) -> bool:
        return not self.messages and not self.prompt

    @property
    def unloads(self) -> bool:
        return self.only_loads and self.keep_alive == 0


def read_chat(value: object, fresh_seed: int) -> TextRequest:
    """Check a request to `/api/chat`. Raises OllamaError."""
    data = _checked(value, "ChatRequest")
    messages = tuple(_message(one) for one in data.get("messages", ()))
    tools = tuple(_tool(one) for one in data.get("tools", ()))
    return _common(data, fresh_seed, messages, "", tools)


def read_generate(value: object, fresh_seed: int) -> TextRequest:
    """Check a request to `/api/generate`. Raises OllamaError."""
    data = _checked(value, "GenerateRequest")
    prompt, system = data.get("prompt", ""), data.get("system", "")
    raw = data.get("raw", False)
    if raw and (data.get("template") or system or data.get("context")):
        raise OllamaError(400, "raw mode does not support template, system, or context")
    _refuse_unsupported(data)
    if raw or not prompt:
        return _common(data, fresh_seed, (), prompt, ())
    messages = (Message("system", system),) if system else ()
    return _common(data, fresh_seed, (*messages, Message("user", prompt)), "", ())


def read_model_name(value: object, struct: str) -> str:
    """The model of a request that has little else. Raises OllamaError."""
    data = _checked(value, struct)
    name = data.get("model") or data.get("name")
    if not isinstance(name, str):
        raise OllamaError(400, "model is required")
    return name


def _refuse_unsupported(data: Mapping[str, Any]) -> None:
    name = data.get("model", "")
    if data.get("suffix"):
        raise lacks(name, "insert")
    if data.get("images"):
        raise lacks(name, "vision")
    for field in ("template", "context"):
        if data.get(field):
            raise OllamaError(
                400, f"this server does not support {field}; send messages to /api/chat instead"
            )


def _checked(value: object, struct: str) -> Mapping[str, Any]:
    """The request's fields, nulls left out, each of the type that Go wants."""
    if not isinstance(value, dict):
        raise OllamaError(400, f"json: cannot unmarshal {_top(value)} into Go value of type api.{struct}")
    for name, (kind, go) in _GO_TYPES.items():
        found = value.get(name)
        if found is not None and (not isinstance(found, kind) or (kind is int and isinstance(found, bool))):
            raise wrong_type(struct, name, found, go)
    return {name: found for name, found in value.items() if found is not None}


def _top(value: object) -> str:
    return {list: "array", str: "string", bool: "bool"}.get(type(value), "number")


def _common(
    data: Mapping[str, Any],
    fresh_seed: int,
    messages: tuple[Message, ...],
    prompt: str,
    tools: tuple[Tool, ...],
) -> TextRequest:
    _check_think(data)
    schema = _read_format(data.get("format"))
    if schema is not None and tools:
        raise OllamaError(400, "this server does not support format together with tools")
    return TextRequest(
        model=data.get("model", ""),
        messages=messages,
        prompt=prompt,
        sampling=read_options(data.get("options", {}), fresh_seed),
        stream=data.get("stream", True),
        keep_alive=read_keep_alive(data.get("keep_alive")),
        schema=schema,
        calls=tools,
        logprobs=_read_logprobs(data),
        truncate=data.get("truncate", True),
    )


def _check_think(data: Mapping[str, Any]) -> None:
    think = data.get("think")
    if isinstance(think, str) and think not in _THINK_WORDS:
        listed = '"high", "medium", "low", "max", true, or false'
        raise OllamaError(400, f'invalid think value: "{think}" (must be {listed})')
    if think is not None and not isinstance(think, (bool, str)):
        raise OllamaError(
            400, 'think must be a boolean or string ("high", "medium", "low", "max", true, or false)'
        )
    if think:
        raise OllamaError(400, f'"{data.get("model", "")}" does not support thinking')


def _read_logprobs(data: Mapping[str, Any]) -> int | None:
    top = int(data.get("top_logprobs", 0))
    if not 0 <= top <= 20:
        raise OllamaError(400, "top_logprobs must be between 0 and 20")
    return top if data.get("logprobs") else None


def _read_format(value: object) -> Mapping[str, Any] | None:
    if value is None or value == "":
        return None
    if value == "json":
        return ANY_OBJECT
    if not isinstance(value, dict):
        written = json.dumps(json.dumps(value))
        raise OllamaError(500, f'invalid format: {written}; expected "json" or a valid JSON Schema object')
    if reasons := culprits(value):
        raise unenforced(reasons)
    return value


def unenforced(reasons: list[str]) -> OllamaError:
    """A schema that output cannot be held to; the real server would drop the parts it does not know."""
    why = "; ".join(reasons) or "it is invalid or can never be met"
    return OllamaError(400, f"invalid format: the schema cannot be enforced: {why}")


def _message(value: object) -> Message:
    if not isinstance(value, dict):
        raise wrong_type("ChatRequest", "messages", value, "api.Message")
    texts = {name: value.get(name) or "" for name in ("role", "content", "tool_name", "tool_call_id")}
    for name, text in texts.items():
        if not isinstance(text, str):
            raise wrong_type("Message", f"messages.{name}", text, "string")
    role = texts["role"].lower()
    if role not in ROLES:
        raise OllamaError(
            400, f'invalid role: {role}, must be one of ["system", "user", "assistant", "tool"]'
        )
    if value.get("images"):
        raise lacks("this model", "vision")
    if role == "tool":
        return Message("user", result_text(texts["tool_name"], texts["content"]))
    calls = [_call(one) for one in value.get("tool_calls") or ()]
    return Message(role, "\n".join([*([texts["content"]] if texts["content"] or not calls else []), *calls]))


def _call(value: object) -> str:
    function = value.get("function") if isinstance(value, dict) else None
    if not isinstance(function, dict):
        raise wrong_type("ToolCall", "messages.tool_calls", value, "api.ToolCall")
    return call_text(str(function.get("name", "")), function.get("arguments") or {})


def _tool(value: object) -> Tool:
    function = value.get("function") if isinstance(value, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise wrong_type("ChatRequest", "tools.function", function, "api.ToolFunction")
    parameters = function.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise wrong_type(
            "ToolFunction", "tools.function.parameters", parameters, "api.ToolFunctionParameters"
        )
    schema = {"type": "object", "properties": {}} | {
        name: part for name, part in parameters.items() if part is not None
    }
    tool = Tool(function["name"], str(function.get("description") or ""), schema)
    return loosened(tool) if culprits(schema) else tool


def check_model(name: str, known: bool, *, chat: bool) -> None:
    """Refuse a missing or unknown model as `/api/chat` or `/api/generate` does. Raises OllamaError."""
    if not name.strip():
        raise OllamaError(400, "model is required") if chat else not_found("")
    if not known:
        raise not_found(name)
