from __future__ import annotations

import json

import pytest

from mini_agent.conversation import Usage
from mini_agent.interfaces import ModelError, ModelRequest
from mini_agent.model.open import open_model
from mini_agent.model.settings import ModelSettings

ECHO = {"MINI_AGENT_OPENAI_SHIM_MODE": "echo"}
DUMMY = {"MINI_AGENT_ALLOW_DUMMY": "1"}
CALLS = json.dumps({"calls": [{"name": "add", "arguments": {"a": 1}}, {"name": "add", "arguments": "{oops"}]})


def model(environ):
    return open_model(ModelSettings.from_environment(environ))


def test_echo_says_what_was_said_and_is_marked(run, ask, heard):
    reply = run(model(ECHO).reply(ask("one\ntwo"), heard))
    assert (reply.content, reply.stand_in, reply.model) == ("one\ntwo", "echo", "echo")
    assert reply.usage == Usage(2, 2)
    assert heard == ["one\n", "two"]


def test_dummy_calls_what_it_is_told_to(run, ask):
    reply = run(model(DUMMY).reply(ask(CALLS, model="dummy")))
    assert [(call.name, call.arguments_text) for call in reply.tool_calls] == [
        ("add", '{"a": 1}'),
        ("add", "{oops"),
    ]
    assert len({call.id for call in reply.tool_calls}) == 2
    assert (reply.finish_reason, reply.content, reply.stand_in) == ("tool_calls", "", "dummy")


def test_dummy_repeats_a_result(run):
    messages = [{"role": "user", "content": CALLS}, {"role": "tool", "tool_call_id": "x", "content": "42"}]
    reply = run(model(DUMMY).reply(ModelRequest("dummy", messages)))
    assert (reply.content, reply.tool_calls, reply.finish_reason) == ("42", (), "stop")


@pytest.mark.parametrize("text", ["", "hello", "3", "[1]", '{"calls": 3}', '{"calls": [3]}', "[" * 100_000])
def test_dummy_repeats_what_tells_no_calls(run, ask, text):
    reply = run(model(DUMMY).reply(ask(text, model="dummy")))
    assert (reply.content, reply.tool_calls) == (text, ())


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({}, "dummy"),
        (DUMMY | {"READINESS_LANE": "nd"}, "dummy"),
        (DUMMY | {"MINI_AGENT_OPENAI_SHIM_MODE": "block"}, "dummy"),
        (DUMMY | {"ND_REAL": "1"}, "dummy"),
        (ECHO | {"READINESS_LANE": "live"}, "any"),
        (ECHO | {"ND_REAL": "1"}, "any"),
    ],
)
def test_refused(run, ask, environ, name):
    with pytest.raises(ModelError, match="stand-in") as caught:
        run(model(environ).reply(ask(model=name)))
    assert (caught.value.status, caught.value.code) == (403, "stand_in_refused")


def test_a_model_is_not_replaced(run, serve, ask, answers):
    async def main():
        async with serve(answers.whole("real")) as server:
            for environ in (DUMMY, {}, {"MINI_AGENT_OPENAI_SHIM_MODE": "block"}):
                opened = model({"MINI_AGENT_API_BASE": server.url, **environ})
                reply = await opened.reply(ask())
                await opened.aclose()
                assert (reply.content, reply.stand_in) == ("real", "")
            assert len(server.exchanges) == 3

    run(main())
