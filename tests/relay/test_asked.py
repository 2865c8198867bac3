from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from readiness.relay.asked import normalise, query_without_secrets, read_asked
from readiness.relay.shapes import Shape

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def key(body: object, path: str = "/v1/chat/completions", query: str = "") -> str:
    return read_asked(Shape.CHAT, "POST", path, query, "application/json", json.dumps(body).encode()).key


@given(st.dictionaries(st.text(max_size=4), JSON, max_size=5))
def test_equal_requests_have_equal_keys_however_they_are_written(body):
    turned = dict(reversed(list(body.items())))
    pretty = json.dumps(turned, indent=2, ensure_ascii=True).encode()
    assert read_asked(Shape.CHAT, "POST", "/v1/chat/completions", "", "", pretty).key == key(body)


@given(JSON, JSON)
def test_different_requests_have_different_keys(one, other):
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (key({"x": one}) == key({"x": other})) == same


def test_seed_temperature_path_and_order_of_messages_are_part_of_the_key():
    body = {"messages": [1, 2], "seed": 1, "temperature": 0.5}
    others = [
        {**body, "seed": 2},
        {**body, "temperature": 0.6},
        {**body, "messages": [2, 1]},
        {**body, "stream": True},
    ]
    assert (
        len({key(one) for one in [body, *others]} | {key(body, "/v1/completions"), key(body, query="a=1")})
        == 7
    )
    assert key({**body, "user": "anna", "metadata": {"run": 4}}) == key(body)
    assert key(body, query="key=secret&b=2&a=1") == key(body, query="a=1&b=2")


def test_the_facts_of_a_request():
    body = {"model": "m", "options": {"seed": 3, "temperature": 1}, "messages": []}
    asked = read_asked(Shape.OLLAMA_CHAT, "POST", "/api/chat", "", "", json.dumps(body).encode())
    assert (asked.model, asked.seed, asked.temperature, asked.stream) == ("m", 3, 1.0, True)
    plain = read_asked(
        Shape.CHAT, "POST", "/x", "", "", b'{"model": 5, "seed": true, "temperature": "hot", "stream": false}'
    )
    assert (plain.model, plain.seed, plain.temperature, plain.stream) == ("", None, None, False)


def test_bodies_that_are_no_json():
    assert normalise(b"plain", "") == "plain"
    assert normalise(b"\xff", "").startswith("sha256:")
    assert normalise(b'{"a": NaN}', "") == '{"a": NaN}'
    assert normalise(b'{"a": "\\ud800"}', "") == '{"a": "\\ud800"}'
    assert normalise(b"[" * 100_000, "") == "[" * 100_000


def test_the_boundary_of_a_form_is_drawn_anew_each_time():
    def form(boundary: str) -> object:
        body = f"--{boundary}\r\nContent-Disposition: form-data; name=x\r\n\r\n1\r\n--{boundary}--"
        return normalise(body.encode(), f'multipart/form-data; boundary="{boundary}"')

    assert form("abc") == form("xyz")


def test_credentials_leave_the_query():
    assert query_without_secrets("b=2&KEY=s3cr3t&api_key=x&a=") == (("a", ""), ("b", "2"))


def test_a_prompt_is_the_request_without_its_seed():
    def asked(**body):
        return read_asked(
            Shape.CHAT, "POST", "/v1/chat/completions", "", "application/json", json.dumps(body).encode()
        )

    one, two = (asked(messages=[], seed=seed) for seed in (1, 2))
    assert one.key != two.key
    assert one.prompt == two.prompt
    assert asked(messages=[], options={"seed": 1}).prompt == asked(messages=[], options={"seed": 2}).prompt
    assert asked(messages=[], temperature=1).prompt != asked(messages=[], temperature=2).prompt
