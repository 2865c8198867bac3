"""A cancelled call closes its connection at once, wherever it was."""

from __future__ import annotations

import asyncio
import time

import pytest

from mini_agent.interfaces import ModelError

SOON = 0.25
"""Seconds. The quickest of a few tries counts: that one is slow may be the machine's doing, that all are is not."""
TRIES = 5


def assert_soon(run, main):
    """`main` makes a coroutine that gives the seconds it took."""
    took = []
    while len(took) < TRIES and min(took, default=SOON) >= SOON:
        took.append(run(main()))
    assert min(took) < SOON, took


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("where", ["before the head", "in the head", "in the body"])
def test_the_server_sees_it_at_once(run, serve, model_at, ask, answers, heard, where, streamed):
    async def main():
        reached, closed = asyncio.Event(), asyncio.get_running_loop().create_future()
        sent = {
            "before the head": b"",
            "in the head": b"HTTP/1.1 200 OK\r\ncont",
            "in the body": answers.STREAM_HEAD + answers.chunk(answers.delta("half")),
        }[where]

        async def script(exchange):
            await exchange.send(sent)
            reached.set()
            closed.set_result(await exchange.gone())

        async with serve(script) as server, model_at(server.url) as model:
            call = asyncio.create_task(model.reply(ask(), heard if streamed else None))
            await reached.wait()
            await asyncio.sleep(0.05)
            cancelled_at = time.monotonic()
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            returned_at = time.monotonic()
            return max(returned_at, await closed) - cancelled_at

    assert_soon(run, main)


def test_a_pause_between_tries_can_be_cancelled(run, serve, model_at, ask, answers):
    async def main():
        refusal = answers.error(429, "later", "Retry-After: 5")
        async with serve(refusal) as server, model_at(server.url, longest_wait=10.0) as model:
            began = time.monotonic()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(model.reply(ask()), 0.2)
            assert len(server.exchanges) == 1
            return time.monotonic() - began - 0.2

    assert_soon(run, main)


def test_a_call_that_waits_for_a_connection_can_be_cancelled(run, serve, model_at, ask):
    async def main():
        async with (
            serve(lambda exchange: exchange.gone()) as server,
            model_at(server.url, connections=1) as model,
        ):
            calls = [asyncio.create_task(model.reply(ask())) for _ in range(3)]
            await server.reached(1)
            for call in calls:
                call.cancel()
            done = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 2)
            assert all(isinstance(one, asyncio.CancelledError) for one in done)
            assert len(server.exchanges) == 1

    run(main())


def test_a_call_can_be_cancelled_at_each_of_its_first_steps(run, serve, model_at, ask):
    """Also at the very step in which it gets its connection."""

    async def main():
        async with (
            serve(lambda exchange: exchange.gone()) as server,
            model_at(server.url, connections=1) as model,
        ):
            for steps in range(40):
                call = asyncio.create_task(model.reply(ask()))
                for _ in range(steps):
                    await asyncio.sleep(0)
                call.cancel()
                done, _ = await asyncio.wait([call], timeout=2)
                assert done, f"a call cancelled after {steps} steps goes on"
                assert call.cancelled()

    run(main())


def test_a_model_is_of_use_after_cancelled_calls(run, serve, model_at, ask, answers):
    async def script(exchange):
        if exchange.json["messages"][0]["content"] == "hang":
            await exchange.gone()
        else:
            await exchange.send(answers.whole("fine"))

    async def main():
        async with serve(script) as server, model_at(server.url, connections=4) as model:
            for _ in range(5):
                calls = [asyncio.create_task(model.reply(ask("hang"))) for _ in range(8)]
                await asyncio.sleep(0.02)
                for call in calls:
                    call.cancel()
                await asyncio.gather(*calls, return_exceptions=True)
            assert (await asyncio.wait_for(model.reply(ask("now")), 2)).content == "fine"

    run(main())


def test_a_listener_that_fails_ends_the_call_with_its_own_error(run, serve, model_at, ask, answers):
    class Broken(Exception):
        pass

    async def main():
        closed = asyncio.get_running_loop().create_future()

        async def script(exchange):
            await exchange.send(answers.STREAM_HEAD + answers.chunk(answers.delta("a")))
            closed.set_result(await exchange.gone())

        async def on_text(text):
            raise Broken

        async with serve(script) as server, model_at(server.url) as model:
            with pytest.raises(Broken):
                await model.reply(ask(), on_text)
            await asyncio.wait_for(closed, 2)

    run(main())


def test_closing_the_model_while_a_call_hangs_ends_the_call(run, serve, model_at, ask):
    async def main():
        async with serve(lambda exchange: exchange.gone()) as server, model_at(server.url) as model:
            call = asyncio.create_task(model.reply(ask()))
            await server.reached(1)
            await asyncio.wait_for(model.aclose(), 2)
            with pytest.raises(ModelError):
                await asyncio.wait_for(call, 2)
            assert len(server.exchanges) == 1
            with pytest.raises(ModelError, match="has been closed"):
                await model.reply(ask())
            assert len(server.exchanges) == 1

    run(main())
