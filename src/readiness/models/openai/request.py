"""A chat completion request, checked whole: what comes out can be run as it stands.

https://platform.openai.com/docs/api-reference/chat/create. What the real server would refuse is refused here; so
is what this one cannot do, since a parameter that is dropped silently makes a test pass for nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from readiness.models.constrain import ANY_OBJECT, culprits
from readiness.models.generation import LARGEST_SEED, Sampling
from readiness.models.openai import error
from readiness.models.openai.error import OpenAIError
from readiness.models.openai.fields import array, boolean, decimal, integer, mapping, one_of, stops, string
from readiness.models.openai.messages import read_messages
from readiness.models.tools import REPLY, Tool, loosened
from readiness.models.word_set import words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Final

    from readiness.models.generation import Message

MOST_ANSWERS: Final = 8
MOST_TOKENS: Final = 1 << 20
_NAME: Final = re.compile(r"^[a-zA-Z0-9_-]{1,64}$")
_READ: Final = words(
    "model messages stream stream_options n seed stop temperature top_p max_tokens max_completion_tokens "
    "presence_penalty frequency_penalty logprobs top_logprobs response_format tools tool_choice "
    "parallel_tool_calls"
)
_HARMLESS: Final = words(
    "user metadata store service_tier safety_identifier prompt_cache_key prompt_cache_retention"
)
"""What changes nothing in the answer, here as there."""
_UNSUPPORTED: Final = words(
    "audio modalities prediction reasoning_effort verbosity web_search_options logit_bias functions function_call"
)


@dataclass(frozen=True)
class Schema:
    """A JSON schema that the answer must follow. `strict` False (json_object) promises JSON only."""

    name: str
    schema: Mapping[str, Any]


@dataclass(frozen=True)
class ChatRequest:
    """`calls` holds the tools that may be called, `words` whether plain text may be answered too."""

    model: str
    messages: tuple[Message, ...]
    sampling: Sampling
    n: int = 1
    stream: bool = False
    include_usage: bool = False
    logprobs: int | None = None
    schema: Schema | None = None
    calls: tuple[Tool, ...] = ()
    words: bool = True


def read_chat(value: object, fresh_seed: int) -> ChatRequest:
    """Check a request's JSON. `fresh_seed` is used where it names none. Raises OpenAIError."""
    data = mapping(value, "body") if isinstance(value, dict) else _no_object()
    model = data.get("model")
    if not isinstance(model, str) or not model:
        raise (
            OpenAIError("you must provide a model parameter")
            if not model
            else error.wrong_type("model", "a string", model)
        )
    _refuse_unknown(data)
    if "messages" not in data:
        raise error.missing("messages")
    calls, words = _read_tools(data)
    schema = _read_format(data)
    if calls and schema:
        raise OpenAIError("'response_format' is not supported together with 'tools'.", "response_format")
    stream = boolean(data, "stream")
    return ChatRequest(
        model=model,
        messages=read_messages(data["messages"]),
        sampling=_read_sampling(data, fresh_seed),
        n=integer(data, "n", 1, MOST_ANSWERS) or 1,
        stream=stream,
        include_usage=_include_usage(data, stream),
        logprobs=_read_logprobs(data),
        schema=schema,
        calls=calls,
        words=words,
    )


def _no_object() -> Mapping[str, Any]:
    raise error.bad_json()


def _refuse_unknown(data: Mapping[str, Any]) -> None:
    for name, value in data.items():
        if name in _UNSUPPORTED and value is not None:
            raise error.unsupported(name)
        if name not in _READ and name not in _HARMLESS and name not in _UNSUPPORTED:
            raise error.unknown_parameter(name)


def _read_sampling(data: Mapping[str, Any], fresh_seed: int) -> Sampling:
    if data.get("max_tokens") is not None and data.get("max_completion_tokens") is not None:
        raise OpenAIError(
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
            "max_tokens",
        )
    seed = integer(data, "seed", -(2**63), 2**63 - 1)
    most = integer(data, "max_completion_tokens", 1, MOST_TOKENS) or integer(
        data, "max_tokens", 1, MOST_TOKENS
    )
    return Sampling(
        seed=fresh_seed if seed is None else seed & LARGEST_SEED,
        temperature=decimal(data, "temperature", 0, 2, 1.0),
        top_p=decimal(data, "top_p", 0, 1, 1.0),
        max_tokens=most,
        stop=stops(data),
        presence_penalty=decimal(data, "presence_penalty", -2, 2, 0.0),
        frequency_penalty=decimal(data, "frequency_penalty", -2, 2, 0.0),
    )


def _include_usage(data: Mapping[str, Any], stream: bool) -> bool:
    options = data.get("stream_options")
    if options is None:
        return False
    if not stream:
        raise OpenAIError(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options"
        )
    return boolean(mapping(options, "stream_options"), "include_usage", "stream_options.include_usage")


def _read_logprobs(data: Mapping[str, Any]) -> int | None:
    wanted = boolean(data, "logprobs")
    top = integer(data, "top_logprobs", 0, 20)
    if top is not None and not wanted:
        raise OpenAIError(
            "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.", "top_logprobs"
        )
    return (top or 0) if wanted else None


def _read_format(data: Mapping[str, Any]) -> Schema | None:
    found = data.get("response_format")
    if found is None:
        return None
    form = mapping(found, "response_format")
    if "type" not in form:
        raise error.missing("response_format.type")
    kind = one_of(form["type"], "response_format.type", ("json_object", "json_schema", "text"))
    if kind == "json_object":
        _require_word_json(data)
        return Schema("json_object", ANY_OBJECT)
    return _read_schema(form) if kind == "json_schema" else None


def _require_word_json(data: Mapping[str, Any]) -> None:
    if "json" not in str(data.get("messages")).lower():
        raise OpenAIError(
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
            "messages",
        )


def _read_schema(form: Mapping[str, Any]) -> Schema:
    param = "response_format.json_schema"
    if form.get("json_schema") is None:
        raise error.missing(param)
    described = mapping(form["json_schema"], param)
    for needed in ("name", "schema"):
        if described.get(needed) is None:
            raise error.missing(f"{param}.{needed}")
    name = _checked_name(described["name"], f"{param}.name")
    schema = mapping(described["schema"], f"{param}.schema")
    if reasons := culprits(schema):
        raise error.bad_schema("response_format", name, reasons)
    return Schema(name, schema)


def _checked_name(value: object, param: str) -> str:
    name = string(value, param)
    if not _NAME.match(name):
        raise OpenAIError(
            f"Invalid '{param}': string does not match pattern. Expected a string that matches the pattern "
            "'^[a-zA-Z0-9_-]+$'.",
            param,
            "invalid_value",
        )
    return name


def _read_tools(data: Mapping[str, Any]) -> tuple[tuple[Tool, ...], bool]:
    choice = data.get("tool_choice")
    boolean(data, "parallel_tool_calls")
    if data.get("tools") is None:
        if choice is not None and choice != "none":
            raise OpenAIError(
                "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
                "tool_choice",
            )
        return (), True
    tools = tuple(
        _read_tool(one, f"tools[{index}]") for index, one in enumerate(array(data["tools"], "tools"))
    )
    return _choose(tools, choice)


def _choose(tools: tuple[Tool, ...], choice: object) -> tuple[tuple[Tool, ...], bool]:
    if isinstance(choice, dict):
        function = mapping(choice.get("function"), "tool_choice.function")
        name = string(function.get("name"), "tool_choice.function.name")
        named = tuple(tool for tool in tools if tool.name == name)
        if not named:
            raise OpenAIError(f"Tool choice '{name}' not found in 'tools' parameter.", "tool_choice")
        return named, False
    kind = one_of("auto" if choice is None else choice, "tool_choice", ("none", "auto", "required"))
    return (() if kind == "none" else tools), kind != "required"


def _read_tool(value: object, param: str) -> Tool:
    tool = mapping(value, param)
    if "type" not in tool:
        raise error.missing(f"{param}.type")
    one_of(tool["type"], f"{param}.type", ("function",))
    if tool.get("function") is None:
        raise error.missing(f"{param}.function")
    function = mapping(tool["function"], f"{param}.function")
    if "name" not in function:
        raise error.missing(f"{param}.function.name")
    return _described(function, param)


def _described(function: Mapping[str, Any], param: str) -> Tool:
    name = _checked_name(function["name"], f"{param}.function.name")
    if name == REPLY:
        raise OpenAIError(f"Invalid '{param}.function.name': '{REPLY}' is taken by this server.", param)
    strict = boolean(function, "strict", f"{param}.function.strict")
    parameters = function.get("parameters")
    schema = (
        {"type": "object", "properties": {}}
        if parameters is None
        else mapping(parameters, f"{param}.function.parameters")
    )
    if schema.get("type", "object") != "object":
        raise error.bad_schema(param, name, [f"schema must be of type 'object', got '{schema['type']}'"])
    tool = Tool(
        name, string(function.get("description") or "", f"{param}.function.description"), schema, strict
    )
    reasons = culprits(schema)
    if reasons and strict:
        raise error.bad_schema(f"{param}.function.parameters", name, reasons)
    return loosened(tool) if reasons else tool
