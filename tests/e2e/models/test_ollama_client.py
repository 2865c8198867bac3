"""The `ollama` package, untouched, against the real model."""

from __future__ import annotations

import json
from typing import Any

import pytest

CAPITAL = [{"role": "user", "content": "What is the capital of France? Answer in one word."}]
PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 12},
        "age": {"type": "integer", "minimum": 0, "maximum": 120},
    },
    "required": ["name", "age"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def client(server: Any) -> Any:
    import ollama

    with ollama.Client(host=server.url) as client:
        yield client


def test_chat(client: Any, server: Any) -> None:
    found = client.chat(model=server.model, messages=CAPITAL, options={"temperature": 0, "num_predict": 16})
    assert "Paris" in found.message.content
    assert (found.done, found.done_reason) == (True, "stop")
    assert found.prompt_eval_count > 10
    assert found.eval_count >= 1
    assert found.total_duration >= found.eval_duration > 0


def test_a_stream_is_the_chat_in_parts(client: Any, server: Any) -> None:
    options = {"temperature": 0.8, "seed": 11, "num_predict": 16}
    whole = client.chat(model=server.model, messages=CAPITAL, options=options)
    parts = list(client.chat(model=server.model, messages=CAPITAL, options=options, stream=True))
    assert "".join(part.message.content for part in parts) == whole.message.content
    assert len(parts) > 2
    assert [part.done for part in parts] == [False] * (len(parts) - 1) + [True]
    assert parts[-1].eval_count == whole.eval_count


def test_generate_and_its_stream(client: Any, server: Any) -> None:
    options = {"temperature": 0.8, "seed": 3, "num_predict": 8}
    whole = client.generate(model=server.model, prompt="Say hi.", options=options)
    streamed = client.generate(model=server.model, prompt="Say hi.", options=options, stream=True)
    assert "".join(part.response for part in streamed) == whole.response != ""


def test_a_schema_is_held(client: Any, server: Any) -> None:
    for seed in range(3):
        options = {"temperature": 1.2, "seed": seed, "num_predict": 60}
        found = client.chat(
            model=server.model,
            messages=[{"role": "user", "content": "Describe a person."}],
            format=PERSON,
            options=options,
        )
        person = json.loads(found.message.content)
        assert list(person) == ["name", "age"]
        assert isinstance(person["age"], int)
        assert 0 <= person["age"] <= 120


def test_a_tool_is_called_with_its_arguments(client: Any, server: Any) -> None:
    def get_weather(city: str) -> str:
        """Current weather of a city.

        Args:
            city: The city.
        """
        return city

    found = client.chat(
        model=server.model,
        messages=[{"role": "user", "content": "What is the weather in Paris?"}],
        tools=[get_weather],
        options={"temperature": 0, "num_predict": 40},
    )
    calls = found.message.tool_calls or []
    assert calls or found.message.content
    assert all(call.function.name == "get_weather" and "city" in call.function.arguments for call in calls)


def test_a_seed_repeats_and_another_does_not(client: Any, server: Any) -> None:
    def text(seed: int) -> str:
        options = {"temperature": 1.0, "seed": seed, "num_predict": 16}
        return str(
            client.chat(
                model=server.model, messages=[{"role": "user", "content": "Name an animal."}], options=options
            ).message.content
        )

    assert text(5) == text(5)
    assert len({text(seed) for seed in range(5, 9)}) > 1


def test_lists_shows_and_unloads(client: Any, server: Any) -> None:
    (entry,) = client.list().models
    assert entry.model == server.model
    shown = client.show(server.model)
    assert shown.details.quantization_level == "Q4_1"
    assert "completion" in shown.capabilities
    assert client.generate(model=server.model, keep_alive=0).done_reason == "unload"
    assert client.ps().models == []
    assert client.generate(model=server.model).done_reason == "load"
    (running,) = client.ps().models
    assert running.digest == entry.digest
    assert client.pull(server.model).status == "success"


def test_errors_are_raised_with_their_status(client: Any, server: Any) -> None:
    import ollama

    with pytest.raises(ollama.ResponseError, match="model 'nope' not found") as unknown:
        client.chat(model="nope", messages=CAPITAL)
    assert unknown.value.status_code == 404
    with pytest.raises(ollama.ResponseError, match="does not support embeddings") as embedding:
        client.embed(model=server.model, input="x")
    assert embedding.value.status_code == 501
    with pytest.raises(ollama.ResponseError, match="longer than the context") as long:
        list(
            client.chat(
                model=server.model, messages=[{"role": "user", "content": "word " * 3000}], stream=True
            )
        )
    assert long.value.status_code == 400
    with pytest.raises(ollama.ResponseError, match="cannot be enforced"):
        client.chat(model=server.model, messages=CAPITAL, format={"type": "array", "uniqueItems": True})
