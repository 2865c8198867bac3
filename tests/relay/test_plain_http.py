from __future__ import annotations

import time

import pytest

from readiness.relay.plain_http import NoAnswer, ask


def test_an_answer_is_read_with_its_times(serve):
    def late():
        time.sleep(0.1)
        return b"}"

    reply = ask(serve(lambda path, body: (200, {"X-A": "1"}, [b'{"a": 1', late])) + "/x", {"q": 1})
    assert (reply.status, reply.headers["x-a"], reply.json()) == (200, "1", {"a": 1})
    assert reply.end - reply.first >= 0.09


def test_what_is_asked_arrives(serve):
    base = serve(lambda path, body: (200, {}, {"path": path, "body": body}))
    assert ask(f"{base}/get").json() == {"path": "/get", "body": None}
    assert ask(f"{base}/post", {"a": "é"}).json() == {"path": "/post", "body": {"a": "é"}}


@pytest.mark.parametrize("status", [400, 404, 429, 500])
def test_an_error_is_an_answer(serve, status):
    reply = ask(serve(lambda _path, _body: (status, {}, {"error": "no"})))
    assert (reply.status, reply.json()) == (status, {"error": "no"})


def test_a_redirect_is_not_followed(serve):
    reply = ask(serve(lambda _path, _body: (302, {"Location": "http://127.0.0.1:9/"}, [b""])))
    assert reply.status == 302


def test_what_is_no_json_is_none(serve):
    assert ask(serve(lambda _path, _body: (200, {}, [b"<html>"]))).json() is None


def test_silence_ends(serve):
    def slow():
        time.sleep(0.5)
        return b"x"

    with pytest.raises(NoAnswer, match="timed out"):
        ask(serve(lambda _path, _body: (200, {}, [slow])), seconds=0.1)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/x?key=secret",
        "file:///etc/passwd",
        "http://u:secret@h/",
        "http://127.0.0.1:9/secret",
    ],
)
def test_a_failure_shows_no_path_and_no_query(url):
    with pytest.raises(NoAnswer) as caught:
        ask(url, seconds=0.5)
    assert "secret" not in str(caught.value)


def test_a_proxy_of_the_environment_is_not_asked_for_loopback(serve, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert ask(serve(lambda _path, _body: (200, {}, {}))).status == 200
