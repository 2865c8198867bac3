from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.relay.answer import Answer, error_text, read_answer
from readiness.relay.shapes import Shape


def sse(*events: object, done: bool = True) -> bytes:
    data = b"".join(b"data: %b\n\n" % json.dumps(event).encode() for event in events)
    return data + (b"data: [DONE]\n\n" if done else b"")


def read(shape: Shape, value: object) -> Answer:
    return read_answer(shape, value if isinstance(value, bytes) else json.dumps(value).encode())


WHOLE = {
    Shape.CHAT: {"model": "m", "system_fingerprint": "fp", "choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}],
                 "usage": {"prompt_tokens": 3, "completion_tokens": 1}},
    Shape.COMPLETIONS: {"model": "m", "system_fingerprint": "fp", "choices": [{"text": "hi", "finish_reason": "length"}],
                        "usage": {"prompt_tokens": 3, "completion_tokens": 1}},
    Shape.RESPONSES: {"object": "response", "status": "completed", "model": "m", "system_fingerprint": "fp", "error": None,
                      "output": [{"type": "message", "content": [{"type": "output_text", "text": "hi"}]}],
                      "usage": {"input_tokens": 3, "output_tokens": 1}},
    Shape.MESSAGES: {"type": "message", "model": "m", "system_fingerprint": "fp", "content": [{"type": "text", "text": "hi"}],
                     "stop_reason": "end_turn", "usage": {"input_tokens": 1, "cache_read_input_tokens": 2, "output_tokens": 1}},
    Shape.OLLAMA_CHAT: {"model": "m", "system_fingerprint": "fp", "message": {"content": "hi"}, "done": True, "prompt_eval_count": 3, "eval_count": 1},
    Shape.OLLAMA_GENERATE: {"model": "m", "system_fingerprint": "fp", "response": "hi", "done": True, "prompt_eval_count": 3, "eval_count": 1},
}  # fmt: skip


@pytest.mark.parametrize("shape", WHOLE)
def test_a_whole_answer(shape):
    answer = read(shape, WHOLE[shape])
    facts = (answer.model, answer.fingerprint, answer.prompt_tokens, answer.completion_tokens)
    assert facts == ("m", "fp", 3, 1)
    assert (answer.content, answer.finished, answer.error) == (True, True, "")


def test_embeddings_have_no_completion():
    openai = read(
        Shape.EMBEDDINGS, {"model": "m", "data": [{"embedding": [0.1]}], "usage": {"prompt_tokens": 3}}
    )
    ollama = read(Shape.OLLAMA_EMBED, {"model": "m", "embeddings": [[0.1]], "prompt_eval_count": 3})
    for answer in (openai, ollama):
        assert (answer.content, answer.finished, answer.prompt_tokens, answer.completion_tokens) == (
            True,
            True,
            3,
            None,
        )
    assert not read(Shape.EMBEDDINGS, {"data": [{"embedding": []}]}).content


STREAMS = {
    Shape.CHAT: sse(
        {"model": "m", "choices": [{"index": 0, "delta": {"content": "h"}, "finish_reason": None}]},
        {"model": "m", "choices": [{"index": 0, "delta": {"content": "i"}, "finish_reason": "stop"}], "usage": None},
        {"model": "m", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}},
    ),
    Shape.RESPONSES: sse(
        {"type": "response.created", "response": {"object": "response", "status": "in_progress", "model": "m", "output": []}},
        {"type": "response.output_text.delta", "delta": "hi"},
        {"type": "response.completed", "response": {**WHOLE[Shape.RESPONSES], "usage": {"input_tokens": 3, "output_tokens": 2}}},
        done=False,
    ),
    Shape.MESSAGES: sse(
        {"type": "message_start", "message": {"type": "message", "model": "m", "content": [], "stop_reason": None,
                                              "usage": {"input_tokens": 3, "output_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hi"}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
        {"type": "message_stop"},
        done=False,
    ),
    Shape.OLLAMA_CHAT: b'{"model":"m","message":{"content":"h"},"done":false}\n'
    b'{"model":"m","message":{"content":"i"},"done":true,"prompt_eval_count":3,"eval_count":2}\n',
}  # fmt: skip


@pytest.mark.parametrize("shape", STREAMS)
def test_a_streamed_answer_says_what_a_whole_one_says(shape):
    answer = read(shape, STREAMS[shape])
    assert (answer.model, answer.prompt_tokens, answer.completion_tokens) == ("m", 3, 2)
    assert (answer.content, answer.finished, answer.error) == (True, True, "")
    if shape in (Shape.CHAT, Shape.OLLAMA_CHAT, Shape.MESSAGES):
        assert answer.key == read(shape, WHOLE[shape]).key


@given(st.sampled_from(list(STREAMS)), st.data())
def test_a_stream_cut_anywhere_before_its_end_is_not_finished(shape, data):
    body = STREAMS[shape]
    ends = {
        Shape.CHAT: b'"finish_reason": "stop"',
        Shape.RESPONSES: b"response.completed",
        Shape.MESSAGES: b"message_stop",
    }
    end = body.index(ends.get(shape, b'"done":true'))
    cut = data.draw(st.integers(0, end))
    assert not read(shape, body[:cut]).finished


def test_who_calls_a_tool_says_something():
    calls = [{"id": "c", "function": {"name": "f", "arguments": "{}"}}]
    chat = {"choices": [{"message": {"content": None, "tool_calls": calls}, "finish_reason": "tool_calls"}]}
    ollama = {
        "message": {"content": "", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]},
        "done": True,
    }
    use = {
        "type": "message",
        "content": [{"type": "tool_use", "name": "f", "input": {}}],
        "stop_reason": "tool_use",
    }
    for shape, value in ((Shape.CHAT, chat), (Shape.OLLAMA_CHAT, ollama), (Shape.MESSAGES, use)):
        assert read(shape, value).content


@pytest.mark.parametrize("shape", [shape for shape in Shape if shape is not Shape.OTHER])
@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"<html>",
        {},
        [],
        {"choices": [{"message": {"content": " \n"}}]},
        {"choices": 3},
        {"message": []},
        {"usage": [1]},
    ],
)
def test_nothing_said_is_no_content(shape, value):
    answer = read(shape, value)
    assert not answer.content
    assert (answer.prompt_tokens, answer.completion_tokens) == (None, None)


def test_the_key_is_of_what_was_said_alone():
    base = WHOLE[Shape.CHAT]
    again = {**base, "id": "other", "created": 5, "system_fingerprint": "fp2"}
    other = {**base, "choices": [{"message": {"content": "ho"}, "finish_reason": "stop"}]}
    assert read(Shape.CHAT, base).key == read(Shape.CHAT, again).key != read(Shape.CHAT, other).key


def test_an_error_under_a_good_status_is_seen():
    assert read(Shape.CHAT, sse({"error": {"message": "overloaded"}}, done=False)).error == "overloaded"
    assert read(Shape.OLLAMA_CHAT, b'{"message":{"content":"h"}}\n{"error":"killed"}\n').error == "killed"
    assert read(Shape.CHAT, {**WHOLE[Shape.CHAT], "error": None}).error == ""


def test_the_text_of_an_error():
    assert error_text(b'{"error": {"message": "no", "type": "t"}}') == "no"
    assert error_text(b'{"error": "no"}') == "no"
    assert error_text(b"<h1>Bad Gateway</h1>") == "<h1>Bad Gateway</h1>"


def test_the_time_that_loading_took():
    assert read(Shape.OLLAMA_CHAT, {"done": True, "load_duration": 2_500_000_000}).load_seconds == 2.5


@given(st.sampled_from(list(Shape)), st.binary(max_size=60))
def test_any_body_is_read(shape, body):
    assert isinstance(read_answer(shape, body), Answer)
