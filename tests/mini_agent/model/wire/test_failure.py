from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_agent.interfaces import ModelError
from mini_agent.model.wire.failure import Server, UpstreamError, error_inside, redacted, refused
from mini_agent.model.wire.text import SHOWN

SERVER = Server("h:1", ("the-secret-key",))
TOO_LONG = "This model's maximum context length is 4096 tokens"


def body(message: str, code: str | None = None) -> str:
    return json.dumps({"error": {"message": message, "type": "some_type", "code": code}})


@pytest.mark.parametrize(
    ("status", "text", "to_caller", "code"),
    [
        (400, body("bad field"), 400, "some_type"),
        (400, body("bad field", "bad_value"), 400, "bad_value"),
        (400, "plain", 400, "invalid_request"),
        (400, body(TOO_LONG), 400, "context_length_exceeded"),
        (413, body("prompt is too long: 9 tokens"), 400, "context_length_exceeded"),
        (400, body("the request exceeds the available context size"), 400, "context_length_exceeded"),
        (400, body("x", "context_length_exceeded"), 400, "context_length_exceeded"),
        (413, "too large", 413, "invalid_request"),
        (422, '{"detail": [{"loc": ["body", "x"]}]}', 422, "invalid_request"),
        (401, body("wrong key", "invalid_api_key"), 502, "upstream_auth"),
        (403, "forbidden", 502, "upstream_auth"),
        (404, body("no", "model_not_found"), 404, "model_not_found"),
        (404, '{"error": "model \'x\' not found"}', 404, "model_not_found"),
        (404, "404 page not found", 502, "bad_base"),
        (408, "", 504, "timeout"),
        (504, "", 504, "timeout"),
        (429, "", 429, "rate_limit_exceeded"),
        (429, body("pay", "insufficient_quota"), 429, "insufficient_quota"),
        (503, "", 503, "overloaded"),
        (500, "", 502, "model_error"),
        (599, "", 502, "model_error"),
        (302, "", 502, "model_error"),
        (204, "", 502, "model_error"),
    ],
)
def test_what_a_caller_sees(status, text, to_caller, code):
    error = refused(SERVER, status, text)
    assert (error.status, error.code) == (to_caller, code)
    assert str(error).startswith(f"h:1 answered {status}")
    assert isinstance(error, ModelError)


@pytest.mark.parametrize(
    ("status", "again", "elsewhere"),
    [
        (400, False, False),
        (401, False, True),
        (404, False, True),
        (422, False, False),
        (429, True, True),
        (500, True, True),
        (501, False, True),
        (503, True, True),
        (504, False, True),
        (307, False, True),
    ],
)
def test_what_may_be_tried_again_and_where(status, again, elsewhere):
    error = refused(SERVER, status, "")
    assert (error.again, error.elsewhere) == (again, elsewhere)
    assert not refused(SERVER, status, "", told_not_to_retry=True).again


def test_a_base_without_v1_is_hinted_at():
    assert "lack /v1" in str(refused(SERVER, 404, "404 page not found"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (body("from OpenAI"), "from OpenAI"),
        ('{"error": "from Ollama"}', "from Ollama"),
        ('{"detail": "from FastAPI"}', "from FastAPI"),
        ('[{"error": {"message": "from Gemini"}}]', "from Gemini"),
        ('{"message": "from others"}', "from others"),
        ('{"error": {"type": "only_a_type"}}', "only_a_type"),
        ('{"error": {"odd": 1}}', '{"odd": 1}'),
        ("plain\n text", "plain text"),
        ("[]", "[]"),
        ("{", "{"),
        ("[" * 100_000, "[" * SHOWN),
    ],
)
def test_the_text_of_an_error(text, said):
    assert str(refused(SERVER, 400, text)) == f"h:1 answered 400 Bad Request: {said}"


@settings(deadline=None)
@given(st.text(max_size=2000), st.integers(100, 999))
def test_any_text_is_told_on_one_line_of_bounded_length(text, status):
    message = str(refused(SERVER, status, text))
    assert message.isprintable()
    assert len(message) <= SHOWN + 120


@settings(deadline=None)
@given(st.text(max_size=400), st.text(max_size=400))
def test_a_secret_is_gone_wherever_it_stands(before, after):
    message = str(refused(SERVER, 400, before + "the-secret-key" + after))
    assert "the-secret" not in message.replace(before, "").replace(after, "")


def test_what_looks_like_a_key_is_gone():
    for said in (
        "sk-abcdefghijkl",
        "Bearer abc.def",
        "hf_abcdefghijkl",
        "Incorrect API key: sk-proj-abc*****xyz9",
    ):
        shown = redacted(said, ())
        assert "abc" not in shown
        assert "[redacted]" in shown
    assert redacted("task-abcdefghijklm a key-word", ()) == "task-abcdefghijklm a key-word"


def test_an_error_inside_an_answer():
    with_status = error_inside(SERVER, {"error": {"message": "busy", "code": 429}})
    assert (with_status.status, with_status.again) == (429, True)
    by_text = error_inside(SERVER, {"error": {"message": "busy", "code": "503"}})
    assert by_text.status == 503
    plain = error_inside(SERVER, {"error": "the-secret-key"})
    assert (plain.status, plain.again, str(plain)) == (502, False, "h:1 answered with an error: [redacted]")


@pytest.mark.parametrize(
    "inside", ['{{"error": {}}}', '{{"error": {{"code": 429, "x": {}}}}}', '{{"detail": {}}}']
)
def test_an_error_of_any_depth_can_be_told(inside):
    told = 0
    for depth in range(900, 1000):
        text = inside.format("[" * depth + "]" * depth)
        assert str(refused(SERVER, 400, text)).isprintable()
        try:
            data = json.loads(text)
        except RecursionError:
            continue
        told += error_inside(SERVER, {"error": "x"} | data).status in (429, 502)
    assert told > 0


def test_secrets_are_not_in_a_repr():
    assert "the-secret" not in repr(SERVER)
    assert "the-secret" not in repr(UpstreamError(SERVER.shown("the-secret-key")))
