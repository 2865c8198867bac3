"""Ollama's API as its clients see it, refusals included. The engine is scripted; the real one is in tests/e2e/models.

Statuses and words are those of ollama/ollama: server/routes.go, api/types.go.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

USER = [{"role": "user", "content": "What is the capital of France?"}]
PERSON = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
TOOL = {
    "type": "function",
    "function": {
        "name": "run",
        "description": "Run it.",
        "parameters": {"type": "object", "properties": {"code": {"type": "string"}}, "required": ["code"]},
    },
}


def chat(front: Any, **fields: object) -> Any:
    return front.post("/api/chat", {"model": "toy:1b", "messages": USER} | fields)


def generate(front: Any, **fields: object) -> Any:
    return front.post("/api/generate", {"model": "toy:1b", "prompt": "Hi"} | fields)


def test_the_root_says_what_clients_look_for(front: Any) -> None:
    assert front.ask("GET", "/").body == b"Ollama is running"
    head = front.ask("HEAD", "/")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", "17")
    assert front.ask("GET", "/api/version").json == {"version": "9+readiness"}


def test_tags_show_and_ps_name_the_model(front: Any) -> None:
    (entry,) = front.ask("GET", "/api/tags").json["models"]
    assert (entry["name"], entry["digest"], entry["size"]) == ("toy:1b", "ab" * 32, 7)
    assert entry["details"]["quantization_level"] == "Q4_1"
    shown = front.post("/api/show", {"model": "toy"}).json
    assert shown["capabilities"] == ["completion", "tools"]
    assert shown["identity"]["digest"] == "ab" * 32
    assert shown["model_info"]["general.parameter_count"] == 134_515_008
    assert front.ask("GET", "/api/ps").json == {"models": []}


def test_show_of_another_model_is_refused(front: Any) -> None:
    assert front.post("/api/show", {"model": "other"}).status == 404
    assert front.post("/api/show", {}).json == {"error": "model is required"}


def test_a_chat_streams_lines_and_ends_with_counts(front: Any) -> None:
    answered = chat(front)
    assert answered.headers["content-type"] == "application/x-ndjson"
    *parts, last = answered.lines
    assert [part["message"]["content"] for part in parts] == ["It ", "is ", "Paris."]
    assert all(part["done"] is False and part["message"]["role"] == "assistant" for part in parts)
    assert (last["done"], last["done_reason"], last["message"]["content"]) == (True, "stop", "")
    assert (last["prompt_eval_count"], last["eval_count"]) == (6, 3)
    assert (last["prompt_eval_duration"], last["eval_duration"]) == (2_000_000, 3_000_000)
    assert last["total_duration"] >= last["load_duration"] >= 0


def test_a_chat_that_is_not_streamed_is_one_object(front: Any) -> None:
    answered = chat(front, stream=False)
    assert answered.headers["content-type"].startswith("application/json")
    assert answered.json["message"] == {"role": "assistant", "content": "It is Paris."}
    assert answered.json["done_reason"] == "stop"


def test_num_predict_ends_with_length(front: Any) -> None:
    assert chat(front, stream=False, options={"num_predict": 2}).json["done_reason"] == "length"


def test_generate_streams_responses_and_keeps_the_system_text(front: Any) -> None:
    *parts, last = generate(front, system="Be brief.").lines
    assert "".join(part["response"] for part in parts) == "It is Paris."
    assert "message" not in last
    (asked,) = front.engine.asked
    assert [(one.role, one.content) for one in asked.messages] == [("system", "Be brief."), ("user", "Hi")]


def test_raw_generation_takes_the_prompt_as_it_is(front: Any) -> None:
    generate(front, raw=True)
    (asked,) = front.engine.asked
    assert (asked.prompt, asked.messages) == ("Hi", ())


def test_sampling_reaches_the_engine_and_its_seed_the_client(front: Any) -> None:
    answered = chat(front, options={"seed": 42, "temperature": 0.1})
    assert front.engine.asked[0].sampling.seed == 42
    assert answered.headers["x-sampling-seed"] == "42"


def test_a_request_without_a_seed_gets_a_new_one_each_time(front: Any) -> None:
    assert len({chat(front).headers["x-sampling-seed"] for _ in range(5)}) > 1


@pytest.mark.parametrize("ask", [chat, generate])
def test_nothing_to_say_loads_and_unloads(front: Any, ask: Any) -> None:
    empty = {"messages": [], "prompt": ""}
    loaded = ask(front, **empty)
    assert (loaded.json["done"], loaded.json["done_reason"]) == (True, "load")
    unloaded = ask(front, **empty, keep_alive=0)
    assert (unloaded.json["done"], unloaded.json["done_reason"]) == (True, "unload")
    assert front.engine.asked == []


def test_a_schema_becomes_a_grammar(front: Any) -> None:
    chat(front, format=PERSON)
    chat(front, format="json")
    chat(front, format="")
    with_schema, with_json, without = front.engine.asked
    assert '"name": {"type": "string"}' in with_schema.grammar
    assert '"type": "object"' in with_json.grammar
    assert without.grammar == ""


def test_a_schema_that_cannot_be_enforced_is_refused(front: Any) -> None:
    named = chat(front, format={"type": "object", "not": {}})
    assert (named.status, "#: not" in named.json["error"]) == (400, True)
    front.engine.enforceable = False
    assert chat(front, format=PERSON).status == 400
    assert front.engine.asked == []


def test_a_tool_call_and_an_answer_in_words(front: Any) -> None:
    front.engine.script = lambda _: '{"name": "run", "arguments": {"code": "print(1)"}}'
    last = chat(front, tools=[TOOL]).lines[-1]
    (call,) = last["message"]["tool_calls"]
    assert call["function"] == {"index": 0, "name": "run", "arguments": {"code": "print(1)"}}
    assert last["message"]["content"] == ""
    front.engine.script = lambda _: '{"name": "answer_in_words", "arguments": {"text": "Hello there"}}'
    message = chat(front, tools=[TOOL], stream=False).json["message"]
    assert message == {"role": "assistant", "content": "Hello there"}


def test_a_tool_call_that_was_cut_is_text_and_says_length(front: Any) -> None:
    front.engine.script = lambda _: '{"name": "run", "arguments": {"code": "a b c'
    answered = chat(front, tools=[TOOL], stream=False, options={"num_predict": 4}).json
    assert "tool_calls" not in answered["message"]
    assert answered["done_reason"] == "length"


def test_calls_and_results_are_told_to_the_model(front: Any) -> None:
    calls = [{"function": {"name": "run", "arguments": {"code": "1"}}}]
    history = [
        *USER,
        {"role": "assistant", "content": "", "tool_calls": calls},
        {"role": "tool", "content": "7", "tool_name": "run"},
    ]
    chat(front, messages=history)
    told = [(one.role, one.content) for one in front.engine.asked[0].messages]
    assert told[1:] == [
        ("assistant", '{"name": "run", "arguments": {"code": "1"}}'),
        ("user", "Result of run: 7"),
    ]


def test_log_probabilities(front: Any) -> None:
    chat(front, logprobs=True, top_logprobs=2)
    chat(front, top_logprobs=2)
    assert [asked.logprobs for asked in front.engine.asked] == [2, None]


def test_a_long_chat_loses_its_oldest_messages_as_there(front: Any) -> None:
    front.engine.context = 4
    history = [
        {"role": "system", "content": "s1"},
        {"role": "user", "content": "old old old"},
        {"role": "assistant", "content": "older"},
        {"role": "user", "content": "new"},
    ]
    for streamed in (True, False):
        assert chat(front, messages=history, stream=streamed).status == 200
        assert [one.content for one in front.engine.asked[-1].messages] == ["s1", "older", "new"]


def test_what_does_not_fit_even_alone_is_refused(front: Any) -> None:
    front.engine.context = 4
    for fields in ({}, {"stream": False}, {"truncate": False}):
        answered = chat(front, **fields)
        assert (answered.status, answered.json["error"].split(";")[0]) == (
            400,
            "the prompt is longer than the context length currently available to the model",
        )


@pytest.mark.parametrize(
    ("fields", "status", "error"),
    [
        ({"model": ""}, 400, "model is required"),
        ({"model": None}, 400, "model is required"),
        ({"model": "other"}, 404, "model 'other' not found"),
        (
            {"model": 1},
            400,
            "json: cannot unmarshal number into Go struct field ChatRequest.model of type string",
        ),
        (
            {"messages": "hi"},
            400,
            "json: cannot unmarshal string into Go struct field ChatRequest.messages of type []api.Message",
        ),
        (
            {"messages": ["hi"]},
            400,
            "json: cannot unmarshal string into Go struct field ChatRequest.messages of type api.Message",
        ),
        (
            {"messages": [{"role": "user", "content": 1}]},
            400,
            "json: cannot unmarshal number into Go struct field Message.messages.content of type string",
        ),
        (
            {"messages": [{"role": "wizard", "content": "x"}]},
            400,
            'invalid role: wizard, must be one of ["system", "user", "assistant", "tool"]',
        ),
        (
            {"stream": "yes"},
            400,
            "json: cannot unmarshal string into Go struct field ChatRequest.stream of type bool",
        ),
        (
            {"options": []},
            400,
            "json: cannot unmarshal array into Go struct field ChatRequest.options of type map[string]interface {}",
        ),
        ({"options": {"temperature": "hot"}}, 500, 'option "temperature" must be of type float32'),
        ({"options": {"temperature": -1}}, 400, 'option "temperature" must not be negative'),
        ({"top_logprobs": 21}, 400, "top_logprobs must be between 0 and 20"),
        (
            {"format": "xml"},
            500,
            'invalid format: "\\"xml\\""; expected "json" or a valid JSON Schema object',
        ),
        ({"think": True}, 400, '"toy:1b" does not support thinking'),
        (
            {"think": "hard"},
            400,
            'invalid think value: "hard" (must be "high", "medium", "low", "max", true, or false)',
        ),
        ({"keep_alive": "soon"}, 400, 'time: invalid duration "soon"'),
        (
            {"tools": [{"type": "function"}]},
            400,
            "json: cannot unmarshal object into Go struct field ChatRequest.tools.function of type api.ToolFunction",
        ),
        ({"tools": [TOOL], "format": "json"}, 400, "this server does not support format together with tools"),
    ],
)
def test_what_the_real_server_refuses(front: Any, fields: dict[str, Any], status: int, error: str) -> None:
    answered = chat(front, **fields)
    assert (answered.status, answered.json) == (status, {"error": error})
    assert front.engine.asked == []


@pytest.mark.parametrize(
    ("fields", "status", "error"),
    [
        ({"model": ""}, 404, "model '' not found"),
        ({"suffix": "x"}, 400, "toy:1b does not support insert"),
        ({"images": ["eA=="]}, 400, "toy:1b does not support vision"),
        ({"raw": True, "system": "x"}, 400, "raw mode does not support template, system, or context"),
        ({"context": [1]}, 400, "this server does not support context; send messages to /api/chat instead"),
        (
            {"template": "{{ .Prompt }}"},
            400,
            "this server does not support template; send messages to /api/chat instead",
        ),
    ],
)
def test_what_a_generation_cannot_have(front: Any, fields: dict[str, Any], status: int, error: str) -> None:
    answered = generate(front, **fields)
    assert (answered.status, answered.json) == (status, {"error": error})


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "missing request body"),
        (b"{", "unexpected EOF"),
        (b"x", "invalid character 'x' looking for beginning of value"),
        (b"[]", "json: cannot unmarshal array into Go value of type api.ChatRequest"),
    ],
)
def test_a_body_that_is_no_request(front: Any, body: bytes, error: str) -> None:
    answered = front.post("/api/chat", body)
    assert (answered.status, answered.json) == (400, {"error": error})


def test_embeddings_are_an_honest_error(front: Any) -> None:
    for path in ("/api/embed", "/api/embeddings"):
        answered = front.post(path, {"model": "toy", "input": "x"})
        assert (answered.status, answered.json) == (501, {"error": '"toy" does not support embeddings'})
    assert front.post("/api/embed", {"model": "other"}).status == 404


def test_pulling_what_is_here_succeeds_and_nothing_else_can_be_had(front: Any) -> None:
    assert front.post("/api/pull", {"model": "toy"}).lines[-1] == {"status": "success"}
    assert front.post("/api/pull", {"model": "toy", "stream": False}).json == {"status": "success"}
    missing = {"error": "pull model manifest: file does not exist"}
    assert front.post("/api/pull", {"model": "other"}).lines[-1] == missing
    refused = front.post("/api/pull", {"model": "other", "stream": False})
    assert (refused.status, refused.json) == (500, missing)


def test_unusual_text_survives(front: Any) -> None:
    front.engine.script = lambda _: 'naïve 😀 \u2028 \\ " \n end'
    assert chat(front, stream=False).json["message"]["content"] == 'naïve 😀 \u2028 \\ " \n end'
    lines = chat(front).body.decode().split("\n")
    assert (
        "".join(json.loads(line)["message"]["content"] for line in lines if line)
        == 'naïve 😀 \u2028 \\ " \n end'
    )


def test_a_stream_that_breaks_says_so_and_never_says_done(front: Any) -> None:
    front.engine.breaks_after = 2
    lines = chat(front).lines
    assert lines[-1] == {"error": "the engine broke"}
    assert [line["done"] for line in lines[:-1]] == [False, False]


def test_an_answer_that_breaks_is_a_500(front: Any) -> None:
    front.engine.breaks_after = 2
    answered = chat(front, stream=False)
    assert (answered.status, answered.json) == (500, {"error": "the engine broke"})


def test_an_answer_without_a_word_is_still_an_answer(front: Any) -> None:
    front.engine.script = lambda _: ""
    assert chat(front, stream=False).json["message"]["content"] == ""
    assert chat(front).lines[-1]["done_reason"] == "stop"
