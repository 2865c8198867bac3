"""The `openai` SDK, untouched, against the service."""

from __future__ import annotations

import json
from typing import Any

import pytest

openai = pytest.importorskip("openai")
ASKED = [{"role": "user", "content": "What is the capital of France?"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@pytest.fixture(scope="module")
def client(service: str, token: str) -> Any:
    with openai.OpenAI(base_url=f"{service}/v1", api_key=token, max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def create(client: Any) -> Any:
    return lambda **fields: client.chat.completions.create(**{"model": "small", "messages": ASKED} | fields)


def test_chat(create: Any) -> None:
    found = create(temperature=0, seed=1, max_tokens=16, user="someone")
    assert found.choices[0].message.content == "Paris"
    assert (found.choices[0].finish_reason, found.usage.total_tokens) == ("stop", 10)


def test_a_stream_is_the_chat_in_parts(create: Any) -> None:
    asked = [{"role": "user", "content": "Who are you?"}]
    chunks = list(create(messages=asked, stream=True, stream_options={"include_usage": True}))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == "I am a small model."
    assert chunks[-1].usage.total_tokens == 10


def test_several_answers(create: Any) -> None:
    assert [one.message.content for one in create(n=3).choices] == ["Paris"] * 3


def test_tools_are_called_and_their_results_used(create: Any) -> None:
    message = create(tools=[WEATHER]).choices[0].message
    (call,) = message.tool_calls
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": "Paris"})
    result = {"role": "tool", "tool_call_id": call.id, "content": "sun"}
    found = create(tools=[WEATHER], messages=[*ASKED, message.model_dump(exclude_none=True), result])
    assert found.choices[0].message.content == "The tool said sun."


def test_tools_are_called_in_a_stream(client: Any) -> None:
    with client.chat.completions.stream(model="small", messages=ASKED, tools=[WEATHER]) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.tool_calls[0].function.name == "get_weather"
    assert final.choices[0].finish_reason == "tool_calls"


def test_strict_tools_and_formats_of_the_sdk_are_taken(client: Any, model: Any) -> None:
    import pydantic

    weather = pydantic.create_model("Weather", city=(str, ...))
    tool = openai.pydantic_function_tool(weather)
    found = client.chat.completions.parse(model="small", messages=ASKED, tools=[tool])
    assert found.choices[0].message.tool_calls[0].function.parsed_arguments.city == "Paris"
    assert model.asked[-1]["tools"][0]["function"]["strict"] is True


def test_models(client: Any) -> None:
    assert [one.id for one in client.models.list().data] == ["small"]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, "BadRequestError"),
        (404, "APIStatusError"),
        (429, "RateLimitError"),
        (500, "InternalServerError"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_failures_are_raised_as_their_own_kind(create: Any, status: int, error: str, stream: bool) -> None:
    with pytest.raises(getattr(openai, error)) as raised:
        list(create(messages=[{"role": "user", "content": f"status {status}"}], stream=stream))
    assert "told to answer" in str(raised.value)


def test_refusals_name_the_field(create: Any) -> None:
    with pytest.raises(openai.BadRequestError) as hot:
        create(temperature=3)
    assert (hot.value.param, hot.value.code) == ("temperature", "invalid_value")
    with pytest.raises(openai.BadRequestError) as unknown:
        create(extra_body={"frobnicate": 1})
    assert unknown.value.param == "frobnicate"


def test_a_wrong_key(service: str) -> None:
    with (
        openai.OpenAI(base_url=f"{service}/v1", api_key="wrong", max_retries=0) as client,
        pytest.raises(openai.AuthenticationError),
    ):
        client.models.list()


def test_a_client_that_leaves_its_stream(create: Any) -> None:
    stream = create(messages=[{"role": "user", "content": "Who are you?"}], stream=True)
    next(iter(stream))
    stream.close()
    assert create().choices[0].message.content == "Paris"
