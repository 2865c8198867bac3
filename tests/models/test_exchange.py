"""Reading a request and noticing that its client is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from readiness.models.exchange import BodyTooLarge, ClientGone, Reply, read_body, unless_gone


def receiving(*messages: dict[str, Any]) -> Callable[[], Awaitable[dict[str, Any]]]:
    left = list(messages)

    async def receive() -> dict[str, Any]:
        if left:
            return left.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    return receive


def part(body: bytes, more: bool) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


GONE = {"type": "http.disconnect"}


def test_a_body_in_parts_is_put_together() -> None:
    assert asyncio.run(read_body(receiving(part(b"a", True), part(b"b", False)), "2", 10)) == b"ab"


def test_a_body_beyond_the_limit_is_refused_before_and_while_it_is_read() -> None:
    for declared in ("11", "", "3", "nonsense"):
        with pytest.raises(BodyTooLarge):
            asyncio.run(read_body(receiving(part(b"x" * 6, True), part(b"x" * 6, True)), declared, 10))


def test_a_client_that_leaves_while_it_sends_is_gone() -> None:
    with pytest.raises(ClientGone):
        asyncio.run(read_body(receiving(part(b"a", True), GONE), "", 10))


def test_a_client_that_never_finishes_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("readiness.models.exchange._BODY_SECONDS", 0.01)
    with pytest.raises(TimeoutError):
        asyncio.run(read_body(receiving(part(b"a", True)), "", 10))


def test_work_ends_when_the_client_leaves() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    asyncio.run(asyncio.wait_for(unless_gone(receiving(GONE), work()), 5))
    assert ended == ["cancelled"]


def test_work_that_fails_is_heard() -> None:
    async def work() -> None:
        raise KeyError("broken")

    with pytest.raises(KeyError, match="broken"):
        asyncio.run(unless_gone(receiving(), work()))


def test_an_answer_to_head_has_the_length_but_no_body() -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(Reply(send, head_only=True).text(200, "hello"))
    assert (b"content-length", b"5") in sent[0]["headers"]
    assert sent[1]["body"] == b""
