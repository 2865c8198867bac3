"""Servers that send garbage, hang up, dribble, lie about lengths: a ModelError each time, and never half an answer."""

from __future__ import annotations

import asyncio
import gzip
import json
import time

import pytest

from mini_agent.interfaces import ModelError
from mini_agent.model.settings import ModelSettings

KEY = "sk-" + "k" * 40


async def refused(model, request, on_text=None) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await model.reply(request, on_text)
    assert "\n" not in str(caught.value)
    assert KEY not in str(caught.value)
    return caught.value


def cut(answers) -> bytes:
    return answers.whole("a long answer that is cut")[:-20]


BAD_WHOLE = {
    "html": lambda answers: answers.http(200, "<html>sign in</html>", content_type="text/html"),
    "empty": lambda answers: answers.http(200, ""),
    "list": lambda answers: answers.http(200, "[]"),
    "number": lambda answers: answers.http(200, "12"),
    "null": lambda answers: answers.http(200, "null"),
    "no choices": lambda answers: answers.http(200, "{}"),
    "empty choices": lambda answers: answers.http(200, '{"choices": []}'),
    "choices of nonsense": lambda answers: answers.http(200, '{"choices": [3]}'),
    "no message": lambda answers: answers.http(200, '{"choices": [{"finish_reason": "stop"}]}'),
    "half of JSON": lambda answers: answers.http(200, '{"choices": [{"message": {"content": "half'),
    "bytes": lambda answers: answers.http(200, b"\xff\xfe\x00\x01"),
    "deep": lambda answers: answers.http(200, "[" * 200_000),
    "an error object": lambda answers: answers.http(200, '{"error": {"message": "it broke"}}'),
    "an error text": lambda answers: answers.http(200, '{"error": "it broke"}'),
    "no HTTP": lambda answers: b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "a status that is none": lambda answers: b"HTTP/1.1 99999 What\r\n\r\n",
    "a length that is none": lambda answers: b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n",
    "two lengths": lambda answers: b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx",
    "a chunk size that is none": lambda answers: answers.STREAM_HEAD + b"zz\r\nabc\r\n",
    "gzip": lambda answers: answers.http(200, gzip.compress(b"{}"), "content-encoding: gzip"),
    "a head without end": lambda answers: b"HTTP/1.1 200 OK\r\nx: " + b"a" * 300_000,
    "redirect": lambda answers: answers.http(307, "", "location: http://127.0.0.1:1/elsewhere"),
    "no content": lambda answers: b"HTTP/1.1 204 No Content\r\n\r\n",
    "a choice that is created": lambda answers: answers.http(201, "{}"),
}


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("name", BAD_WHOLE)
def test_what_is_no_answer_is_an_error(run, serve, model_at, ask, answers, heard, name, streamed):
    async def main():
        said = BAD_WHOLE[name](answers)
        async with (
            serve(said, keep_alive=False) as server,
            model_at(server.url, api_key=KEY, tries=2) as model,
        ):
            error = await refused(model, ask(), heard if streamed else None)
            assert error.status == 502
            assert heard == []

    run(main())


@pytest.mark.parametrize("where", ["before the head", "in the head", "in the body"])
def test_a_connection_that_ends_early(run, serve, model_at, ask, answers, where):
    async def main():
        said = {
            "before the head": b"",
            "in the head": b"HTTP/1.1 200 OK\r\nconte",
            "in the body": cut(answers),
        }
        async with serve(said[where], keep_alive=False) as server, model_at(server.url, tries=2) as model:
            error = await refused(model, ask())
            assert error.status == 502
            assert error.code in ("unreachable", "broken_off", "bad_answer")

    run(main())


@pytest.mark.parametrize("how", ["reset", "half-close"])
def test_a_connection_that_is_reset_in_the_body(run, serve, model_at, ask, answers, how):
    async def main():
        async def script(exchange):
            await exchange.send(cut(answers))
            if how == "reset":
                exchange.writer.transport.abort()
            else:
                exchange.writer.write_eof()
                await exchange.gone()

        async with serve(script) as server, model_at(server.url, tries=2) as model:
            assert (await refused(model, ask())).code == "broken_off"
            assert len(server.exchanges) == 2

    run(main())


def test_a_length_shorter_than_the_answer(run, serve, model_at, ask, answers):
    async def main():
        said = answers.whole("fine").replace(b"content-length: ", b"content-length: 0")
        said = said.replace(b"content-length: 0", b"content-length: 9\r\nx: ", 1)
        async with serve(said, keep_alive=False) as server, model_at(server.url) as model:
            assert (await refused(model, ask())).code == "bad_answer"

    run(main())


CUT_STREAMS = {
    "nothing": lambda answers: answers.stream(),
    "only a comment": lambda answers: answers.stream(b": ping\n\n"),
    "no mark": lambda answers: answers.stream(answers.delta("half")),
    "no mark and no length": lambda answers: (
        b"HTTP/1.0 200 OK\r\ncontent-type: text/event-stream\r\n\r\n" + answers.delta("half")
    ),
    "half an event": lambda answers: answers.stream(answers.delta("half"), answers.delta("more")[:20]),
    "a broken chunk": lambda answers: answers.stream(answers.delta("half"), end=b"5\r\nab"),
    "no end of chunks": lambda answers: answers.stream(answers.delta("half", "stop"), end=b""),
    "garbage": lambda answers: answers.stream(answers.delta("half"), b"data: {oops\n\n", answers.DONE),
    "an error": lambda answers: answers.stream(
        answers.delta("half"), answers.event({"error": {"message": "out of memory"}}), answers.DONE
    ),
    "tool call": lambda answers: answers.stream(
        answers.delta(tool_calls=[{"index": 0, "id": "a", "function": {"name": "f", "arguments": '{"a'}}])
    ),
}


@pytest.mark.parametrize("name", CUT_STREAMS)
def test_half_a_stream_is_no_answer(run, serve, model_at, ask, answers, heard, name):
    async def main():
        said = CUT_STREAMS[name](answers)
        async with serve(said, keep_alive=False) as server, model_at(server.url, tries=1) as model:
            error = await refused(model, ask(), heard)
            assert error.status == 502
            assert heard.text in ("", "half")

    run(main())


WHOLE_STREAMS = {
    "without the closing mark": lambda a: a.stream(a.delta("all"), a.delta(finish="stop"), a.USAGE),
    "without a finish reason": lambda a: a.stream(a.delta("all"), a.USAGE, a.DONE),
    "nothing after the mark": lambda a: a.stream(
        a.delta("all"), a.delta(finish="stop"), a.USAGE, a.DONE, end=b""
    ),
    "no blank line at the end": lambda a: a.stream(a.delta("all"), a.USAGE, b"data: [DONE]"),
    "carriage returns": lambda a: a.stream(
        *(one.replace(b"\n", b"\r\n") for one in (a.delta("all"), a.USAGE, a.DONE))
    ),
    "reasoning is left out": lambda a: a.stream(
        a.delta(reasoning_content="hm"), a.delta(reasoning="hm"), a.delta("all"), a.USAGE, a.DONE
    ),
    "other choices are left out": lambda a: a.stream(
        a.event({"choices": [{"index": 1, "delta": {"content": "other"}}]}), a.delta("all"), a.USAGE, a.DONE
    ),
    "events of other kinds": lambda a: a.stream(
        b"event: ping\nid: 3\nretry: 9\n\n", a.delta("all"), b": hm\n\n", a.USAGE, a.DONE
    ),
    "a whole answer instead": lambda a: a.whole("all"),
    "text after the mark": lambda a: a.stream(a.delta("all"), a.USAGE, a.DONE, a.delta("more")),
    "null fields": lambda a: a.stream(
        a.event({"choices": [{"index": 0, "delta": None}], "usage": None}), a.delta("all"), a.USAGE, a.DONE
    ),
    "no type": lambda a: a.told("all").replace(b"content-type: text/event-stream\r\n", b""),
}


@pytest.mark.parametrize("name", WHOLE_STREAMS)
def test_a_whole_stream_in_other_manners(run, serve, model_at, ask, answers, heard, name):
    async def main():
        said = WHOLE_STREAMS[name](answers)
        stays = name == "nothing after the mark"
        async with serve(said, keep_alive=stays) as server, model_at(server.url) as model:
            reply = await model.reply(ask(), heard)
        assert (reply.content, heard.text, reply.retries) == ("all", "all", 0)
        assert (reply.usage.prompt, reply.usage.completion) == (7, 3)

    run(main())


@pytest.mark.parametrize("status", [429, 503])
def test_an_error_with_a_status_inside_a_stream(run, serve, model_at, ask, answers, heard, status):
    async def main():
        failed = answers.stream(answers.event({"error": {"message": "busy", "code": status}}))
        async with serve([failed, answers.told("fine")]) as server, model_at(server.url) as model:
            reply = await model.reply(ask(), heard)
            assert (reply.content, reply.retries, heard.text) == ("fine", 1, "fine")
        async with serve(failed) as server, model_at(server.url) as model:
            assert (await refused(model, ask(), heard)).status == status

    run(main())


def test_a_server_that_never_answers(run, serve, model_at, ask):
    async def main():
        async with (
            serve(lambda exchange: exchange.gone()) as server,
            model_at(server.url, read_seconds=0.2) as model,
        ):
            began = time.monotonic()
            error = await refused(model, ask())
            assert (error.status, error.code, error.retries) == (504, "timeout", 0)
            assert time.monotonic() - began < 5
            assert len(server.exchanges) == 1

    run(main())


def test_a_server_that_falls_silent(run, serve, model_at, ask, answers, heard):
    async def main():
        async def script(exchange):
            await exchange.send(answers.STREAM_HEAD + answers.chunk(answers.delta("half")))
            await exchange.gone()

        async with serve(script) as server, model_at(server.url, read_seconds=0.2) as model:
            assert (await refused(model, ask(), heard)).status == 504

    run(main())


def test_a_server_that_dribbles_for_ever(run, serve, model_at, ask, answers, heard):
    async def main():
        async def script(exchange):
            await exchange.send(answers.STREAM_HEAD)
            while True:
                await exchange.send(answers.chunk(b": still here\n\n"))
                await asyncio.sleep(0.02)

        async with serve(script) as server, model_at(server.url, total_seconds=0.4) as model:
            began = time.monotonic()
            assert (await refused(model, ask(), heard)).status == 504
            assert time.monotonic() - began < 5

    run(main())


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_an_answer_without_end(run, serve, model_at, ask, answers, heard, streamed):
    async def main():
        sent = 0

        async def script(exchange):
            nonlocal sent
            await exchange.send(answers.STREAM_HEAD)
            while True:
                await exchange.send(answers.chunk(b": " + b"x" * 65536))
                sent += 65536

        async with serve(script) as server, model_at(server.url, largest_answer=1 << 20) as model:
            error = await refused(model, ask(), heard if streamed else None)
            assert "larger than" in str(error)
            assert sent < 16 << 20

    run(main())


def test_an_error_body_without_end(run, serve, model_at, ask, answers):
    async def main():
        async def script(exchange):
            await exchange.send(b"HTTP/1.1 400 No\r\n\r\n")
            while True:
                await exchange.send(b"x" * 65536)

        async with serve(script) as server, model_at(server.url) as model:
            error = await refused(model, ask())
            assert error.status == 400
            assert len(str(error)) < 400

    run(main())


@pytest.mark.parametrize(
    "said",
    [f"wrong key {KEY}", "x" * 240 + KEY, f'{{"error": {{"message": "wrong key {KEY}"}}}}', f"Bearer {KEY}"],
    ids=["plain", "cut", "json", "bearer"],
)
@pytest.mark.parametrize("status", [200, 401, 500])
def test_no_key_comes_back(run, serve, model_at, ask, answers, said, status, caplog):
    async def main():
        said_back = answers.http(status, said, "x-key: " + KEY)
        async with serve(said_back) as server, model_at(server.url, api_key=KEY, tries=2) as model:
            error = await refused(model, ask())
            assert "sk-k" not in str(error)
            assert "sk-k" not in repr(error)

    with caplog.at_level("DEBUG"):
        run(main())
    assert "Bearer sk-k" not in caplog.text


def test_a_forwarded_secret_does_not_come_back(run, serve, model_at, ask, answers):
    async def main():
        refusal = answers.error(400, "unknown token abcdefabcdef")
        async with (
            serve(refusal) as server,
            model_at(server.url, {"x-readiness-trace": "abcdefabcdef"}) as model,
        ):
            assert "abcdefabcdef" not in str(await refused(model, ask()))

    run(main())


def test_no_terminal_codes_in_messages(run, serve, model_at, ask, answers):
    async def main():
        refusal = answers.http(400, json.dumps({"error": {"message": "a\x1b[31m\r\nb\x00c\u202e"}}))
        async with serve(refusal) as server, model_at(server.url) as model:
            assert str(await refused(model, ask())).isprintable()

    run(main())


def test_redirects_are_not_followed(run, serve, model_at, ask, answers):
    async def main():
        async with serve(answers.whole()) as target:
            there = answers.http(302, "", f"location: {target.url}/v1/chat/completions")
            async with serve(there) as server, model_at(server.url, tries=2) as model:
                assert (await refused(model, ask())).status == 502
                assert target.exchanges == []

    run(main())


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_what_a_server_says_too_much_is_no_answer_to_the_next_request(
    run, serve, model_at, ask, answers, heard, streamed
):
    async def main():
        right = answers.told("right") if streamed else answers.whole("right")
        twice = right + answers.whole("somebody else's")
        async with serve([twice, right, right]) as server, model_at(server.url) as model:
            for _ in range(3):
                assert (await model.reply(ask(), heard if streamed else None)).content == "right"
            assert len(server.exchanges) == 3
            assert server.connections == 2

    run(main())


def test_the_repr_of_settings_has_no_key():
    environ = {"MINI_AGENT_API_BASE": "http://h:1", "MINI_AGENT_API_KEY": KEY, "OTHER": KEY}
    environ["MINI_AGENT_FALLBACKS"] = '[{"model": "a", "base": "http://o:1", "key_env": "OTHER"}]'
    settings = ModelSettings.from_environment(environ)
    assert settings.api_key == settings.fallbacks[0].api_key == KEY
    assert KEY not in repr(settings)
