"""The example servers of the official MCP SDK, unmodified, over both transports, as a request would use them.

They come out of the SDK's source distribution of the installed version, fetched from the package index when the tests
run.
"""

from __future__ import annotations

import asyncio
import http.server
import importlib.metadata
import json
import os
import socket
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import mini_agent
from mini_agent.conversation import Reply, ToolCall
from mini_agent.interfaces import ToolBackend, ToolBackendError
from mini_agent.tools.backends import ToolSettings, open_backend

BOTH = ("stdio", "streamable-http")
PYTHON = (sys.executable, "-m")
STDIO = {
    "story": [],
    "tool": ["--transport", "stdio"],
}
"""What follows the module on the command line; the examples come in two styles."""

HTTP = {
    "story": ["--http", "--port", "{port}"],
    "tool": ["--transport", "streamable-http", "--port", "{port}"],
    "http only": ["--port", "{port}"],
    "json": ["--port", "{port}", "--json-response"],
}


@pytest.fixture(scope="module")
def examples(tmp_path_factory) -> Path:
    """The folder `examples` of the SDK's source distribution."""
    home = tmp_path_factory.mktemp("sdk")
    requirement = f"mcp=={importlib.metadata.version('mcp')}"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download"]
    fetched = subprocess.run(
        [*pip, "--no-deps", "--no-binary", "mcp", "--dest", home, requirement],
        capture_output=True,
        text=True,
        timeout=300,
    )
    archives = list(home.glob("*.tar.gz"))
    if not archives:
        pytest.skip(f"the source distribution of {requirement} cannot be fetched: {fetched.stderr[-500:]}")
    with tarfile.open(archives[0]) as tar:
        tar.extractall(home, filter="data")
    return archives[0].with_name(archives[0].name.removesuffix(".tar.gz")) / "examples"


def search_path(examples: Path) -> str:
    """Where the examples' modules lie: the stories' package, and a folder for each of the other servers."""
    return os.pathsep.join(map(str, [examples, *sorted((examples / "servers").iterdir())]))


@asynccontextmanager
async def using(
    examples: Path, module: str, style: str, transport: str, **servers: Any
) -> AsyncIterator[ToolBackend]:
    """The example as a backend of one run, asked for as a request does."""
    environ = {"PYTHONPATH": search_path(examples)}
    if transport == "stdio":
        named = {"example": {"command": PYTHON[0], "args": ["-m", module, *STDIO[style]], "env": environ}}
        settings = ToolSettings.from_environment({"MINI_AGENT_MCP_SERVERS": json.dumps(named)})
        async with closing(open_backend("mcp", settings, mcp_server="example")) as backend:
            yield backend
        return
    with served(module, style, environ) as url:
        async with closing(open_backend("mcp", ToolSettings(), mcp_server=url)) as backend:
            yield backend


@asynccontextmanager
async def closing(backend: ToolBackend) -> AsyncIterator[ToolBackend]:
    """Closes it, and sees that no task is left."""
    before = asyncio.all_tasks()
    try:
        yield backend
    finally:
        await backend.aclose()
    until = time.monotonic() + 10
    while asyncio.all_tasks() > before and time.monotonic() < until:
        await asyncio.sleep(0.02)
    assert asyncio.all_tasks() <= before


class served:
    """An example as a server of its own, as long as the block lasts; gives its URL."""

    def __init__(self, module: str, style: str, environ: dict[str, str]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        words = [word.format(port=self.port) for word in HTTP[style]]
        self.command = [*PYTHON, module, *words]
        self.environ = os.environ | environ

    def __enter__(self) -> str:
        self.process = subprocess.Popen(
            self.command, env=self.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + 120
        while time.monotonic() < until and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return f"http://127.0.0.1:{self.port}/mcp"
            time.sleep(0.05)
        self.__exit__()
        raise AssertionError(f"the example did not come up: {self.command}")

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.wait()


@pytest.mark.parametrize("transport", BOTH)
@pytest.mark.parametrize("module", ["stories.tools.server", "stories.tools.server_lowlevel"])
def test_tools_with_structured_output(examples, module, transport):
    async def check():
        async with using(examples, module, "story", transport) as backend:
            tools = {one.name: one for one in await backend.definitions()}
            assert set(tools) == {"calc", "echo"}
            assert set(tools["calc"].parameters["properties"]) == {"op", "a", "b"}
            product = await backend.invoke("1", "calc", {"op": "mul", "a": 6, "b": 7}, 30.0)
            # One of the two says it in words first; the model reads both.
            assert json.loads(product.content[product.content.index("{") :]) == {"op": "mul", "result": 42}
            assert (await backend.invoke("2", "echo", {"text": "häß\n€"}, 30.0)).content == "häß\n€"
            if not module.endswith("lowlevel"):
                assert not (await backend.invoke("3", "calc", {"op": "div", "a": 1, "b": 0}, 30.0)).ok

    asyncio.run(check())


@pytest.mark.parametrize("transport", BOTH)
def test_calls_that_wait_for_each_other_run_at_once(examples, transport):
    async def check():
        async with using(examples, "stories.parallel_calls.server", "story", transport) as backend:
            assert [one.name for one in await backend.definitions()] == ["meet"]
            party = ["a", "b", "c"]
            outcomes = await asyncio.gather(
                *(backend.invoke(tag, "meet", {"tag": tag, "party": party}, 30.0) for tag in party)
            )
            assert [one.content for one in outcomes] == party
            alone = await backend.invoke("4", "meet", {"tag": "d", "party": ["nobody"]}, 0.3)
            assert alone.error == "the MCP server did not answer within 0.3 s"

    asyncio.run(check())


@pytest.mark.parametrize("transport", BOTH)
def test_both_kinds_of_error_are_outcomes(examples, transport):
    async def check():
        async with using(examples, "stories.error_handling.server", "story", transport) as backend:
            assert (await backend.invoke("1", "divide", {"a": 1, "b": 4}, 30.0)).content == "0.25"
            divided = await backend.invoke("2", "divide", {"a": 1, "b": 0}, 30.0)
            assert (divided.ok, "cannot divide by zero" in divided.content) == (False, True)
            gated = await backend.invoke("3", "restricted", {}, 30.0)
            assert (gated.ok, "this tool is gated" in gated.error) == (False, True)
            assert (await backend.invoke("4", "divide", {"a": 1, "b": 2}, 30.0)).content == "0.5"

    asyncio.run(check())


@pytest.mark.parametrize("transport", BOTH)
def test_a_list_of_five_pages(examples, transport):
    async def check():
        async with using(examples, "mcp_simple_pagination", "tool", transport) as backend:
            names = [one.name for one in await backend.definitions()]
            assert names == [f"tool_{number}" for number in range(1, 26)]
            outcome = await backend.invoke("1", "tool_25", {"input": "x"}, 30.0)
            assert outcome.content == "Called tool 'tool_25' with arguments: {'input': 'x'}"

    asyncio.run(check())


@pytest.fixture
def website() -> Iterator[str]:
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, *words: object) -> None:
            """Nothing is logged."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("transport", BOTH)
def test_a_tool_that_fetches(examples, website, transport):
    async def check():
        async with using(examples, "mcp_simple_tool", "tool", transport) as backend:
            assert [one.name for one in await backend.definitions()] == ["fetch"]
            assert (await backend.invoke("1", "fetch", {"url": website}, 30.0)).content == "hello"
            assert not (await backend.invoke("2", "fetch", {}, 30.0)).ok

    asyncio.run(check())


def test_the_everything_server(examples):
    expected = {
        "test_simple_text": "This is a simple text response for testing.",
        "test_image_content": "[image image/png, 70 bytes]",
        "test_embedded_resource": "[resource test://embedded-resource]\nThis is an embedded resource content.",
        "test_tool_with_logging": "Tool with logging executed successfully",
    }

    async def check():
        async with using(examples, "mcp_everything_server", "http only", "streamable-http") as backend:
            names = {one.name for one in await backend.definitions()}
            assert set(expected) <= names
            for name, content in expected.items():
                outcome = await backend.invoke("1", name, {}, 30.0)
                assert outcome.ok, outcome
                assert outcome.content.startswith(content)
            mixed = await backend.invoke("2", "test_multiple_content_types", {}, 30.0)
            assert "Multiple content types test:\n[image image/png, 70 bytes]\n[resource" in mixed.content
            failed = await backend.invoke("3", "test_error_handling", {}, 30.0)
            assert (failed.ok, "intentionally returns an error" in failed.error) == (False, True)
            # What asks the person or the model behind the client is refused or fails; nothing hangs.
            for name, arguments in (
                ("test_sampling", {"prompt": "hi"}),
                ("test_elicitation", {"message": "hi"}),
                ("test_missing_capability", {}),
                ("test_input_required_result_elicitation", {}),
            ):
                outcome = await backend.invoke("4", name, arguments, 30.0)
                assert outcome.ms < 15_000, (name, outcome)

    asyncio.run(check())


@pytest.mark.parametrize(
    ("module", "style"),
    [
        ("mcp_simple_streamablehttp", "http only"),
        ("mcp_simple_streamablehttp", "json"),
        ("mcp_simple_streamablehttp_stateless", "http only"),
        ("mcp_simple_streamablehttp_stateless", "json"),
    ],
)
def test_streams_and_plain_answers_with_and_without_sessions(examples, module, style):
    async def check():
        async with using(examples, module, style, "streamable-http") as backend:
            assert [one.name for one in await backend.definitions()] == ["start-notification-stream"]
            arguments = {"interval": 0.05, "count": 3, "caller": "test"}
            outcome = await backend.invoke("1", "start-notification-stream", arguments, 30.0)
            assert outcome.ok, outcome
            assert outcome.content == "Sent 3 notifications with 0.05s interval for caller: test"
            hurried = {"interval": 30, "count": 2, "caller": "test"}
            late = await backend.invoke("2", "start-notification-stream", hurried, 0.3)
            assert late.error == "the MCP server did not answer within 0.3 s"

    asyncio.run(check())


class Scripted:
    """A model that calls one tool, then says what came back."""

    def __init__(self, call: ToolCall) -> None:
        self.call = call
        self.offered: list[str] = []

    async def reply(self, request, on_text=None) -> Reply:
        self.offered = [one.name for one in request.tools]
        last = request.messages[-1]
        if last["role"] == "tool":
            return Reply(content=f"It is {last['content']}")
        return Reply(tool_calls=(self.call,), finish_reason="tool_calls")

    async def aclose(self) -> None:
        """Nothing is held."""


@pytest.mark.parametrize("transport", BOTH)
def test_a_whole_run_of_the_agent(examples, transport):
    model = Scripted(ToolCall("call-1", "divide", '{"a": 9, "b": 4}'))
    environ = {"PYTHONPATH": search_path(examples)}
    module = "stories.error_handling.server"
    named = {"example": {"command": PYTHON[0], "args": ["-m", module], "env": environ}}
    service = {"MINI_AGENT_MCP_SERVERS": json.dumps(named)}

    def answered(server: str):
        return asyncio.run(
            mini_agent.run("9 by 4?", model, "mcp", model_name="m", mcp_server=server, environ=service)
        )

    if transport == "stdio":
        result = answered("example")
    else:
        with served(module, "story", environ) as url:
            result = answered(url)
    assert (result.ok, result.final_answer) == (True, "It is 2.25")
    assert model.offered == ["divide", "restricted"]
    assert result.last_tool_invocation.outcome.content == "2.25"


def test_an_example_that_is_not_on_the_list_is_not_started(examples):
    command = f"{PYTHON[0]} -m stories.tools.server"
    with pytest.raises(ValueError, match="mcp_server: neither a server of this service"):
        open_backend("mcp", ToolSettings(), mcp_server=command)


def test_an_example_that_cannot_start_says_why(examples):
    async def check():
        with pytest.raises(ToolBackendError, match=r"exit status 1: .*No module named stories\.none"):
            async with using(examples, "stories.none", "story", "stdio") as backend:
                await backend.definitions()

    asyncio.run(check())
