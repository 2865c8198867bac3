from __future__ import annotations

import asyncio
import gc
import logging

import pytest

from mini_agent.loop.in_flight import EndedItself, TooLate, end, within


async def forever():
    await asyncio.get_running_loop().create_future()


def test_what_the_work_returns_and_raises():
    async def give():
        return 5

    async def fail():
        raise TimeoutError("its own")

    assert asyncio.run(within(1, give())) == 5
    assert asyncio.run(within(None, give())) == 5
    with pytest.raises(TimeoutError, match="its own"):
        asyncio.run(within(1, fail()))


def test_too_late_is_no_error_of_the_work():
    with pytest.raises(TooLate):
        asyncio.run(within(0.01, forever()))


def test_what_returns_while_it_is_cancelled_has_returned():
    async def saved():
        try:
            await forever()
        except asyncio.CancelledError:
            return "what there was"

    assert asyncio.run(within(0.01, saved())) == "what there was"


def test_work_that_is_cancelled_from_inside():
    async def leaning():
        raise asyncio.CancelledError

    with pytest.raises(EndedItself):
        asyncio.run(within(1, leaning()))


def test_an_error_while_cleaning_up_is_told_by_its_kind_alone(caplog):
    async def untidy():
        try:
            await forever()
        finally:
            raise ValueError("secret-header-value")

    with caplog.at_level(logging.WARNING, "mini_agent"), pytest.raises(TooLate):
        asyncio.run(within(0.01, untidy()))
    assert "untidy: ValueError" in caplog.text
    assert "secret" not in caplog.text


def test_ending_nothing_takes_no_time():
    asyncio.run(end(()))


def test_being_cancelled_while_late_work_cleans_up_is_not_lost():
    """The work was too late by itself; that its caller is cancelled meanwhile must still be heard."""
    cleaning = asyncio.Event()
    done = []

    async def slow():
        try:
            await forever()
        finally:
            cleaning.set()
            await asyncio.sleep(0.05)
            done.append(True)

    async def both():
        task = asyncio.create_task(within(0.01, slow()))
        await cleaning.wait()
        task.cancel()
        await asyncio.wait((task,))
        assert task.cancelled()

    asyncio.run(both())
    assert done == [True]


def test_a_task_that_ends_late_still_ends():
    done = []

    async def slow():
        try:
            await forever()
        finally:
            await asyncio.sleep(0.05)
            done.append(True)

    async def both():
        task = asyncio.create_task(slow())
        await asyncio.sleep(0)
        await end((task,), at_most=0.01)
        assert not task.done()
        await asyncio.wait((task,))

    asyncio.run(both())
    assert done == [True]


def test_an_error_that_comes_with_the_cancellation_is_no_complaint_of_the_loop(caplog):
    async def main():
        failing = asyncio.get_running_loop().create_future()

        async def work():
            await failing

        caller = asyncio.ensure_future(within(None, work()))
        await asyncio.sleep(0.01)
        failing.set_exception(ValueError("gone"))
        await asyncio.sleep(0)
        caller.cancel()
        with pytest.raises((asyncio.CancelledError, ValueError)):
            await caller

    asyncio.run(main())
    gc.collect()
    assert "never retrieved" not in caplog.text
