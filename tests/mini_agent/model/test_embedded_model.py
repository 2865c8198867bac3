"""The client and a real model: a server of its own process, with weights from the user's cache."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from mini_agent.conversation import ToolDefinition
from mini_agent.interfaces import ModelError, ModelRequest
from mini_agent.model.many import complete_many
from mini_agent.model.open import open_model
from mini_agent.model.settings import ModelSettings
from mini_agent.model.tool_modes import ToolModes

NAME = "smollm2:135m"
STARTING_SECONDS = 40
PYTHON = ToolDefinition(
    "run_python",
    "Run Python code",
    {"type": "object", "properties": {"code": {"type": "string"}}, "required": ["code"]},
)
WEATHER = ToolDefinition(
    "get_weather",
    "Tell the weather of a city",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)


def lacking() -> str:
    """Why the server cannot be started here; in CI that is a failure."""
    if importlib.util.find_spec("xllamacpp") is None:
        return "the extra [model] is not installed"
    pulled = subprocess.run(
        [sys.executable, "-m", "readiness", "model", "show", NAME],
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if pulled.returncode == 0 else f"the weights are not here: {pulled.stderr.strip()}"


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    why = lacking()
    if why and not os.environ.get("CI"):
        pytest.skip(why)
    assert not why
    words = [sys.executable, "-m", "readiness", "model", "serve", "--port", "0"]
    process = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield address(process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def address(process: subprocess.Popen[str]) -> str:
    lines: queue.Queue[str] = queue.Queue()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line)

    threading.Thread(target=read, daemon=True).start()
    until = time.monotonic() + STARTING_SECONDS
    said = []
    while time.monotonic() < until and process.poll() is None:
        try:
            said.append(lines.get(timeout=0.2))
        except queue.Empty:
            continue
        if found := re.search(r"listening on (http://\S+)", said[-1]):
            return found[1]
    raise AssertionError(f"the server did not start: {''.join(said)}")


def opened(base: str, modes: ToolModes | None = None):
    settings = ModelSettings.from_environment({"OLLAMA_API_BASE": base, "OLLAMA_MODEL": NAME})
    return open_model(settings, modes=modes or ToolModes())


def question(text: str, **more) -> ModelRequest:
    return ModelRequest("", [{"role": "user", "content": text}], temperature=0.0, seed=1, **more)


def test_it_answers_whole_and_streamed_alike(run, base, heard):
    async def main():
        async with opened(base) as model:
            asked = question("What is the capital of France?", max_tokens=16)
            whole, streamed = await model.reply(asked), await model.reply(asked, heard)
            assert whole.content
            assert whole.content == streamed.content == heard.text
            assert len(heard) > 2
            assert whole.usage == streamed.usage
            assert whole.usage.prompt > 10
            assert (whole.model, whole.stand_in) == (NAME, "")

    run(main())


@pytest.mark.parametrize("mode", ["auto", "schema"])
def test_it_calls_tools(run, base, mode):
    async def main():
        modes = ToolModes()
        async with opened(base, modes) as model:
            asked = question(
                "What is the weather in Paris?",
                tools=(WEATHER,),
                tool_mode=mode,
                tool_choice="required",
                max_tokens=60,
            )
            reply = await model.reply(asked)
            (call,) = reply.tool_calls
            assert call.name == "get_weather"
            assert json.loads(call.arguments_text).keys() == {"city"}
            assert modes.known(f"{base}/v1", NAME) == ("native" if mode == "auto" else None)

    run(main())


def test_under_a_schema_every_answer_is_a_call_or_words(run, base):
    """A small model chooses badly, but what it writes can always be read."""

    async def main():
        async with opened(base) as model:
            texts = ["Is it raining in Oslo?", "Hello there!", "Run python to add 3 and 4", "Thank you"]
            asked = [
                question(text, tools=(WEATHER, PYTHON), tool_mode="schema", max_tokens=60) for text in texts
            ]
            found = [one async for one in complete_many(asked, 2, model=model)]
            replies = [one.response for one in found]
            names = [call.name for reply in replies for call in reply.tool_calls]
            assert set(names) <= {"get_weather", "run_python"}
            assert names
            for reply in replies:
                assert reply.tool_calls or not reply.content.lstrip().startswith("{")

    run(main())


def test_a_result_is_answered(run, base):
    async def main():
        async with opened(base) as model:
            call = {
                "id": "1",
                "type": "function",
                "function": {"name": "run_python", "arguments": '{"code": "print(12*37)"}'},
            }
            history = [
                {"role": "user", "content": "What is 12*37? Use Python."},
                {"role": "assistant", "content": None, "tool_calls": [call]},
                {"role": "tool", "tool_call_id": "1", "content": "444"},
            ]
            reply = await model.reply(
                ModelRequest(NAME, history, (PYTHON,), "schema", temperature=0.0, seed=1, max_tokens=60)
            )
            assert bool(reply.content) != bool(reply.tool_calls)

    run(main())


def test_its_refusals_are_told(run, base):
    async def main():
        async with opened(base) as model:
            with pytest.raises(ModelError) as missing:
                await model.reply(ModelRequest("no-such-model", [{"role": "user", "content": "x"}]))
            assert (missing.value.status, missing.value.code) == (404, "model_not_found")
            with pytest.raises(ModelError) as long:
                await model.reply(question("word " * 5000))
            assert (long.value.status, long.value.code) == (400, "context_length_exceeded")

    run(main())


def test_a_schema_that_it_cannot_hold_is_loosened(run, base):
    strict = ToolDefinition(
        "set_colour",
        "Set the colour of the light",
        {
            "type": "object",
            "properties": {"colour": {"type": "string", "not": {"const": "x"}}},
            "required": ["colour"],
        },
    )

    async def main():
        async with opened(base) as model:
            reply = await model.reply(
                question(
                    "Make the light red",
                    tools=(strict,),
                    tool_mode="schema",
                    tool_choice="required",
                    max_tokens=60,
                )
            )
            assert reply.tool_calls[0].name == "set_colour"
            assert reply.retries == 1

    run(main())


def test_cancelled_calls_free_it(run, base):
    async def main():
        async with opened(base) as model:
            calls = [
                asyncio.create_task(model.reply(question("Tell a very long story.", max_tokens=1000)))
                for _ in range(6)
            ]
            await asyncio.sleep(0.5)
            began = time.monotonic()
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
            assert time.monotonic() - began < 0.25
            assert (
                await asyncio.wait_for(model.reply(question("Say hello", max_tokens=4)), 15)
            ).usage.completion <= 5

    run(main())
