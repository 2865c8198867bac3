"""Slots, the queue, cancelling, and loading while it is wanted. The engine is scripted, threads and loop are real."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from readiness.models.failure import ModelError
from readiness.models.generation import EngineRefusal, Generation, Message, Piece, Sampling, Usage
from readiness.models.turns import FOREVER, Busy, Turns

HI = Generation(Sampling(1), (Message("user", "hi"),))


def run_with(
    engine: Any,
    work: Callable[[Turns], Awaitable[None]],
    slots: int = 2,
    queue: int = 1,
    keep: float = FOREVER,
) -> None:
    async def main() -> None:
        turns = Turns(lambda: engine, slots, queue, keep)
        try:
            await asyncio.wait_for(work(turns), 20)
        finally:
            turns.close()

    asyncio.run(main())


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


def test_streams_pieces_in_order_and_ends(scripted: Any) -> None:
    async def work(turns: Turns) -> None:
        async with turns.turn() as turn:
            pieces = [piece async for batch in turn.stream(HI) for piece in batch]
        assert "".join(piece.text for piece in pieces) == "a b c"
        assert pieces[-1].usage is not None

    run_with(scripted(lambda _: "a b c"), work)


def test_pieces_that_come_close_together_come_as_one_item_and_the_first_is_not_held_back() -> None:
    class Quick:
        def generate(self, generation: Any, on_piece: Callable[[Piece], bool]) -> None:
            for number in range(40):
                on_piece(Piece(text=f"{number} "))
                time.sleep(0.005)
            on_piece(Piece(finish="stop", usage=Usage(1, 0, 40)))

        def close(self) -> None:
            pass

    async def work(turns: Turns) -> None:
        async with turns.turn() as turn:
            items = [item async for item in turn.stream(HI)]
        assert items[0][0].text == "0 "
        assert "".join(piece.text for item in items for piece in item) == "".join(f"{n} " for n in range(40))
        assert 2 <= len(items) <= 20
        assert len(items[0]) <= 2

    run_with(Quick(), work)


def test_the_whole_answer_is_the_streamed_one(scripted: Any) -> None:
    async def work(turns: Turns) -> None:
        async with turns.turn() as turn:
            answer = await turn.whole(HI)
        assert (answer.text, answer.finish, answer.usage.completion_tokens) == ("a b c", "stop", 3)

    run_with(scripted(lambda _: "a b c"), work)


def test_a_refusal_reaches_the_caller(scripted: Any) -> None:
    async def work(turns: Turns) -> None:
        for ask in (lambda turn: turn.whole(HI), lambda turn: anext(turn.stream(HI))):
            async with turns.turn() as turn:
                with pytest.raises(EngineRefusal, match="too long"):
                    await ask(turn)

    run_with(scripted(lambda _: "", context=0), work)


def test_beyond_slots_and_queue_is_busy(scripted: Any) -> None:
    hold = threading.Event()
    engine = scripted(lambda _: "done", hold=hold)

    async def work(turns: Turns) -> None:
        async def one() -> str:
            async with turns.turn() as turn:
                return (await turn.whole(HI)).text

        tasks = [asyncio.ensure_future(one()) for _ in range(3)]
        await until(lambda: turns.running == 2 and turns.waiting == 1)
        with pytest.raises(Busy):
            await one()
        hold.set()
        assert await asyncio.gather(*tasks) == ["done"] * 3
        assert (turns.running, turns.waiting) == (0, 0)
        assert await one() == "done"

    run_with(engine, work)


def test_one_who_leaves_the_queue_frees_their_place(scripted: Any) -> None:
    hold = threading.Event()

    async def work(turns: Turns) -> None:
        async def one() -> None:
            async with turns.turn() as turn:
                await turn.whole(HI)

        first = asyncio.ensure_future(one())
        await until(lambda: turns.running == 1)
        second = asyncio.ensure_future(one())
        await until(lambda: turns.waiting == 1)
        second.cancel()
        await until(lambda: turns.waiting == 0)
        hold.set()
        await first
        assert turns.running == 0

    run_with(scripted(lambda _: "x", hold=hold), work, slots=1)


@pytest.mark.parametrize("streamed", [True, False])
def test_cancelling_stops_the_engine_and_only_then_frees_the_slot(scripted: Any, streamed: bool) -> None:
    engine = scripted(lambda _: "x", hold=threading.Event())

    async def work(turns: Turns) -> None:
        async def one() -> None:
            async with turns.turn() as turn:
                if streamed:
                    async for _ in turn.stream(HI):
                        pass
                else:
                    await turn.whole(HI)

        task = asyncio.ensure_future(one())
        await until(lambda: len(engine.asked) == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: turns.running == 0)
        assert engine.stopped == 1

    run_with(engine, work, slots=1)


def test_the_engine_is_loaded_once_and_stays(scripted: Any) -> None:
    engine = scripted(lambda _: "x")
    loads: list[int] = []

    async def main() -> None:
        turns = Turns(lambda: (loads.append(1), engine)[1], 2, 1, FOREVER)  # type: ignore[func-returns-value]

        async def one() -> None:
            async with turns.turn() as turn:
                await turn.whole(HI)

        await asyncio.gather(one(), one())
        assert turns.expires_at == FOREVER
        turns.close()

    asyncio.run(main())
    assert (loads, engine.closed) == ([1], 1)


def test_an_idle_engine_is_unloaded_when_its_time_is_over_and_loaded_again(scripted: Any) -> None:
    engine = scripted(lambda _: "x")

    async def work(turns: Turns) -> None:
        async with turns.turn(keep_alive=0.02) as turn:
            await turn.whole(HI)
        assert turns.loaded
        await until(lambda: not turns.loaded)
        assert engine.closed == 1
        async with turns.turn() as turn:
            assert (await turn.whole(HI)).text == "x"
        assert turns.loaded

    run_with(engine, work)


def test_a_working_engine_is_not_unloaded_under_its_answer(scripted: Any) -> None:
    hold = threading.Event()
    engine = scripted(lambda _: "x", hold=hold)

    async def work(turns: Turns) -> None:
        async def one() -> str:
            async with turns.turn(keep_alive=0) as turn:
                return (await turn.whole(HI)).text

        task = asyncio.ensure_future(one())
        await until(lambda: turns.running == 1 and len(engine.asked) == 1)
        turns.extend(0)
        await asyncio.sleep(0.05)
        assert engine.closed == 0
        hold.set()
        assert await task == "x"
        await until(lambda: engine.closed == 1)

    run_with(engine, work)


def test_a_model_that_cannot_be_loaded_frees_the_slot() -> None:
    def fail() -> Any:
        raise ModelError("no file")

    async def main() -> None:
        turns = Turns(fail, 1, 0, FOREVER)
        for _ in range(3):
            with pytest.raises(ModelError, match="no file"):
                async with turns.turn():
                    pass
        assert turns.running == 0
        turns.close()

    asyncio.run(main())


def test_a_schema_is_put_to_the_test_once(scripted: Any) -> None:
    engine = scripted(lambda _: "x")
    probes: list[object] = []
    engine.enforces = lambda schema: probes.append(schema) or bool(schema)

    async def work(turns: Turns) -> None:
        async with turns.turn() as turn:
            for _ in range(3):
                assert await turn.enforces({"type": "string"})
                assert not await turn.enforces({})

    run_with(engine, work)
    assert probes == [{"type": "string"}, {}]
