"""Which way a model calls tools: found out by asking, once, and remembered."""

from __future__ import annotations

import asyncio
import json

import pytest

from mini_agent.conversation import ToolDefinition, Usage
from mini_agent.interfaces import ModelError, ModelRequest
from mini_agent.model.tool_modes import PROBE, Finding, ToolModes, lacks_tools
from mini_agent.model.wire.failure import Server, refused

ADD = ToolDefinition(
    "add", "Add numbers", {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
)
HISTORY = [
    {"role": "user", "content": "add"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}],
    },
    {"role": "tool", "tool_call_id": "1", "content": "3"},
]


def probed(body: dict) -> bool:
    return bool(body.get("tools")) and body["tools"][0]["function"]["name"] == PROBE.name


def written(body: dict) -> str:
    """What a model without tools writes: a call where a schema asks for one, else words."""
    return '{"name": "add", "arguments": {"a": 1}}' if "response_format" in body else "I have no tools."


@pytest.fixture
def native(answers):
    async def script(exchange):
        name = PROBE.name if probed(exchange.json) else "add"
        await exchange.send(
            answers.calling(name, {"a": 1}) if exchange.json.get("tools") else answers.whole("words")
        )

    return script


@pytest.fixture
def dropping(answers):
    async def script(exchange):
        await exchange.send(answers.whole(written(exchange.json)))

    return script


@pytest.fixture
def refusing(answers):
    async def script(exchange):
        if "tools" in exchange.json:
            await exchange.send(answers.error(400, "registry/tiny does not support tools"))
        else:
            await exchange.send(answers.whole(written(exchange.json)))

    return script


def test_a_model_with_tools(run, serve, model_at, ask, native):
    async def main():
        modes = ToolModes()
        async with serve(native) as server, model_at(server.url, modes=modes) as model:
            first = await model.reply(ask(tools=(ADD,)))
            second = await model.reply(ask(tools=(ADD,)))
            assert [call.name for call in (*first.tool_calls, *second.tool_calls)] == ["add", "add"]
            assert [probed(body) for body in server.asked] == [True, False, False]
            assert server.asked[0]["tool_choice"] == "required"
            assert "response_format" not in server.asked[1]
            assert modes.known(f"{server.url}/v1", "m") == "native"

    run(main())


def test_finding_out_is_paid_for_openly(run, serve, model_at, ask, native):
    async def main():
        async with serve(native) as server, model_at(server.url) as model:
            assert (await model.reply(ask(tools=(ADD,)))).usage == Usage(14, 6)
            assert (await model.reply(ask(tools=(ADD,)))).usage == Usage(7, 3)

    run(main())


@pytest.mark.parametrize("kind", ["dropping", "refusing"])
def test_a_model_without_tools(run, serve, model_at, ask, request, kind):
    async def main():
        modes = ToolModes()
        async with serve(request.getfixturevalue(kind)) as server, model_at(server.url, modes=modes) as model:
            for _ in range(2):
                reply = await model.reply(ask(tools=(ADD,)))
                (call,) = reply.tool_calls
                assert (call.name, json.loads(call.arguments_text)) == ("add", {"a": 1})
                assert (reply.content, reply.finish_reason) == ("", "tool_calls")
            assert modes.known(f"{server.url}/v1", "m") == "schema"
            assert ["response_format" in body for body in server.asked][-2:] == [True, True]
            assert sum(probed(body) for body in server.asked) == (1 if kind == "dropping" else 2)

    run(main())


def test_another_model_of_the_same_server_is_asked_for_itself(run, serve, model_at, ask, answers, native):
    async def script(exchange):
        if exchange.json["model"] == "old":
            await exchange.send(answers.whole(written(exchange.json)))
        else:
            await native(exchange)

    async def main():
        modes = ToolModes()
        async with serve(script) as server, model_at(server.url, modes=modes) as model:
            await model.reply(ask(tools=(ADD,), model="old"))
            await model.reply(ask(tools=(ADD,), model="new"))
            base = f"{server.url}/v1"
            assert (modes.known(base, "old"), modes.known(base, "new")) == ("schema", "native")

    run(main())


def test_many_first_calls_find_out_once(run, serve, model_at, ask, native):
    async def main():
        async with serve(native) as server, model_at(server.url) as model:
            await asyncio.gather(*(model.reply(ask(tools=(ADD,))) for _ in range(8)))
            assert sum(probed(body) for body in server.asked) == 1

    run(main())


def test_who_waits_finds_out_when_the_first_is_cancelled(run, serve, model_at, ask, native):
    async def script(exchange):
        if exchange.number == 1:
            await exchange.gone()
        else:
            await native(exchange)

    async def main():
        async with serve(script) as server, model_at(server.url) as model:
            first = asyncio.create_task(model.reply(ask(tools=(ADD,))))
            await server.reached(1)
            second = asyncio.create_task(model.reply(ask(tools=(ADD,))))
            await asyncio.sleep(0.05)
            first.cancel()
            assert (await asyncio.wait_for(second, 2)).tool_calls
            await asyncio.gather(first, return_exceptions=True)
            assert len(server.exchanges) == 3

    run(main())


def test_a_failure_decides_nothing(run, serve, model_at, ask, answers):
    async def main():
        modes = ToolModes()
        for status in (401, 404, 503):
            failing = answers.error(status, "the model cannot be loaded")
            async with serve(failing) as server, model_at(server.url, modes=modes, tries=1) as model:
                with pytest.raises(ModelError):
                    await model.reply(ask(tools=(ADD,)))
                assert modes.known(f"{server.url}/v1", "m") is None
                assert len(server.exchanges) == 1

    run(main())


def test_a_refusal_that_is_not_about_tools_is_the_calls_own(run, serve, model_at, ask, answers):
    async def main():
        modes = ToolModes()
        async with (
            serve(answers.error(400, "no credit")) as server,
            model_at(server.url, modes=modes) as model,
        ):
            with pytest.raises(ModelError, match="no credit"):
                await model.reply(ask(tools=(ADD,)))
            assert modes.known(f"{server.url}/v1", "m") is None

    run(main())


@pytest.mark.parametrize("first", ["refused", "cut"])
def test_a_model_that_takes_tools_but_not_our_options(run, serve, model_at, ask, answers, native, first):
    async def script(exchange):
        if "max_tokens" not in exchange.json:
            await native(exchange)
        elif first == "refused":
            await exchange.send(answers.error(400, "Use 'max_completion_tokens' instead."))
        else:
            await exchange.send(answers.whole("", finish="length", reasoning_content="hm"))

    async def main():
        modes = ToolModes()
        async with serve(script) as server, model_at(server.url, modes=modes) as model:
            await model.reply(ask(tools=(ADD,)))
            assert modes.known(f"{server.url}/v1", "m") == "native"

    run(main())


def test_a_later_refusal_about_tools_changes_the_mode(run, serve, model_at, ask, answers, native):
    async def script(exchange):
        if probed(exchange.json):
            await native(exchange)
        elif "tools" in exchange.json:
            await exchange.send(answers.error(400, '"auto" tool choice requires --enable-auto-tool-choice'))
        else:
            await exchange.send(answers.whole(written(exchange.json)))

    async def main():
        modes = ToolModes()
        async with serve(script) as server, model_at(server.url, modes=modes) as model:
            reply = await model.reply(ask(tools=(ADD,)))
            assert (reply.tool_calls[0].name, reply.retries) == ("add", 1)
            assert modes.known(f"{server.url}/v1", "m") == "schema"

    run(main())


@pytest.mark.parametrize(
    "said",
    [
        "Invalid schema for function 'add'",
        "messages with role 'tool' must be a response to a preceding message with 'tool_calls'",
        "Tool choice 'x' not found in 'tools' parameter.",
        "'response_format' is not supported together with 'tools'.",
    ],
)
def test_a_callers_faulty_request_changes_no_mode(run, serve, model_at, ask, answers, native, said):
    async def script(exchange):
        if probed(exchange.json):
            await native(exchange)
        else:
            await exchange.send(answers.error(400, said))

    async def main():
        modes = ToolModes()
        async with serve(script) as server, model_at(server.url, modes=modes) as model:
            with pytest.raises(ModelError) as caught:
                await model.reply(ask(tools=(ADD,)))
            assert (caught.value.status, len(server.exchanges)) == (400, 2)
            assert modes.known(f"{server.url}/v1", "m") == "native"

    run(main())


@pytest.mark.parametrize(
    "said",
    [
        "registry.ollama.ai/library/tiny does not support tools",
        "This model does not support function calling",
        "tools are not supported by this model",
        "Tool calling is not enabled on this server",
        '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set',
        "tools param requires --jinja flag",
        "Unrecognized request argument supplied: tools",
        "Unknown parameter: 'tools'.",
    ],
)
def test_what_servers_without_tools_say(said):
    assert lacks_tools(refused(Server("h"), 400, said))
    assert not lacks_tools(refused(Server("h"), 429, said))


@pytest.mark.parametrize(
    "more", [{}, {"tools": (ADD,), "tool_choice": "none"}, {"tools": (ADD,), "tool_mode": "native"}]
)
def test_nothing_is_found_out_without_need(run, serve, model_at, ask, native, more):
    async def main():
        async with serve(native) as server, model_at(server.url) as model:
            await model.reply(ask(**more))
            assert [probed(body) for body in server.asked] == [False]

    run(main())


def test_native_mode_sends_what_it_is_given_and_hides_no_refusal(run, serve, model_at, ask, refusing):
    async def main():
        async with serve(refusing) as server, model_at(server.url) as model:
            with pytest.raises(ModelError, match="does not support tools") as caught:
                await model.reply(ask(tools=(ADD,), tool_mode="native"))
            assert (caught.value.status, len(server.exchanges)) == (400, 1)

    run(main())


def test_schema_mode_never_asks(run, serve, model_at, ask, dropping):
    async def main():
        async with serve(dropping) as server, model_at(server.url) as model:
            reply = await model.reply(ask(tools=(ADD,), tool_mode="schema"))
            assert reply.tool_calls[0].name == "add"
            assert len(server.exchanges) == 1

    run(main())


def test_a_history_of_calls_is_rewritten(run, serve, model_at, dropping):
    async def main():
        async with serve(dropping) as server, model_at(server.url) as model:
            await model.reply(ModelRequest("m", HISTORY, (ADD,), "schema"))
            await model.reply(ModelRequest("m", HISTORY, (), "schema"))
            for body in server.asked:
                assert {message["role"] for message in body["messages"]} <= {"system", "user", "assistant"}
                assert body["messages"][-1]["content"] == "Result of add: 3"
            assert ["response_format" in body for body in server.asked] == [True, False]

    run(main())


def test_a_history_of_calls_without_tools_is_found_out_about(run, serve, model_at, dropping, native):
    async def main():
        async with serve(dropping) as server, model_at(server.url) as model:
            await model.reply(ModelRequest("m", HISTORY))
            assert server.asked[-1]["messages"][-1]["role"] == "user"
        async with serve(native) as server, model_at(server.url) as model:
            await model.reply(ModelRequest("m", HISTORY))
            assert server.asked[-1]["messages"][-1]["role"] == "tool"

    run(main())


def test_the_text_of_an_answer_is_streamed_out_of_its_json(run, serve, model_at, ask, answers, heard):
    async def main():
        written = json.dumps({"name": "answer", "arguments": {"text": "It is “3”.\nYes."}})
        pieces = [answers.delta(written[at : at + 3]) for at in range(0, len(written), 3)]

        async def said(exchange):
            await exchange.send(answers.STREAM_HEAD)
            for event in (*pieces, answers.delta(finish="stop"), answers.USAGE, answers.DONE):
                await exchange.send(answers.chunk(event))
                await asyncio.sleep(0.005)
            await exchange.send(b"0\r\n\r\n")

        async with serve(said) as server, model_at(server.url) as model:
            reply = await model.reply(ask(tools=(ADD,), tool_mode="schema"), heard)
            assert reply.content == heard.text == "It is “3”.\nYes."
            assert len(heard) > 3
            assert server.asked[0]["stream"] is True

    run(main())


def test_a_call_is_not_streamed_as_text(run, serve, model_at, ask, answers, heard):
    async def main():
        said = answers.told('{"name": "add", ', '"arguments": {"a": 1}}')
        async with serve(said) as server, model_at(server.url) as model:
            reply = await model.reply(ask(tools=(ADD,), tool_mode="schema"), heard)
        assert (reply.tool_calls[0].name, heard) == ("add", [])

    run(main())


def test_words_of_a_server_that_ignores_the_schema_are_still_heard(run, serve, model_at, ask, answers, heard):
    async def main():
        async with serve(answers.told("Just ", "words.")) as server, model_at(server.url) as model:
            reply = await model.reply(ask(tools=(ADD,), tool_mode="schema"), heard)
            assert reply.content == heard.text == "Just words."

    run(main())


def test_a_stream_that_breaks_before_its_text_is_begun_anew(run, serve, model_at, ask, answers, heard):
    async def script(exchange):
        if exchange.number == 1:
            await exchange.send(answers.stream(answers.delta('{"name": "answer", "argu'), end=b""))
            exchange.writer.close()
        else:
            await exchange.send(answers.told('{"name": "answer", "arguments": {"text": "whole"}}'))

    async def main():
        async with serve(script) as server, model_at(server.url) as model:
            reply = await model.reply(ask(tools=(ADD,), tool_mode="schema"), heard)
            assert (reply.content, heard.text, reply.retries) == ("whole", "whole", 1)

    run(main())


def test_a_schema_that_the_server_cannot_hold_is_loosened(run, serve, model_at, ask, answers):
    strict = ToolDefinition("add", "", {"type": "object", "properties": {"a": {"not": {"type": "null"}}}})

    async def script(exchange):
        if '"not"' in exchange.body.decode():
            await exchange.send(answers.error(400, "schema: #/not cannot be enforced"))
        else:
            await exchange.send(answers.whole(written(exchange.json)))

    async def main():
        async with serve(script) as server, model_at(server.url) as model:
            reply = await model.reply(ask(tools=(strict,), tool_mode="schema"))
            assert (reply.tool_calls[0].name, reply.retries, len(server.exchanges)) == ("add", 1, 2)

    run(main())


def test_a_context_that_is_too_long_is_not_asked_again(run, serve, model_at, ask, answers):
    async def main():
        refusal = answers.error(400, "maximum context length is 2048 tokens")
        async with serve(refusal) as server, model_at(server.url) as model:
            with pytest.raises(ModelError) as caught:
                await model.reply(ask(tools=(ADD,), tool_mode="schema"))
            assert (caught.value.code, len(server.exchanges)) == ("context_length_exceeded", 1)

    run(main())


def test_names_that_nobody_knows_leave_nothing_behind(run):
    async def main():
        finding = Finding(ToolModes())
        for number in range(50):
            with pytest.raises(ModelError):
                await finding.mode("base", f"m{number}", unknown)
        assert len(finding._locks) == 0

    async def unknown(body):
        raise refused(Server("h"), 404, "model not found")

    run(main())


def test_memory_is_bounded():
    modes = ToolModes()
    for number in range(3000):
        modes.remember("base", f"m{number}", "native")
    assert modes.known("base", "m0") is None
    assert modes.known("base", "m2999") == "native"
