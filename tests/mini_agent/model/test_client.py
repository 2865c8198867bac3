"""Whole answers, streamed answers, retries and fallback, against real servers."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from mini_agent.conversation import ToolDefinition, Usage
from mini_agent.interfaces import ModelError
from mini_agent.model.prices import Price
from mini_agent.model.settings import Upstream

TOOL = ToolDefinition("add", "Add numbers", {"type": "object", "properties": {"a": {"type": "integer"}}})


def test_a_whole_answer(run, serve, model_at, ask, answers):
    async def main():
        async with serve(answers.whole("Hello!")) as server, model_at(server.url) as model:
            reply = await model.reply(ask(temperature=0.5, seed=3, max_tokens=9, options={"stop": ["x"]}))
            assert (reply.content, reply.finish_reason, reply.model) == ("Hello!", "stop", "served")
            assert reply.usage == Usage(7, 3)
            assert (reply.retries, reply.cost, reply.cost_known, reply.stand_in) == (0, 0.0, False, "")
            assert reply.ms > 0
            assert server.asked == [
                {
                    "model": "m",
                    "messages": [{"role": "user", "content": "hello"}],
                    "temperature": 0.5,
                    "seed": 3,
                    "max_tokens": 9,
                    "stop": ["x"],
                    "stream": False,
                }
            ]
            assert server.exchanges[0].head.startswith("POST /v1/chat/completions HTTP/1.1\r\n")

    run(main())


def test_a_streamed_answer_arrives_in_pieces(run, serve, model_at, ask, answers, heard):
    async def main():
        async with serve(answers.told("Hel", "lo", "!")) as server, model_at(server.url) as model:
            reply = await model.reply(ask(), heard)
            assert (reply.content, heard.text, reply.usage) == ("Hello!", "Hello!", Usage(7, 3))
            assert server.asked[0]["stream_options"] == {"include_usage": True}

    run(main())


def test_text_is_handed_on_before_the_answer_ends(run, serve, model_at, ask, answers):
    async def main():
        first = asyncio.Event()

        async def script(exchange):
            await exchange.send(answers.STREAM_HEAD + answers.chunk(answers.delta("first")))
            await first.wait()
            await exchange.send(answers.chunk(answers.delta(" last", "stop")) + b"0\r\n\r\n")

        async def on_text(text):
            if text == "first":
                first.set()

        async with serve(script) as server, model_at(server.url) as model:
            assert (await model.reply(ask(), on_text)).content == "first last"

    run(main())


def test_a_slow_listener_holds_the_stream(run, serve, model_at, ask, answers):
    async def main():
        sent = 0

        async def script(exchange):
            nonlocal sent
            await exchange.send(answers.STREAM_HEAD)
            for _ in range(2000):
                await exchange.send(answers.chunk(answers.delta("x" * 16_000)))
                sent += 1
            await exchange.send(answers.chunk(answers.DONE) + b"0\r\n\r\n")

        async def on_text(text):
            await asyncio.sleep(1)

        async with serve(script) as server, model_at(server.url) as model:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(model.reply(ask(), on_text), 0.5)
            assert sent < 1000

    run(main())


def test_connections_are_used_again(run, serve, model_at, ask, answers, heard):
    async def script(exchange):
        whole, streamed = answers.whole(), answers.told("a", "b")
        await exchange.send(streamed if exchange.json["stream"] else whole)

    async def main():
        async with serve(script) as server, model_at(server.url) as model:
            for _ in range(3):
                await model.reply(ask())
                await model.reply(ask(), heard)
            assert server.connections == 1

    run(main())


def test_no_more_connections_than_allowed(run, serve, model_at, ask, answers):
    async def main():
        most = 0

        async def script(exchange):
            nonlocal most
            most = max(most, server.open)
            await asyncio.sleep(0.02)
            await exchange.send(answers.whole())

        async with serve(script) as server, model_at(server.url, connections=3) as model:
            await asyncio.gather(*(model.reply(ask()) for _ in range(12)))
        assert most == 3

    run(main())


def test_native_tool_calls(run, serve, model_at, ask, answers):
    async def main():
        async with serve(answers.calling("add", {"a": 1})) as server, model_at(server.url) as model:
            reply = await model.reply(ask(tools=(TOOL,), tool_mode="native", tool_choice="required"))
            (call,) = reply.tool_calls
            assert (call.id, call.name, json.loads(call.arguments_text)) == ("c1", "add", {"a": 1})
            assert reply.finish_reason == "tool_calls"
            assert server.asked[0]["tool_choice"] == "required"
            assert server.asked[0]["tools"][0]["function"]["name"] == "add"

    run(main())


def test_headers_go_along_and_belong_to_their_view(run, serve, model_at, ask, answers):
    async def main():
        async with (
            serve(answers.whole()) as server,
            model_at(server.url, {"x-readiness-trace": "first"}, api_key="sk-the-key") as model,
        ):
            await model.reply(ask())
            await model.with_headers({"X-Readiness-Trace": "second"}).reply(ask())
            await model.with_headers({}).reply(ask())
            sent = [dict(exchange.headers) for exchange in server.exchanges]
            assert [one.get("x-readiness-trace") for one in sent] == ["first", "second", None]
            assert {one["authorization"] for one in sent} == {"Bearer sk-the-key"}
            assert {one["accept-encoding"] for one in sent} == {"identity"}
            names = [name for name, _ in server.exchanges[0].headers]
            assert len(names) == len(set(names))

    run(main())


def test_a_view_does_not_close_its_model(run, serve, model_at, ask, answers):
    async def main():
        async with serve(answers.whole()) as server, model_at(server.url) as model:
            view = model.with_headers({})
            await view.reply(ask())
            await view.aclose()
            await model.reply(ask())
            assert server.connections == 1

    run(main())


def test_no_cookie_is_kept(run, serve, model_at, ask, answers):
    async def main():
        said = answers.whole("x", "set-cookie: session=1; Path=/")
        async with serve(said) as server, model_at(server.url) as model:
            await model.reply(ask())
            await model.reply(ask())
            assert all("cookie" not in dict(exchange.headers) for exchange in server.exchanges)

    run(main())


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_passing_troubles_are_tried_again(run, serve, model_at, ask, answers, status):
    async def main():
        script = [answers.error(status, "busy"), answers.error(status, "busy"), answers.whole()]
        async with serve(script) as server, model_at(server.url) as model:
            assert (await model.reply(ask())).retries == 2
            assert len(server.exchanges) == 3

    run(main())


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 418, 422, 501, 504, 301])
def test_what_will_not_pass_is_asked_once(run, serve, model_at, ask, answers, status):
    async def main():
        async with serve(answers.error(status, "no")) as server, model_at(server.url) as model:
            with pytest.raises(ModelError) as caught:
                await model.reply(ask())
            assert len(server.exchanges) == 1
            assert caught.value.retries == 0

    run(main())


def test_tries_are_bounded_and_counted(run, serve, model_at, ask, answers):
    async def main():
        async with serve(answers.error(503, "down")) as server, model_at(server.url, tries=4) as model:
            with pytest.raises(ModelError, match="503 Service Unavailable: down") as caught:
                await model.reply(ask())
            assert (caught.value.status, caught.value.retries) == (503, 3)
            assert len(server.exchanges) == 4

    run(main())


def test_retry_after_is_waited_for(run, serve, model_at, ask, answers):
    async def main():
        script = [answers.error(429, "slow down", "Retry-After: 0.3"), answers.whole()]
        async with serve(script) as server, model_at(server.url) as model:
            await model.reply(ask())
            assert server.exchanges[1].at - server.exchanges[0].at >= 0.3

    run(main())


@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_that_is_too_long_is_told_on_at_once(run, serve, model_at, ask, answers, status):
    async def main():
        refusal = answers.error(status, "come back later", "Retry-After: 120")
        async with serve(refusal) as server, model_at(server.url) as model:
            began = time.monotonic()
            with pytest.raises(ModelError) as caught:
                await model.reply(ask())
            assert time.monotonic() - began < 5
            assert (caught.value.status, caught.value.retry_after) == (status, 120)
            assert len(server.exchanges) == 1

    run(main())


def test_a_server_that_says_not_to_retry_is_obeyed(run, serve, model_at, ask, answers):
    async def main():
        refusal = answers.error(500, "never", "x-should-retry: false")
        async with serve(refusal) as server, model_at(server.url) as model:
            with pytest.raises(ModelError):
                await model.reply(ask())
            assert len(server.exchanges) == 1

    run(main())


def test_nothing_is_sent_again_once_text_went_out(run, serve, model_at, ask, answers, heard):
    async def main():
        half = answers.stream(answers.delta("half an "), end=b"")
        async with serve(half, keep_alive=False) as server, model_at(server.url) as model:
            with pytest.raises(ModelError, match="broke off"):
                await model.reply(ask(), heard)
            assert (heard.text, len(server.exchanges)) == ("half an ", 1)

    run(main())


def test_a_stream_that_breaks_before_any_text_is_tried_again(run, serve, model_at, ask, answers, heard):
    async def script(exchange):
        if exchange.number == 1:
            await exchange.send(answers.stream(answers.event({"choices": []}), end=b""))
            exchange.writer.close()
        else:
            await exchange.send(answers.told("whole"))

    async def main():
        async with serve(script) as server, model_at(server.url) as model:
            reply = await model.reply(ask(), heard)
            assert (heard.text, reply.retries, len(server.exchanges)) == ("whole", 1, 2)

    run(main())


def test_a_kept_connection_that_the_server_closed(run, serve, model_at, ask, answers):
    async def script(exchange):
        if exchange.number == 2:
            exchange.writer.transport.abort()
        else:
            await exchange.send(answers.whole())

    async def main():
        async with serve(script) as server, model_at(server.url) as model:
            await model.reply(ask())
            assert (await model.reply(ask())).retries == 1

    run(main())


def test_nobody_listens(run, model_at, ask):
    async def main():
        async with model_at("http://127.0.0.1:1", tries=2) as model:
            with pytest.raises(ModelError, match=r"127\.0\.0\.1:1 cannot be reached") as caught:
                await model.reply(ask())
            assert (caught.value.status, caught.value.retries) == (502, 1)

    run(main())


def test_a_fallback_answers_and_is_named(run, serve, model_at, ask, answers):
    async def main():
        async with serve(answers.error(503, "down")) as first, serve(answers.whole("here")) as second:
            fallback = Upstream(f"{second.url}/v1", "other-key", "spare")
            async with model_at(first.url, api_key="first-key", tries=2, fallbacks=(fallback,)) as model:
                reply = await model.reply(ask())
                assert (reply.content, reply.model, reply.retries) == ("here", "served", 2)
                assert second.asked[0]["model"] == "spare"
                assert dict(second.exchanges[0].headers)["authorization"] == "Bearer other-key"
                assert len(first.exchanges) == 2

    run(main())


def test_a_faulty_request_does_not_fall_back(run, serve, model_at, ask, answers):
    async def main():
        async with (
            serve(answers.error(400, "bad")) as first,
            serve(answers.whole()) as second,
            model_at(first.url, fallbacks=(Upstream(f"{second.url}/v1", "", "spare"),)) as model,
        ):
            with pytest.raises(ModelError) as caught:
                await model.reply(ask())
            assert caught.value.status == 400
            assert second.exchanges == []

    run(main())


def test_when_all_fail_the_first_failure_is_told(run, serve, model_at, ask, answers):
    async def main():
        refusal = answers.error(429, "quota", "Retry-After: 77")
        async with serve(refusal) as first, serve(answers.error(503, "down")) as second:
            fallback = Upstream(f"{second.url}/v1", "", "spare")
            async with model_at(first.url, tries=1, fallbacks=(fallback,)) as model:
                with pytest.raises(ModelError) as caught:
                    await model.reply(ask())
                assert (caught.value.status, caught.value.retry_after) == (429, 77)
                assert caught.value.retries == 1

    run(main())


def test_no_fallback_after_text_went_out(run, serve, model_at, ask, answers, heard):
    async def main():
        half = answers.stream(answers.delta("half"), end=b"")
        async with (
            serve(half, keep_alive=False) as first,
            serve(answers.told("other")) as second,
            model_at(first.url, fallbacks=(Upstream(f"{second.url}/v1"),)) as model,
        ):
            with pytest.raises(ModelError):
                await model.reply(ask(), heard)
            assert second.exchanges == []

    run(main())


def test_cost_is_that_of_the_model_that_answered(run, serve, model_at, ask, answers):
    async def main():
        prices = {"served": Price(0.5, 2.0)}
        async with serve(answers.whole()) as server, model_at(server.url, prices=prices) as model:
            reply = await model.reply(ask())
            assert (reply.cost, reply.cost_known) == (7 * 0.5 + 3 * 2.0, True)

    run(main())


def test_no_server_is_configured(run, ask):
    from mini_agent.model.open import open_model
    from mini_agent.model.settings import ModelSettings

    async def main():
        with pytest.raises(ModelError, match="MINI_AGENT_API_BASE") as caught:
            await open_model(ModelSettings()).reply(ask())
        assert caught.value.status == 503

    run(main())


def test_no_model_is_named(run, serve, model_at, ask, answers):
    async def main():
        async with serve(answers.whole()) as server:
            async with model_at(server.url) as model:
                with pytest.raises(ModelError, match="names no model"):
                    await model.reply(ask(model=""))
            async with model_at(server.url, model="default") as model:
                await model.reply(ask(model=""))
            assert [asked["model"] for asked in server.asked] == ["default"]

    run(main())


def test_a_stand_in_upstream_is_named(run, serve, model_at, ask, answers):
    async def main():
        by_head, by_mark = (
            answers.whole("x", "x-stand-in: replay"),
            answers.whole(system_fingerprint="stand-in"),
        )
        async with serve([by_head, by_mark]) as server, model_at(server.url) as model:
            assert (await model.reply(ask())).stand_in == "replay"
            assert (await model.reply(ask())).stand_in == "stand-in"

    run(main())
