"""What every request passes: host, token, method, type, JSON; over a real socket."""

from __future__ import annotations

import json

import pytest

TOKEN = "correct horse".replace(" ", "-")
GOOD = '{"messages":[{"role":"user","content":"x"}],"model":"small","tool_backend":"none"}'


def send(server, text=GOOD, path="/agent/run", headers=(), content_type="application/json"):
    body = text if isinstance(text, bytes) else text.encode()
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"Content-Type: {content_type}"] if content_type else []
    answer = server.raw("\r\n".join([*lines, *headers]).encode() + b"\r\n\r\n" + body)
    head, _, rest = answer.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), json.loads(rest) if rest else None


def test_ready_and_health(server):
    assert server.get("/ready").json() == {"ok": True}
    body = server.get("/healthz").json()
    assert (body["ok"], body["version"], body["host"], body["port"]) == (
        True,
        "1.2.3",
        "127.0.0.1",
        server.port,
    )
    assert body["model_base"].startswith("http://127.0.0.1:")
    assert body["started_at"].startswith("20")


def test_ready_never_asks_a_model(server, model):
    server.get("/ready")
    server.get("/healthz")
    assert model.asked == []


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1:80", 200),
        ("localhost", 200),
        ("app.localhost:9", 200),
        ("[::1]:80", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost@evil.example", 403),
        ("", 403),
        ("169.254.169.254", 403),
    ],
)
def test_a_page_that_rebinds_its_name_gets_nothing(server, host, expected):
    answer = server.raw(f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert int(answer.split(b" ")[1]) == expected


def test_two_hosts_or_none_are_refused(server):
    assert b" 403 " in server.raw(b"GET /ready HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert b" 403 " in server.raw(b"GET /ready HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n")


def test_another_sites_page_gets_nothing(server):
    assert server.get("/ready", origin="https://evil.example").status_code == 403
    assert server.get("/ready", origin="null").status_code == 403
    found = server.get("/ready", origin="http://localhost:3000")
    assert (found.status_code, "access-control-allow-origin" in found.headers) == (200, False)


def test_a_host_may_be_allowed(start):
    server = start(hosts=frozenset({"agent.internal"}))
    assert server.get("/healthz", host="agent.internal").status_code == 200
    assert start(hosts=None).get("/healthz", host="anything.example").status_code == 200


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer {TOKEN}", 200),
        ("", 401),
        ("Bearer", 401),
        (f"Basic {TOKEN}", 401),
        (TOKEN, 401),
        (f"Bearer {TOKEN}x", 401),
        (f"Bearer {TOKEN[:-1]}", 401),
        ("Bearer caf\xe9", 401),
    ],
)
def test_a_token_is_asked_for_and_compared_whole(start, given, expected):
    server = start(token=TOKEN)
    lines = f"GET /healthz HTTP/1.1\r\nHost: localhost\r\nAuthorization: {given}\r\nConnection: close\r\n\r\n"
    answer = server.raw(lines.encode("latin-1"))
    assert int(answer.split(b" ")[1]) == expected
    assert (b"www-authenticate: Bearer" in answer) == (expected == 401)
    assert TOKEN.encode() not in answer


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/openapi.json", "/v1/models", "/nowhere"])
def test_without_the_token_everything_is_closed_but_ready(start, path):
    server = start(token=TOKEN)
    assert server.get(path).status_code == 401
    assert server.get("/ready").status_code == 200
    for closed in ("/agent/run", "/v1/chat/completions", "/chat/completions"):
        assert server.post(closed, {}).status_code == 401


def test_two_tokens_are_none(start):
    line = f"Authorization: Bearer {TOKEN}\r\n"
    asked = f"GET /healthz HTTP/1.1\r\nHost: localhost\r\n{line}{line}\r\n"
    assert b" 401 " in start(token=TOKEN).raw(asked.encode())


def test_an_unknown_path_and_a_wrong_method(server):
    found = server.get("/nowhere")
    assert (found.status_code, found.json()["error"]["code"]) == (404, "not_found")
    assert server.get("/ready/").status_code == 404
    found = server.get("/agent/run")
    assert (found.status_code, found.headers["allow"]) == (405, "POST")
    assert server.post("/ready", {}).status_code == 405


@pytest.mark.parametrize("path", ["/agent/run", "/v1/chat/completions"])
@pytest.mark.parametrize(
    ("content_type", "headers"),
    [
        ("", ()),
        ("text/plain", ()),
        ("application/x-www-form-urlencoded", ()),
        ("application/json; charset=latin-1", ()),
        ("application/json, application/json", ()),
        ("application/json", ("Content-Type: text/plain",)),
        ("application/json", ("Content-Type: application/json",)),
        ("application/json", ("Content-Encoding: gzip",)),
        ("application/jsonx", ()),
    ],
)
def test_a_body_that_is_not_declared_as_json_is_refused(server, path, content_type, headers):
    status, body = send(server, path=path, headers=headers, content_type=content_type)
    assert (status, body["error"]["type"]) == (415, "invalid_request_error")


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON; charset=utf-8", 'application/json;charset="UTF-8"'],
)
def test_the_usual_ways_to_declare_json(server, content_type):
    assert send(server, content_type=content_type)[0] == 200


@pytest.mark.parametrize("path", ["/agent/run", "/v1/chat/completions"])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{'a': 1}",
        '{"model": NaN}',
        '{"temperature": Infinity}',
        '{"x": 1e999}',
        '{"x": ' + "9" * 400 + ".0}",
        '{"x": "\\ud800"}',
        b'{"x": "\xff"}',
        b"\xef\xbb\xbf{}",
        "[" * 100_000,
        '{"a":' * 5000 + "1" + "}" * 5000,
        GOOD + "x",
    ],
)
def test_what_is_no_json_is_a_400(server, path, text):
    status, body = send(server, text, path)
    assert (status, body["error"]["code"]) == (400, "invalid_json")
    assert len(body["error"]["message"]) < 300


@pytest.mark.parametrize("text", ["null", "[]", '"x"', "3"])
def test_json_that_is_no_object_is_refused(server, text):
    assert send(server, text)[0] == 422
    assert send(server, text, "/v1/chat/completions")[0] == 400


@pytest.mark.parametrize("written", ["a\\u0000b", "\\ud83d\\ude00", "\\u202e", "\\ufffe"])
def test_odd_characters_of_a_message_pass_through(server, model, written):
    text = GOOD.replace('"x"', f'"{written}"')
    assert send(server, text)[0] == 200
    assert model.asked[0].body["messages"][0]["content"] == json.loads(f'"{written}"')


def test_a_fault_of_the_service_says_nothing_of_itself(start, caplog):
    def broken(kind, **asked):
        raise RuntimeError("secret detail")

    server = start(open_tools=broken)
    found = server.run()
    assert (found.status_code, found.json()["error"]["code"]) == (500, "internal_error")
    assert "secret" not in found.text
    assert "secret detail" in caplog.text
    assert server.settled(lambda: server.metric("http_requests_total", route="/agent/run", status="500") == 1)
