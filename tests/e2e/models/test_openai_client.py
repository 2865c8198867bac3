"""The `openai` SDK, untouched, against the real model."""

from __future__ import annotations

import json
from typing import Any

import pytest

CAPITAL = [{"role": "user", "content": "What is the capital of France? Answer in one word."}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "maxLength": 12}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}


@pytest.fixture(scope="module")
def client(server: Any) -> Any:
    import openai

    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="unused", max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def create(client: Any, server: Any) -> Any:
    def create(**fields: Any) -> Any:
        return client.chat.completions.create(
            **{"model": server.model, "messages": CAPITAL, "max_tokens": 16} | fields
        )

    return create


def test_chat(create: Any) -> None:
    found = create(temperature=0)
    assert "Paris" in found.choices[0].message.content
    assert found.choices[0].finish_reason == "stop"
    assert found.usage.total_tokens == found.usage.prompt_tokens + found.usage.completion_tokens
    assert found.system_fingerprint.startswith("fp_")


def test_a_stream_is_the_chat_in_parts(create: Any) -> None:
    whole = create(seed=4)
    chunks = list(create(seed=4, stream=True, stream_options={"include_usage": True}))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens
    assert len(chunks) > 3


def test_a_schema_is_held_and_parsed(client: Any, server: Any) -> None:
    import pydantic

    animal = pydantic.create_model("Animal", name=(str, ...), legs=(int, ...))
    found = client.chat.completions.parse(
        model=server.model,
        messages=[{"role": "user", "content": "Describe a dog."}],
        response_format=animal,
        max_tokens=60,
        temperature=0,
    )
    parsed = found.choices[0].message.parsed
    assert isinstance(parsed.legs, int)
    assert parsed.name


def test_json_mode(create: Any) -> None:
    asked = [{"role": "user", "content": "A colour as JSON with one key."}]
    found = create(messages=asked, response_format={"type": "json_object"}, temperature=0, max_tokens=80)
    if found.choices[0].finish_reason == "stop":
        assert isinstance(json.loads(found.choices[0].message.content), dict)
    assert found.choices[0].message.content.startswith("{")


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "get_weather"}}])
def test_a_tool_that_must_be_called_is(create: Any, choice: Any) -> None:
    asked = [{"role": "user", "content": "What is the weather in Paris?"}]
    found = create(messages=asked, tools=[WEATHER], tool_choice=choice, temperature=0, max_tokens=40)
    (call,) = found.choices[0].message.tool_calls
    assert found.choices[0].finish_reason == "tool_calls"
    assert call.function.name == "get_weather"
    assert list(json.loads(call.function.arguments)) == ["city"]


def test_a_conversation_with_a_tool_goes_on(create: Any) -> None:
    asked = [{"role": "user", "content": "What is the weather in Paris?"}]
    call = (
        create(messages=asked, tools=[WEATHER], tool_choice="required", temperature=0, max_tokens=40)
        .choices[0]
        .message
    )
    result = {"role": "tool", "tool_call_id": call.tool_calls[0].id, "content": "sunny"}
    found = create(messages=[*asked, call, result], temperature=0)
    assert found.choices[0].message.content


def test_seeds_repeat_and_several_answers_differ(create: Any) -> None:
    asked = [{"role": "user", "content": "Name an animal."}]
    first, second = (create(messages=asked, seed=3, n=3, max_tokens=12) for _ in range(2))
    texts = [choice.message.content for choice in first.choices]
    assert texts == [choice.message.content for choice in second.choices]
    assert len(set(texts)) > 1
    assert [choice.index for choice in first.choices] == [0, 1, 2]


def test_log_probabilities(create: Any) -> None:
    found = create(temperature=0, logprobs=True, top_logprobs=2).choices[0]
    assert "".join(one.token for one in found.logprobs.content).strip() == found.message.content.strip()
    assert all(one.logprob <= 0 and len(one.top_logprobs) == 2 for one in found.logprobs.content)


def test_stop(create: Any) -> None:
    found = create(temperature=0, stop=["capital"]).choices[0]
    assert (found.finish_reason, "capital" in found.message.content) == ("stop", False)


def test_models(client: Any, server: Any) -> None:
    (model,) = client.models.list().data
    assert model.id == server.model
    assert client.models.retrieve(server.model).identity["quantisation"] == "Q4_1"


def test_errors_are_raised_as_their_own_kind(client: Any, create: Any) -> None:
    import openai

    with pytest.raises(openai.NotFoundError) as unknown:
        create(model="gpt-5")
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as hot:
        create(temperature=3)
    assert (hot.value.param, hot.value.code) == ("temperature", "decimal_above_max_value")
    with pytest.raises(openai.BadRequestError) as long:
        create(messages=[{"role": "user", "content": "word " * 3000}])
    assert long.value.code == "context_length_exceeded"
    with pytest.raises(openai.BadRequestError, match="empty array"):
        create(messages=[])
    with pytest.raises(openai.PermissionDeniedError):
        client.embeddings.create(model="x", input="y")
