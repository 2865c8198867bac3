"""What `POST /v1/chat/completions` takes: OpenAI's fields. Null counts as absent, as it does there.

Fields that are neither here nor passed on are refused by name, as the real API does: a parameter that is dropped
silently makes a caller believe in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mini_agent.app.fields import WHOLE, ModelName, Number, Off, Seed, Temperature, at_most, between
from mini_agent.app.messages import Messages
from mini_agent.app.refusal import Refusal
from mini_agent.app.validation import check_count, findings
from mini_agent.conversation import ToolDefinition
from mini_agent.interfaces import ModelRequest

MOST_ANSWERS: Final = 8
MOST_TOKENS: Final = 1 << 24
_PASSED_ON: Final = (
    "top_p",
    "stop",
    "presence_penalty",
    "frequency_penalty",
    "response_format",
    "parallel_tool_calls",
    "user",
    "metadata",
    "logit_bias",
    "reasoning_effort",
    "verbosity",
    "service_tier",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "max_completion_tokens",
)
"""Sent to the model's server as they came; it knows best which of them it honours."""
_UNSUPPORTED: Final = {
    "logprobs",
    "top_logprobs",
    "audio",
    "prediction",
    "web_search_options",
    "functions",
    "function_call",
    "store",
    "modalities",
}
Name = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
Short = Annotated[str, Field(max_length=1024)]
Penalty = Annotated[Number, between(-2, 2)]
Most = Annotated[int, between(1, MOST_TOKENS), WHOLE]


class _Exact(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class Function(_Exact):
    name: Name
    description: Annotated[str, Field(max_length=1 << 16)] | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class Tool(_Exact):
    type: Literal["function"]
    function: Function


class ChosenFunction(_Exact):
    name: Name


class ChosenTool(_Exact):
    type: Literal["function"]
    function: ChosenFunction


class JsonSchema(_Exact):
    name: Name
    description: Annotated[str, Field(max_length=1 << 16)] | None = None
    schema_: dict[str, Any] = Field(alias="schema")
    strict: bool | None = None


class TextFormat(_Exact):
    type: Literal["text"]


class ObjectFormat(_Exact):
    type: Literal["json_object"]


class SchemaFormat(_Exact):
    type: Literal["json_schema"]
    json_schema: JsonSchema


class StreamOptions(_Exact):
    include_usage: bool | None = None
    include_obfuscation: Off | None = None


class ChatRequest(_Exact):
    """A chat completion request."""

    model_config = ConfigDict(strict=True, extra="forbid", title="ChatCompletion")

    model: ModelName
    messages: Messages
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Annotated[int, between(1, MOST_ANSWERS), WHOLE] | None = None
    tools: Annotated[list[Tool], Field(min_length=1, max_length=128)] | None = None
    tool_choice: Literal["none", "auto", "required"] | ChosenTool | None = None
    parallel_tool_calls: bool | None = None
    response_format: (
        Annotated[TextFormat | ObjectFormat | SchemaFormat, Field(discriminator="type")] | None
    ) = None
    temperature: Temperature | None = None
    top_p: Annotated[Number, between(0, 1)] | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    logit_bias: (
        Annotated[dict[str, Annotated[Number, between(-100, 100)]], Field(max_length=1024), at_most(1024)]
        | None
    ) = None
    seed: Seed | None = None
    stop: Short | Annotated[list[Short], Field(min_length=1, max_length=4)] | None = None
    max_tokens: Most | None = None
    max_completion_tokens: Most | None = None
    reasoning_effort: Short | None = None
    verbosity: Short | None = None
    service_tier: Short | None = None
    user: Short | None = None
    safety_identifier: Short | None = None
    prompt_cache_key: Short | None = None
    prompt_cache_retention: Short | None = None
    metadata: Annotated[dict[str, Short], Field(max_length=64), at_most(64)] | None = None
    logprobs: Off | None = None
    store: Off | None = None
    modalities: list[Literal["text"]] | None = None

    def definitions(self) -> tuple[ToolDefinition, ...]:
        return tuple(_definition(one.function) for one in self.tools or ())

    @property
    def include_usage(self) -> bool:
        return bool(self.stream_options and self.stream_options.include_usage)


def _definition(function: Function) -> ToolDefinition:
    strict = bool(function.strict)
    if function.parameters is None:
        return ToolDefinition(function.name, function.description or "", strict=strict)
    return ToolDefinition(function.name, function.description or "", function.parameters, strict)


def read_chat(value: Any) -> ChatRequest:
    """Raises Refusal 400 in OpenAI's words, for the first fault."""
    check_count(value, 400)
    try:
        asked = ChatRequest.model_validate(value)
    except ValidationError as error:
        raise _refused(*findings(error)[0]) from None
    if asked.tool_choice not in (None, "none") and not asked.tools:
        message = "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified."
        raise Refusal(400, message, param="tool_choice", code="invalid_value")
    _check_choice(asked)
    return asked


def _check_choice(asked: ChatRequest) -> None:
    """404 where OpenAI has 400: no schema can say that one field's name must be found in another."""
    if not isinstance(asked.tool_choice, ChosenTool):
        return
    name = asked.tool_choice.function.name
    if all(tool.function.name != name for tool in asked.tools or ()):
        message = f"Tool choice '{name}' not found in 'tools' parameter."
        raise Refusal(404, message, param="tool_choice", code="tool_not_found")


def _refused(path: str, message: str, kind: str) -> Refusal:
    if kind == "extra_forbidden":
        if path in _UNSUPPORTED:
            return _unsupported(path)
        return Refusal(400, f"Unknown parameter: '{path}'.", param=path, code="unknown_parameter")
    if kind == "missing":
        return Refusal(
            400, f"Missing required parameter: '{path}'.", param=path, code="missing_required_parameter"
        )
    if path in _UNSUPPORTED and kind in ("literal_error", "switched_on"):
        return _unsupported(path)
    if not path:
        return Refusal(400, "The body must be a JSON object.", code="invalid_type")
    code = "invalid_type" if kind.endswith("_type") else "invalid_value"
    return Refusal(400, f"Invalid '{path}': {message}.", param=path, code=code)


def _unsupported(path: str) -> Refusal:
    message = f"Unsupported parameter: '{path}' is not supported by this service."
    return Refusal(400, message, param=path, code="unsupported_parameter")


def model_request(asked: ChatRequest, value: Mapping[str, Any], index: int) -> ModelRequest:
    """The question of answer number `index`; `value` is the JSON that `asked` was read from.

    Each answer of several has a seed of its own, so that they differ and still repeat.
    """
    choice = value.get("tool_choice")
    return ModelRequest(
        model=asked.model,
        messages=value["messages"],
        tools=() if choice == "none" else asked.definitions(),
        tool_choice=None if choice == "none" else choice,
        temperature=asked.temperature,
        seed=None if asked.seed is None else _moved(asked.seed, index),
        max_tokens=asked.max_tokens,
        options={name: value[name] for name in _PASSED_ON if value.get(name) is not None} or None,
    )


def _moved(seed: int, index: int) -> int:
    return seed + index if seed + index < 2**63 else seed - index
