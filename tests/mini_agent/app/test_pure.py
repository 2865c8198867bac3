"""The pure parts by properties: they refuse or they answer, whatever they are given."""

from __future__ import annotations

import asyncio
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_agent.app.admission import Admission, AppLimits
from mini_agent.app.forwarded import forwarded
from mini_agent.app.guard import Guard, host_of, is_loopback
from mini_agent.app.openai.request import read_chat
from mini_agent.app.refusal import Refusal
from mini_agent.app.strict_json import BadJson, dump, load
from mini_agent.app.validation import path_of

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(st.characters()) | st.integers(-(2**70), 2**70),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
    max_leaves=20,
)


def raised(kind, call):
    """What `call` is refused with, None when it is not."""
    try:
        call()
    except kind as refused:
        return refused
    return None


@given(JSON)
def test_what_is_read_can_be_written_again(value):
    try:
        read = load(json.dumps(value).encode())
    except BadJson:
        assert has_halves_or_infinities(value)
    else:
        assert load(dump(read)) == read


def has_halves_or_infinities(value: object) -> bool:
    if isinstance(value, dict):
        return any(has_halves_or_infinities(one) for pair in value.items() for one in pair)
    if isinstance(value, list):
        return any(has_halves_or_infinities(one) for one in value)
    if isinstance(value, str):
        return any(0xD800 <= ord(one) < 0xE000 for one in value)
    return isinstance(value, float) and not math.isfinite(value)


@given(JSON)
def test_whatever_is_written_is_json(value):
    text = dump(value)
    json.loads(text.decode(), parse_constant=pytest.fail)
    assert dump(load(text)) == text


@given(st.binary())
def test_any_bytes_are_read_or_refused(text):
    refused = raised(BadJson, lambda: dump(load(text)))
    assert refused is None or "\n" not in str(refused)


@given(st.text())
def test_no_authority_breaks_the_guard(authority):
    host = host_of(authority)
    if is_loopback(host):
        assert host.endswith("localhost") or host.startswith(("127.", "::1", "::ffff:127."))


@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"host", b"origin", b"authorization", b"traceparent", b"x-readiness-trace"]),
            st.binary(),
        )
    )
)
def test_any_headers_pass_or_are_refused(headers):
    for check in (Guard().check_host, Guard(None, "a-token").check_token, forwarded):
        refused = raised(Refusal, lambda check=check: check(headers))
        assert refused is None or refused.status in (400, 401, 403)


@given(st.text(), st.text())
def test_only_the_token_is_the_token(token, given_token):
    guard = Guard(None, "right-token")
    header = [(b"authorization", f"Bearer {given_token}".encode("utf-8", "surrogatepass"))]
    if given_token.strip() == "right-token":
        guard.check_token(header)
    else:
        with pytest.raises(Refusal):
            guard.check_token(header)


@given(JSON)
def test_any_json_is_a_chat_or_refused_as_one(value):
    refused = raised(Refusal, lambda: read_chat(value))
    assert refused is None or refused.status in (400, 404)
    assert refused is None or refused.body()["error"]["message"]


@pytest.mark.parametrize(
    ("location", "path"),
    [
        (("messages", 0, "user", "content", "str"), "messages[0].content"),
        (("messages", 0, "tool", "tool_call_id"), "messages[0].tool_call_id"),
        (("tools", 1, "function", "name"), "tools[1].function.name"),
        (("user",), "user"),
        ((), ""),
    ],
)
def test_paths_are_those_that_a_caller_writes(location, path):
    assert path_of(location) == path


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sampled_from(["come", "cancel", "leave"]), max_size=30), st.integers(1, 3), st.integers(0, 3)
)
def test_places_are_never_lost_nor_given_twice(steps, concurrency, queue):
    async def play() -> None:
        admission = Admission(AppLimits(concurrency=concurrency, queue=queue))
        stay: list[asyncio.Event] = []
        tasks: list[asyncio.Task[None]] = []

        async def visit(done: asyncio.Event) -> None:
            async with admission:
                await done.wait()

        for step in steps:
            if step == "come":
                stay.append(asyncio.Event())
                tasks.append(asyncio.create_task(visit(stay[-1])))
            elif tasks and step == "cancel":
                tasks[len(tasks) // 2].cancel()
            elif stay:
                stay.pop(0).set()
            for _ in range(4):
                await asyncio.sleep(0)
            assert 0 <= admission.running <= concurrency
            assert admission.waiting <= queue
        for one in stay:
            one.set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (admission.running, admission.waiting) == (0, 0)

    asyncio.run(play())
