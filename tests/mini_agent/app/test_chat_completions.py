"""OpenAI's chat completions over a real socket: real usage, chunks, tools, and errors in its own shape."""

from __future__ import annotations

import json
from typing import Any

import pytest

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


def chunks(text: str) -> list[Any]:
    lines = [line.removeprefix("data: ") for line in text.split("\n\n") if line]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/chat/completions"])
def test_an_answer_has_openais_shape_and_the_servers_usage(server, ask, path):
    body = server.post(path, dict(ask)).json()
    assert body.pop("id").startswith("chatcmpl-")
    assert body.pop("created") > 1_700_000_000
    assert body == {
        "object": "chat.completion",
        "model": "small",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Paris", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
    }


def test_a_stream_is_the_answer_in_chunks(server, model):
    model.answer = lambda body: ["It ", "is ", "Paris"]
    found = server.chat(stream=True, stream_options={"include_usage": True})
    assert found.headers["content-type"] == "text/event-stream; charset=utf-8"
    *said, usage, end = chunks(found.text)
    assert end == "[DONE]"
    assert (usage["choices"], usage["usage"]["total_tokens"]) == ([], 10)
    assert all(one["usage"] is None for one in said)
    assert len({one["id"] for one in said}) == 1
    deltas = [one["choices"][0]["delta"] for one in said]
    assert deltas[0] == {"role": "assistant", "content": ""}
    assert "".join(one.get("content", "") for one in deltas) == "It is Paris"
    assert [one["choices"][0]["finish_reason"] for one in said][-2:] == [None, "stop"]


def test_no_usage_is_streamed_that_was_not_asked_for(server):
    assert not any("usage" in one for one in chunks(server.chat(stream=True).text) if one != "[DONE]")


def test_a_stream_goes_out_as_it_comes_in(server, model, hang):
    """The first word is there while the model still thinks about the second."""
    import httpx2

    model.answer = lambda body: ["It ", hang]
    with httpx2.Client(trust_env=False, timeout=5) as client:
        body = {"model": "small", "messages": [{"role": "user", "content": "?"}], "stream": True}
        with client.stream("POST", server.url + "/v1/chat/completions", json=body) as answer:
            seen = ""
            for part in answer.iter_text():
                seen += part
                if "It " in seen:
                    break
    assert "[DONE]" not in seen


def test_what_was_asked_for_reaches_the_model(server, model):
    fields = {
        "temperature": 0.3,
        "top_p": 0.9,
        "seed": 11,
        "stop": ["\n", "END"],
        "max_tokens": 40,
        "presence_penalty": 1.0,
        "response_format": {"type": "json_object"},
        "user": "someone",
    }
    assert server.chat(**fields).status_code == 200
    sent = model.asked[0].body
    assert {name: sent.get(name) for name in fields} == fields
    assert sent["messages"] == [{"role": "user", "content": "Capital of France?"}]


def test_several_answers_have_seeds_of_their_own(server, model):
    model.answer = lambda body: f"seed {body['seed']}"
    body = server.chat(n=3, seed=5).json()
    assert [one["message"]["content"] for one in body["choices"]] == ["seed 5", "seed 6", "seed 7"]
    assert [one["index"] for one in body["choices"]] == [0, 1, 2]
    assert body["usage"]["total_tokens"] == 30


def test_several_answers_are_streamed_side_by_side(server, model):
    model.answer = lambda body: f"seed {body['seed']}"
    said = chunks(server.chat(n=2, seed=5, stream=True).text)[:-1]
    for index in (0, 1):
        deltas = [one["choices"][0]["delta"] for one in said if one["choices"][0]["index"] == index]
        assert "".join(one.get("content", "") for one in deltas) == f"seed{5 + index}"


def test_the_largest_seed_still_has_a_neighbour(server, model):
    assert server.chat(n=2, seed=2**63 - 1).status_code == 200
    assert sorted(one.body["seed"] for one in model.asked) == [2**63 - 2, 2**63 - 1]


@pytest.mark.parametrize("stream", [False, True])
def test_tools_are_passed_through_and_called(server, model, tool_call, stream):
    model.answer = lambda body: [tool_call("weather", city="Paris")]
    choice = {"type": "function", "function": {"name": "weather"}}
    found = server.chat(tools=[WEATHER], tool_choice=choice, stream=stream)
    sent = model.asked[-1].body
    assert (sent["tools"][0]["function"]["name"], sent["tool_choice"]) == ("weather", choice)
    if stream:
        said = [one["choices"][0] for one in chunks(found.text)[:-1]]
        (calls,) = [one["delta"]["tool_calls"] for one in said if "tool_calls" in one["delta"]]
        assert calls[0]["index"] == 0
        finish = said[-1]["finish_reason"]
    else:
        (choice,) = found.json()["choices"]
        assert choice["message"]["content"] is None
        calls, finish = choice["message"]["tool_calls"], choice["finish_reason"]
    assert finish == "tool_calls"
    assert calls[0]["function"] == {"name": "weather", "arguments": '{"city": "Paris"}'}


def test_a_choice_of_an_unknown_tool_is_refused(server, model):
    found = server.chat(tools=[WEATHER], tool_choice={"type": "function", "function": {"name": "other"}})
    assert (found.status_code, found.json()["error"]["param"]) == (404, "tool_choice")
    assert model.asked == []


def test_a_choice_of_no_tool_offers_none(server, model):
    assert server.chat(tools=[WEATHER], tool_choice="none").status_code == 200
    assert "tools" not in model.asked[-1].body


@pytest.mark.parametrize(
    ("fields", "param", "code"),
    [
        ({"model": None}, "model", "invalid_type"),
        ({"messages": []}, "messages", "invalid_value"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "missing_required_parameter"),
        ({"temperature": 3}, "temperature", "invalid_value"),
        ({"temperature": "hot"}, "temperature", "invalid_type"),
        ({"n": 0}, "n", "invalid_value"),
        ({"n": 9}, "n", "invalid_value"),
        ({"stop": ["a"] * 5}, "stop", "invalid_value"),
        ({"frobnicate": 1}, "frobnicate", "unknown_parameter"),
        ({"logprobs": True}, "logprobs", "unsupported_parameter"),
        ({"functions": []}, "functions", "unsupported_parameter"),
        ({"audio": {}}, "audio", "unsupported_parameter"),
        ({"store": True}, "store", "unsupported_parameter"),
        ({"store": 0}, "store", "invalid_type"),
        ({"tool_choice": "required"}, "tool_choice", "invalid_value"),
        (
            {"tools": [{"type": "function", "function": {"name": "a b"}}]},
            "tools[0].function.name",
            "invalid_value",
        ),
        ({"response_format": {"type": "xml"}}, "response_format", "invalid_value"),
        ({"max_tokens": 0}, "max_tokens", "invalid_value"),
    ],
)
def test_a_field_that_cannot_be_honoured_is_refused_in_openais_shape(server, model, fields, param, code):
    found = server.chat(**fields)
    assert found.status_code == 400
    error = found.json()["error"]
    assert (error["type"], error["param"], error["code"]) == ("invalid_request_error", param, code)
    assert set(error) == {"message", "type", "param", "code"}
    assert model.asked == []


def test_a_null_field_counts_as_absent(server, model):
    names = (
        "temperature",
        "seed",
        "tools",
        "tool_choice",
        "stop",
        "response_format",
        "stream",
        "n",
        "logprobs",
    )
    assert server.chat(**dict.fromkeys(names)).status_code == 200
    assert set(model.asked[0].body) == {"model", "messages", "stream"}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (
            (429, {"error": {"message": "slow down", "code": "rate_limit"}}, {"retry-after": "7"}),
            429,
            "rate_limit",
        ),
        ((400, {"error": {"message": "maximum context length is 10"}}), 400, "context_length_exceeded"),
        ((404, {"error": {"message": "model not there"}}), 404, "model_not_found"),
        ((500, {"error": {"message": "boom"}}), 502, "model_error"),
        ((401, {"error": {"message": "bad key"}}), 502, "upstream_auth"),
        ((200, {"nothing": 1}), 502, "bad_answer"),
    ],
)
def test_a_failure_of_the_model_is_an_error_never_an_answer(server, model, answer, status, code, stream):
    model.answer = lambda body: answer
    found = server.chat(stream=stream)
    assert found.status_code == status
    assert found.headers["content-type"] == "application/json"
    assert found.json()["error"]["code"] == code
    assert "choices" not in found.json()
    assert found.headers.get("retry-after") == ("7" if status == 429 else None)


def test_one_answer_of_several_that_fails_fails_them_all(server, model):
    model.answer = lambda body: (500, {"error": "no"}) if body["seed"] == 6 else "fine"
    assert server.chat(n=3, seed=5).status_code == 502


def test_no_model_at_all(start):
    assert start(base="http://127.0.0.1:1/v1").chat().status_code == 502


def test_a_model_that_breaks_off_ends_the_stream_with_an_error(server, model):
    model.answer = lambda body: ["Par", None]
    said = chunks(server.chat(stream=True).text)
    assert said[-2]["choices"][0]["delta"] == {"content": "Par"}
    assert said[-1]["error"]["code"] == "broken_off"


def test_an_answer_takes_no_longer_than_the_service_allows(start, model, hang):
    model.answer = lambda body: hang
    found = start(run_seconds=0.2).chat()
    assert (found.status_code, found.json()["error"]["code"]) == (504, "timeout")
    assert found.elapsed.total_seconds() < 5


def test_models_are_those_of_the_server_and_the_configured_ones(start):
    body = start(models=("large", "own")).get("/v1/models").json()
    assert body["object"] == "list"
    assert [one["id"] for one in body["data"]] == ["large", "own", "small"]


def test_models_without_a_server_are_the_configured_ones_or_an_error(start):
    assert [one["id"] for one in start(base="", models=("own",)).get("/v1/models").json()["data"]] == ["own"]
    nowhere = start(base="http://127.0.0.1:1/v1")
    assert nowhere.get("/v1/models").status_code == 502
    assert len(start(base="http://127.0.0.1:1/v1", models=("own",)).get("/v1/models").json()["data"]) == 1
