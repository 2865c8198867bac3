"""OpenAI's API as its clients see it. The engine is scripted; the real one is in tests/e2e/models."""

from __future__ import annotations

from typing import Any

import pytest

USER = [{"role": "user", "content": "What is the capital of France?"}]
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}},
    "required": ["name"],
    "additionalProperties": False,
}
RUN = {
    "type": "function",
    "function": {
        "name": "run",
        "description": "Run it.",
        "parameters": {"type": "object", "properties": {"code": {"type": "string"}}, "required": ["code"]},
    },
}
LOOK = {"type": "function", "function": {"name": "look"}}


def chat(front: Any, **fields: object) -> Any:
    return front.post("/v1/chat/completions", {"model": "toy:1b", "messages": USER} | fields)


def test_a_completion(front: Any) -> None:
    answered = chat(front, seed=5)
    found = answered.json
    assert (found["object"], found["model"]) == ("chat.completion", "toy:1b")
    assert found["system_fingerprint"].startswith("fp_" + "ab" * 6)
    (choice,) = found["choices"]
    assert (choice["index"], choice["finish_reason"], choice["logprobs"]) == (0, "stop", None)
    assert (choice["message"]["role"], choice["message"]["content"]) == ("assistant", "It is Paris.")
    assert found["usage"] == {
        "prompt_tokens": 6,
        "completion_tokens": 3,
        "total_tokens": 9,
        "prompt_tokens_details": {"cached_tokens": 1},
    }
    assert answered.headers["x-sampling-seed"] == "5"


def test_a_stream(front: Any) -> None:
    answered = chat(front, stream=True)
    assert answered.headers["content-type"].startswith("text/event-stream")
    *chunks, done = answered.events
    assert done == "[DONE]"
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert all(chunk["object"] == "chat.completion.chunk" and "usage" not in chunk for chunk in chunks)
    first, *middle, last = (chunk["choices"][0] for chunk in chunks)
    assert first["delta"]["role"] == "assistant"
    assert [choice["delta"]["content"] for choice in middle] == ["It ", "is ", "Paris."]
    assert (last["delta"], last["finish_reason"]) == ({}, "stop")


def test_usage_comes_last_when_it_is_asked_for(front: Any) -> None:
    *chunks, usage, done = chat(front, stream=True, stream_options={"include_usage": True}).events
    assert done == "[DONE]"
    assert all(chunk["usage"] is None for chunk in chunks)
    assert (usage["choices"], usage["usage"]["total_tokens"]) == ([], 9)


@pytest.mark.parametrize("limit", ["max_tokens", "max_completion_tokens"])
def test_a_limit_ends_with_length(front: Any, limit: str) -> None:
    (choice,) = chat(front, **{limit: 2}).json["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("It is ", "length")


def test_defaults_are_openais(front: Any) -> None:
    chat(front)
    sampling = front.engine.asked[0].sampling
    assert (sampling.temperature, sampling.top_p, sampling.top_k, sampling.min_p) == (1.0, 1.0, 0, 0.0)


def test_several_answers_have_seeds_of_their_own_and_one_prompt(front: Any) -> None:
    found = chat(front, n=3, seed=5).json
    assert [choice["index"] for choice in found["choices"]] == [0, 1, 2]
    seeds = [asked.sampling.seed for asked in front.engine.asked]
    assert seeds[0] == 5
    assert len(set(seeds)) == 3
    assert (found["usage"]["prompt_tokens"], found["usage"]["completion_tokens"]) == (6, 9)
    chat(front, n=3, seed=5)
    assert [asked.sampling.seed for asked in front.engine.asked[3:]] == seeds


def test_several_answers_streamed(front: Any) -> None:
    *chunks, _ = chat(front, n=2, stream=True).events
    by_index = {
        index: [c["choices"][0] for c in chunks if c["choices"][0]["index"] == index] for index in (0, 1)
    }
    for choices in by_index.values():
        assert choices[-1]["finish_reason"] == "stop"
        assert "".join(choice["delta"].get("content", "") for choice in choices) == "It is Paris."


def test_a_schema_becomes_a_grammar(front: Any) -> None:
    chat(
        front,
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "person", "schema": PERSON, "strict": True},
        },
    )
    chat(front, messages=[{"role": "user", "content": "as JSON"}], response_format={"type": "json_object"})
    chat(front, response_format={"type": "text"})
    with_schema, with_object, text = (asked.grammar for asked in front.engine.asked)
    assert '"name": {"type": "string"}' in with_schema
    assert '{"type": "object", "x-guidance"' in with_object
    assert text == ""


def test_a_schema_that_the_engine_cannot_hold_is_refused(front: Any) -> None:
    front.engine.enforceable = False
    answered = chat(
        front, response_format={"type": "json_schema", "json_schema": {"name": "p", "schema": PERSON}}
    )
    assert (answered.status, answered.json["error"]["code"]) == (400, "invalid_json_schema")
    assert front.engine.asked == []


def test_a_tool_call(front: Any) -> None:
    front.engine.script = lambda _: '{"name": "run", "arguments": {"code": "print(1)"}}'
    (choice,) = chat(front, tools=[RUN, LOOK]).json["choices"]
    assert (choice["finish_reason"], choice["message"]["content"]) == ("tool_calls", None)
    (call,) = choice["message"]["tool_calls"]
    assert call["id"].startswith("call_")
    assert (call["type"], call["function"]) == (
        "function",
        {"name": "run", "arguments": '{"code": "print(1)"}'},
    )


def test_a_tool_call_streamed(front: Any) -> None:
    front.engine.script = lambda _: '{"name": "run", "arguments": {"code": "print(1)"}}'
    *chunks, _ = chat(front, tools=[RUN], stream=True).events
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert deltas[0] == {"role": "assistant"}
    (call,) = deltas[1]["tool_calls"]
    assert (call["index"], call["function"]["arguments"]) == (0, '{"code": "print(1)"}')
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_tools_may_be_answered_in_words(front: Any) -> None:
    front.engine.script = lambda _: '{"name": "answer_in_words", "arguments": {"text": "Hello there"}}'
    (choice,) = chat(front, tools=[RUN]).json["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("Hello there", "stop")
    assert "tool_calls" not in choice["message"]


@pytest.mark.parametrize(
    ("choice", "held", "free"),
    [
        ("auto", ['"run"', '"look"', "answer_in_words"], []),
        ("required", ['"run"', '"look"'], ["answer_in_words"]),
        ({"type": "function", "function": {"name": "look"}}, ['"look"'], ['"run"', "answer_in_words"]),
    ],
)
def test_tool_choice_decides_what_the_grammar_allows(
    front: Any, choice: object, held: list[str], free: list[str]
) -> None:
    front.engine.script = lambda _: '{"name": "look", "arguments": {}}'
    chat(front, tools=[RUN, LOOK], tool_choice=choice)
    grammar = front.engine.asked[0].grammar
    assert all(name in grammar for name in held)
    assert not any(name in grammar for name in free)


def test_tool_choice_none_is_plain_text(front: Any) -> None:
    assert (
        chat(front, tools=[RUN], tool_choice="none").json["choices"][0]["message"]["content"]
        == "It is Paris."
    )
    assert front.engine.asked[0].grammar == ""


def test_calls_and_results_are_told_to_the_model(front: Any) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "run", "arguments": '{"code": "1"}'}}
    history = [
        {"role": "developer", "content": "Be brief."},
        *USER,
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "7"}]},
    ]
    assert chat(front, messages=history).status == 200
    told = [(one.role, one.content) for one in front.engine.asked[0].messages]
    assert told[0] == ("system", "Be brief.")
    assert told[2:] == [
        ("assistant", '{"name": "run", "arguments": {"code": "1"}}'),
        ("user", "Result of run: 7"),
    ]


def test_a_prompt_that_does_not_fit(front: Any) -> None:
    front.engine.context = 3
    for streamed in (False, True):
        answered = chat(front, stream=streamed)
        assert (answered.status, answered.json["error"]["code"]) == (400, "context_length_exceeded")
        assert "maximum context length is 3 tokens" in answered.json["error"]["message"]


def test_models(front: Any) -> None:
    (model,) = front.ask("GET", "/v1/models").json["data"]
    assert (model["id"], model["object"], model["identity"]["digest"]) == ("toy:1b", "model", "ab" * 32)
    assert front.ask("GET", "/v1/models/toy").json == model
    missing = front.ask("GET", "/v1/models/other")
    assert (missing.status, missing.json["error"]["code"]) == (404, "model_not_found")


def test_embeddings_are_an_honest_error(front: Any) -> None:
    answered = front.post("/v1/embeddings", {"model": "toy", "input": "x"})
    assert (answered.status, "not allowed to generate embeddings" in answered.json["error"]["message"]) == (
        403,
        True,
    )


def test_a_body_that_is_no_json(front: Any) -> None:
    for body in (b"", b"{", b"[1]", b'{"temperature": NaN}'):
        answered = front.post("/v1/chat/completions", body)
        assert (answered.status, answered.json["error"]["type"]) == (400, "invalid_request_error")
        assert "could not parse the JSON body" in answered.json["error"]["message"]


def test_another_model_does_not_exist(front: Any) -> None:
    answered = chat(front, model="gpt-5")
    assert answered.status == 404
    assert answered.json["error"] == {
        "message": "The model `gpt-5` does not exist or you do not have access to it.",
        "type": "invalid_request_error",
        "param": None,
        "code": "model_not_found",
    }


def test_a_stream_that_breaks_says_so_and_never_says_done(front: Any) -> None:
    front.engine.breaks_after = 2
    events = chat(front, stream=True).events
    assert events[-1]["error"] == {
        "message": "the engine broke",
        "type": "server_error",
        "param": None,
        "code": None,
    }
    assert "[DONE]" not in events
    assert not any(choice["finish_reason"] for event in events[:-1] for choice in event["choices"])


def test_an_answer_that_breaks_is_a_500(front: Any) -> None:
    front.engine.breaks_after = 2
    answered = chat(front)
    assert (answered.status, answered.json["error"]["type"]) == (500, "server_error")


def test_an_answer_without_a_word_is_still_an_answer(front: Any) -> None:
    front.engine.script = lambda _: ""
    (choice,) = chat(front).json["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("", "stop")
    *chunks, done = chat(front, stream=True).events
    assert (done, chunks[0]["choices"][0]["delta"]["role"]) == ("[DONE]", "assistant")


def test_tools_are_told_with_the_users_own_system_message(front: Any) -> None:
    front.engine.script = lambda _: '{"name": "look", "arguments": {}}'
    chat(front, messages=[{"role": "system", "content": "Be brief."}, *USER], tools=[RUN])
    first, second = front.engine.asked[0].messages
    assert first.content.startswith("Be brief.")
    assert '"name": "run"' in first.content
    assert second.content == USER[0]["content"]
