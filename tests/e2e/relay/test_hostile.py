"""Requests that nobody should send: each gets a clear refusal, and none reaches an upstream changed."""

from __future__ import annotations

import json

import pytest

CHAT = "/v1/chat/completions"
ASK = {"model": "tiny-1", "messages": []}


def status(answer: bytes) -> int:
    return int(answer.split()[1])


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/c/",
        "/c/unknown-token-000000/v1/chat/completions",
        "/v1/chat/completions",
        "/c/{token}x/v1",
        "/C/{token}/v1",
    ],
)
def test_an_unknown_route_is_refused_and_written_down(standing, token, path):
    server, front = standing()
    received = front.raw(
        f"GET {path.format(token=token)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    )
    assert status(received) == 404
    assert b"knows no such route" in received
    assert server.seen == []
    [call] = front.calls()
    assert (call["check"], call["token"], call["error"], call["counted"]) == ("", "", "unknown_route", False)


def test_a_trace_that_names_no_check_is_refused(standing):
    server, front = standing()
    assert front.ask(CHAT, ASK, x_readiness_trace="no-such-token-000000")[0] == 404
    assert front.ask(CHAT, ASK, x_readiness_trial="-1")[0] == 400
    assert server.seen == []
    assert [call["counted"] for call in front.calls()] == [False, False]


@pytest.mark.parametrize(
    "target",
    [
        "http://evil.example/c/{token}/v1/models",
        "//evil.example/c/{token}/v1/models",
        "/c/{token}/../../admin",
        "/c/{token}/v1/%2e%2e/%2E./admin",
        "/c/{token}/v1/..%2fadmin",
        "/c/{token}/v1/..\\admin",
        "/c/{token}/v1/models#fragment",
        "*",
    ],
)
def test_a_target_that_leads_elsewhere_is_refused(standing, token, target):
    server, front = standing()
    line = f"GET {target.format(token=token)} HTTP/1.1"
    assert status(front.raw(f"{line}\r\nHost: x\r\nConnection: close\r\n\r\n".encode())) in (400, 404)
    assert server.seen == []


@pytest.mark.parametrize(
    "rest", ["//evil.example/v1/models", "/@evil.example/v1", "/:80/x", "/%0d%0aX-Evil:%201", "/a%2Fb?q=%00"]
)
def test_a_strange_path_stays_below_the_prefix_as_it_was_sent(standing, token, rest):
    server, front = standing()
    front.raw(f"GET /c/{token}{rest} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".encode())
    [seen] = server.seen
    assert seen.line == f"GET /prefix{rest} HTTP/1.1"
    assert seen.field("host") == f"127.0.0.1:{server.port}"
    assert seen.field("x-evil") == ""


@pytest.mark.parametrize(
    "head",
    [
        b"X-A: a\rX-Evil: 1\r\n",
        b"X-A: a\x00b\r\n",
        b"X A: 1\r\n",
        b" folded: 1\r\n",
        b"X-Huge: " + b"h" * 70000 + b"\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: -5\r\n",
        b"".join(b"X-%d: 1\r\n" % number for number in range(5000)),
    ],
    ids=["cr", "nul", "space", "folded", "huge", "smuggled", "two-lengths", "negative", "many"],
)
def test_a_malformed_head_is_refused(standing, token, head):
    server, front = standing()
    received = front.raw(
        b"POST /c/%b/v1/chat/completions HTTP/1.1\r\nHost: x\r\n%b\r\n0\r\n\r\n" % (token.encode(), head)
    )
    assert status(received) in (400, 431)
    assert server.seen == []


def test_fields_for_one_hop_stay_on_it(standing, chat):
    server, front = standing(
        lambda connection, _seen: connection.json(
            chat(), **{"Keep-Alive": "timeout=5", "X-Kept": "1", "Proxy-Authenticate": "Basic"}
        )
    )
    sent = {
        "Connection": "X-Mine, close",
        "X-Mine": "1",
        "TE": "trailers",
        "Proxy-Authorization": "Basic eDp5",
        "X-Theirs": "2",
    }
    _, fields, _ = front.ask(CHAT, ASK, **sent)
    got = {name.lower() for name, _ in server.seen[0].fields}
    assert got & {"x-mine", "te", "proxy-authorization", "keep-alive", "x-theirs"} == {"x-theirs"}
    assert server.seen[0].field("via") == "1.1 readiness-relay"
    assert fields["X-Kept"] == "1"
    assert not {"keep-alive", "proxy-authenticate"} & {name.lower() for name in fields}


def test_nothing_is_added_in_the_clients_name(standing, token):
    server, front = standing()
    front.raw(f"GET /c/{token}/v1/models HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert {name.lower() for name, _ in server.seen[0].fields} == {"host", "accept-encoding", "via"}


def test_every_value_of_a_repeated_field_crosses(standing, chat, token):
    def answer(connection, _seen):
        connection.send(
            b"HTTP/1.1 200 Fine\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Raw: caf\xc3\xa9\r\nContent-Length: 0\r\n\r\n"
        )

    server, front = standing(answer)
    received = front.raw(
        f"GET /c/{token}/x HTTP/1.1\r\nHost: x\r\nX-R: 1\r\nX-R: 2\r\nConnection: close\r\n\r\n".encode()
    )
    assert received.startswith(b"HTTP/1.1 200 Fine\r\n")
    assert b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n" in received
    assert b"X-Raw: caf\xc3\xa9\r\n" in received
    assert [value for name, value in server.seen[0].fields if name.lower() == "x-r"] == ["1", "2"]


def test_a_websocket_is_refused_clearly(standing, token):
    server, front = standing()
    received = front.raw(
        f"GET /c/{token}/v1/realtime HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    assert status(received) == 501
    assert b"no WebSocket" in received
    assert server.seen == []
    assert front.calls()[0]["error"] == "not_taken"


def test_a_chunked_request_arrives_whole(standing, token):
    server, front = standing()
    body = json.dumps(ASK).encode()
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    received = front.raw(
        b"POST /c/%b/v1/chat/completions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n%b"
        % (token.encode(), chunks)
    )
    assert status(received) == 200
    assert server.seen[0].body == body
    assert server.seen[0].field("content-length") == str(len(body))


def test_a_redirect_is_handed_on_and_not_followed(standing):
    server, front = standing(
        lambda connection, _seen: connection.whole(
            b"", "307 Temporary Redirect", Location="http://evil.example/"
        )
    )
    code, fields, _ = front.ask(CHAT, ASK)
    assert (code, fields["Location"]) == (307, "http://evil.example/")
    assert len(server.seen) == 1
    assert front.calls()[0]["error"] == "redirect"


def test_an_answer_with_a_hostile_head_does_not_cross(standing):
    _server, front = standing(
        lambda connection, _seen: connection.send(
            b"HTTP/1.1 200 OK\r\nX-A: a\x00b\r\nContent-Length: 0\r\n\r\n"
        )
    )
    assert front.ask(CHAT, ASK)[0] == 502
    assert front.calls()[0]["error"] == "bad_answer"


def test_bodies_that_are_no_json_pass_and_leave_a_line(standing):
    server, front = standing()
    bodies = [
        b"\xff\xfe\x00",
        b'{"model": ' * 50,
        b"[" * 100000,
        b'{"seed": NaN}',
        b"\xed\xa0\x80",
        b'{"model": "\\ud800"}',
    ]
    for body in bodies:
        assert front.ask(CHAT, body)[0] == 200
    assert [seen.body for seen in server.seen] == bodies
    assert len({call["request_key"] for call in front.calls()}) == len(bodies)


@pytest.mark.parametrize(
    "raw", [b"caf\xe9", b"caf\xc3\xa9", b"\xff\xfe"], ids=["latin-1", "utf-8", "neither"]
)
def test_a_field_that_is_no_ascii_crosses_or_is_refused(standing, token, raw):
    server, front = standing()
    received = front.raw(
        b"GET /c/%b/v1/models HTTP/1.1\r\nHost: x\r\nX-Raw: %b\r\nConnection: close\r\n\r\n"
        % (token.encode(), raw)
    )
    assert status(received) == (200 if raw == b"caf\xc3\xa9" else 400)
    assert [seen.field("x-raw").encode("latin-1") for seen in server.seen] == (
        [raw] if status(received) == 200 else []
    )


def test_an_old_client_gets_its_stream_until_the_connection_ends(standing, token, events):
    _, front = standing(lambda connection, _seen: connection.stream(events(["Pa", "ris"])))
    body = json.dumps({**ASK, "stream": True}).encode()
    received = front.raw(
        b"POST /c/%b/v1/chat/completions HTTP/1.0\r\nContent-Length: %d\r\n\r\n%b"
        % (token.encode(), len(body), body)
    )
    assert b"Transfer-Encoding" not in received
    assert received.endswith(b"".join(events(["Pa", "ris"])))
    assert front.calls()[0]["counted"]


def test_requests_sent_at_once_are_answered_in_turn(standing, token):
    server, front = standing()
    one = f"GET /c/{token}/v1/models/%d HTTP/1.1\r\nHost: x\r\n%s\r\n"
    received = front.raw((one % (1, "") + one % (2, "") + one % (3, "Connection: close\r\n")).encode())
    assert received.count(b"HTTP/1.1 200 OK") == 3
    assert [seen.line.split()[1][-1] for seen in server.seen] == ["1", "2", "3"]
    assert len(front.calls()) == 3
