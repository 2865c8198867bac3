"""Many requests at once: bounded, in order or as they come, and nothing left afterwards."""

from __future__ import annotations

import asyncio
import gc
import time

import pytest

from mini_agent.conversation import Reply
from mini_agent.interfaces import ModelError, ModelRequest
from mini_agent.model.many import UNREAD, complete_many

AT_ONCE = 2.0
"""Seconds; what is not ended at once goes on for ever here."""


class Paced:
    """Answers each request after the seconds that its text names; `hang` never, `fail` with an error."""

    def __init__(self) -> None:
        self.running = 0
        self.most = 0
        self.started: list[str] = []
        self.cancelled = 0
        self.closed = 0

    async def reply(self, request, on_text=None) -> Reply:
        text = request.messages[0]["content"]
        self.started.append(text)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.act(text)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1
        return Reply(text)

    async def act(self, text: str) -> None:
        if text == "hang":
            await asyncio.get_running_loop().create_future()
        if text == "fail":
            await asyncio.sleep(0.01)
            raise ModelError("it failed")
        await asyncio.sleep(float(text))

    async def aclose(self) -> None:
        self.closed += 1


@pytest.fixture
def paced() -> Paced:
    return Paced()


def requests(*texts: str) -> list[ModelRequest]:
    return [ModelRequest("m", [{"role": "user", "content": text}]) for text in texts]


async def indexes(results) -> list[int]:
    return [one.index async for one in results]


async def collected(results, found: list[int]) -> None:
    async for one in results:
        found.append(one.index)


def test_in_the_order_of_the_requests(run, paced):
    results = complete_many(requests("0.1", "0.02", "0.05", "0"), 4, model=paced)
    assert run(indexes(results)) == [0, 1, 2, 3]


def test_in_the_order_of_completion(run, paced):
    results = complete_many(requests("0.2", "0.02", "0.1", "0"), 4, order="completed", model=paced)
    assert run(indexes(results)) == [3, 1, 2, 0]


@pytest.mark.parametrize("order", ["submitted", "completed"])
def test_results_carry_index_and_response(run, paced, order):
    async def main():
        async for one in complete_many(requests("0", "0.01", "0.02"), 2, order, model=paced):
            assert one.ok
            assert one.error is None
            assert one.response.content == ["0", "0.01", "0.02"][one.index]

    run(main())


@pytest.mark.parametrize("order", ["submitted", "completed"])
def test_concurrency_is_bounded_and_used(run, paced, order):
    assert sorted(run(indexes(complete_many(requests(*["0.01"] * 30), 5, order, model=paced)))) == list(
        range(30)
    )
    assert paced.most == 5


def test_errors_are_captured(run, paced):
    async def main():
        found = [one async for one in complete_many(requests("0", "fail", "0"), 2, model=paced)]
        assert [one.ok for one in found] == [True, False, True]
        assert str(found[1].error) == "it failed"
        assert found[1].response is None

    run(main())


@pytest.mark.parametrize("order", ["submitted", "completed"])
def test_an_error_is_raised_and_cancels_the_rest(run, paced, order):
    async def main():
        results = complete_many(requests("0", "fail", "hang", "hang", "0"), 4, order, "raise", model=paced)
        found = []
        began = time.monotonic()
        with pytest.raises(ModelError, match="it failed"):
            found += [one.index async for one in results]
        assert time.monotonic() - began < AT_ONCE
        assert (paced.running, paced.cancelled) == (0, 2)
        with pytest.raises(StopAsyncIteration):
            await anext(results)

    run(main())


def test_results_before_the_error_come_first(run, paced):
    async def main():
        results = complete_many(requests("0", "0", "fail", "0"), 1, on_error="raise", model=paced)
        found = []
        with pytest.raises(ModelError):
            await collected(results, found)
        assert found == [0, 1]
        assert paced.started == ["0", "0", "fail"]

    run(main())


def test_a_break_cancels_the_rest(run, paced):
    async def main():
        async for _ in complete_many(requests("0", "hang", "hang"), 3, order="completed", model=paced):
            break
        gc.collect()
        while paced.running:
            await asyncio.sleep(0.01)
        assert paced.cancelled == 2

    run(main())


def test_closing_while_calls_hang(run, paced):
    async def main():
        results = complete_many(requests("0", *["hang"] * 5), 3, order="completed", model=paced)
        await anext(results)
        began = time.monotonic()
        await results.aclose()
        assert time.monotonic() - began < AT_ONCE
        assert paced.running == 0
        await results.aclose()
        with pytest.raises(StopAsyncIteration):
            await anext(results)
        assert len(paced.started) <= 4

    run(main())


def test_closing_from_another_task_ends_the_reader(run, paced):
    async def main():
        results = complete_many(requests("hang", "hang"), 2, model=paced)
        reader = asyncio.create_task(indexes(results))
        await asyncio.sleep(0.02)
        await results.aclose()
        assert await asyncio.wait_for(reader, AT_ONCE) == []

    run(main())


def test_closing_does_not_wait_for_a_call_that_will_not_end(run):
    class Stubborn(Paced):
        let_go = False

        async def act(self, text: str) -> None:
            while not self.let_go:
                try:
                    await asyncio.sleep(0.05)
                except asyncio.CancelledError:
                    self.cancelled += 1

    async def main():
        stubborn = Stubborn()
        results = complete_many(requests("x", "x"), 2, model=stubborn)
        reader = asyncio.create_task(indexes(results))
        await asyncio.sleep(0.02)
        began = time.monotonic()
        await results.aclose()
        assert time.monotonic() - began < AT_ONCE
        assert await asyncio.wait_for(reader, AT_ONCE) == []
        stubborn.let_go = True
        while stubborn.running:
            await asyncio.sleep(0.05)

    run(main())


def test_cancelling_the_reader_cancels_the_calls(run, paced):
    async def main():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await indexes(complete_many(requests("hang", "hang"), 2, model=paced))
        assert (paced.running, paced.cancelled) == (0, 2)

    run(main())


def test_as_a_context(run, paced):
    async def main():
        async with complete_many(requests("0", "hang"), 2, order="completed", model=paced) as results:
            assert (await anext(results)).index == 0
        assert paced.running == 0

    run(main())


def test_nothing_is_sent_before_it_is_asked_for(run, paced):
    async def main():
        results = complete_many(requests("0"), 1, model=paced)
        await asyncio.sleep(0.02)
        assert paced.started == []
        await results.aclose()
        assert await indexes(results) == []

    run(main())


def test_nothing_at_all(run, paced):
    assert run(indexes(complete_many([], 3, model=paced))) == []


def test_the_model_of_a_caller_is_not_closed(run, paced):
    run(indexes(complete_many(requests("0"), 1, model=paced)))
    assert paced.closed == 0


def test_requests_are_drawn_as_there_is_room(run, paced):
    drawn = 0

    def endless():
        nonlocal drawn
        while True:
            drawn += 1
            yield from requests("0")

    async def main():
        results = complete_many(endless(), 3, model=paced)
        await anext(results)
        await asyncio.sleep(0.5)
        assert drawn <= UNREAD + 4
        await results.aclose()

    run(main())


@pytest.mark.parametrize("on_error", ["capture", "raise"])
def test_requests_that_fail_to_come(run, paced, on_error):
    def failing():
        yield from requests("0")
        raise RuntimeError("no more paper")

    async def main():
        found = []
        with pytest.raises(RuntimeError, match="no more paper"):
            await collected(complete_many(failing(), 1, on_error=on_error, model=paced), found)
        assert found == [0]

    run(main())


def test_a_call_that_somebody_else_cancels_is_an_error(run):
    class Cancelled(Paced):
        async def act(self, text: str) -> None:
            raise asyncio.CancelledError

    async def main():
        (found,) = [one async for one in complete_many(requests("x"), 1, model=Cancelled())]
        assert isinstance(found.error, ModelError)

    run(main())


@pytest.mark.parametrize(
    "wrong", [{"concurrency": 0}, {"concurrency": -1}, {"order": "random"}, {"on_error": "ignore"}]
)
def test_what_makes_no_sense_is_said_at_once(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        complete_many([], **wrong)


def test_over_real_sockets_nothing_is_left(run, serve, model_at, answers):
    hung = []

    async def script(exchange):
        if exchange.json["messages"][0]["content"] == "hang":
            hung.append("hangs")
            await exchange.gone()
            hung.append("gone")
        else:
            await exchange.send(answers.whole())

    async def main():
        async with serve(script) as server, model_at(server.url) as model:
            results = complete_many(requests(*["0", "hang"] * 20), 8, order="completed", model=model)
            await anext(results)
            began = time.monotonic()
            await results.aclose()
            assert time.monotonic() - began < AT_ONCE
            while hung.count("hangs") != hung.count("gone"):
                await asyncio.sleep(0.01)
            assert hung.count("hangs") == hung.count("gone") >= 3
            assert server.open <= len(server.exchanges) - hung.count("hangs")

    run(main())


def test_without_a_model_the_environment_names_one(run, serve, answers, monkeypatch):
    async def main():
        async with serve(answers.whole("fine")) as server:
            monkeypatch.setenv("MINI_AGENT_API_BASE", server.url)
            found = [one async for one in complete_many(requests("x", "x"), 2)]
            assert [one.response.content for one in found] == ["fine", "fine"]
            while server.open:
                await asyncio.sleep(0.01)

    run(main())


def test_a_break_closes_the_model_of_its_own(run, serve, answers, monkeypatch):
    async def main():
        async with serve(answers.whole("fine")) as server:
            monkeypatch.setenv("MINI_AGENT_API_BASE", server.url)
            async for _ in complete_many(requests(*["x"] * 9), 2):
                break
            gc.collect()
            while server.open:
                await asyncio.sleep(0.01)

    run(main())
