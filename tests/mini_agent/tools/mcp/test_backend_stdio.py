"""An MCP backend over standard input and output: what works, what hangs, crashes or lies, and what is left."""

from __future__ import annotations

import asyncio
import json
import os
import time

import pytest

from mini_agent.interfaces import ToolBackendError


def test_the_sdks_own_server(run, friendly, monkeypatch):
    monkeypatch.setenv("MINI_AGENT_OPENAI_API_KEY", "service-secret")

    async def check():
        backend = friendly(env={"OWN": "of the operator"})
        tools = {one.name: one for one in await backend.definitions()}
        assert tools["add"].description == "Add two numbers"
        assert set(tools["add"].parameters["properties"]) == {"a", "b"}

        added = await backend.invoke("1", "add", {"a": 2, "b": 0.5}, 30.0)
        assert (added.ok, added.content) == (True, "2.5")
        assert (await backend.invoke("2", "shout_loud_er", {"text": "a"}, 30.0)).content == "A"
        assert json.loads((await backend.invoke("3", "nested", {}, 30.0)).content) == {
            "list": [1, 2.5, None],
            "deep": {"true": True, "none": None},
        }
        numbers = await backend.invoke("4", "numbers", {}, 30.0)
        assert numbers.content == '1\n2\n3\n{"result": [1, 2, 3]}'
        picture = await backend.invoke("5", "picture", {}, 30.0)
        assert picture.content == "before\n[image image/png, 8 bytes]"

        failing = await backend.invoke("6", "fail", {}, 30.0)
        assert not failing.ok
        assert "this tool fails" in failing.error
        assert "this tool fails" in failing.content
        wrong = await backend.invoke("7", "add", {"a": "x"}, 30.0)
        assert not wrong.ok
        unknown = await backend.invoke("8", "nothing", {}, 30.0)
        assert not unknown.ok

        seen = json.loads((await backend.invoke("9", "environment", {}, 30.0)).content)
        assert seen["OWN"] == "of the operator"
        assert "service-secret" not in seen.values()
        allowed = {"PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"}
        assert set(seen) <= allowed | {"OWN", "MINI_AGENT_TOOL_TREE"}

        started = time.monotonic()
        slept = await asyncio.gather(
            *(backend.invoke(str(n), "sleep", {"seconds": 1.0}, 30.0) for n in range(5))
        )
        assert [one.content for one in slept] == ["slept"] * 5
        assert time.monotonic() - started < 4.0

        late = await backend.invoke("10", "sleep", {"seconds": 60}, 0.2)
        assert late.error == "the MCP server did not answer within 0.2 s"
        assert 200 <= late.ms < 10_000
        assert (await backend.invoke("11", "add", {"a": 1, "b": 1}, 30.0)).content == "2.0"
        await backend.aclose()
        with pytest.raises(ToolBackendError, match="it was closed"):
            await backend.invoke("12", "add", {"a": 1, "b": 1}, 30.0)

    run(check())


@pytest.mark.parametrize("mode", ["stuck", "children", "deaf"])
def test_a_cancelled_call_leaves_no_process_of_the_tree(in_time, plain, tmp_path, noted, is_alive, mode):
    async def once() -> float:
        backend = plain(mode)
        await backend.definitions()
        calling = asyncio.create_task(backend.invoke("1", "work", {}, 60.0))
        pids = await asyncio.to_thread(noted)
        server = backend._connection._process.pid
        assert all(is_alive(pid) for pid in (server, *pids))
        started = time.monotonic()
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
        took = time.monotonic() - started
        assert not any(is_alive(pid) for pid in (server, *pids))
        with pytest.raises(ToolBackendError, match="ended when a call was cancelled"):
            await backend.invoke("2", "work", {}, 1.0)
        await backend.aclose()
        for entry in tmp_path.iterdir():
            entry.unlink()
        return took

    assert in_time(once)


@pytest.mark.parametrize("mode", ["children", "ignore-end"])
def test_closing_leaves_no_process_of_the_tree(run, plain, tmp_path, noted, is_alive, mode):
    async def check():
        backend = plain(mode)
        await backend.definitions()
        pids = []
        if mode == "children":
            outcome = await backend.invoke("1", "work", {}, 0.5)
            assert outcome.error == "the MCP server did not answer within 0.5 s"
            pids = await asyncio.to_thread(noted)
        pids.append(backend._connection._process.pid)
        started = time.monotonic()
        await backend.aclose()
        assert not any(is_alive(pid) for pid in pids)
        assert time.monotonic() - started < 15.0

    run(check())


def test_a_server_that_exits_by_itself_is_not_killed(run, plain, is_alive):
    async def check():
        backend = plain("usual")
        await backend.definitions()
        process = backend._connection._process
        await backend.aclose()
        assert process.returncode == 0
        await backend.aclose()

    run(check())


def test_a_call_that_takes_too_long_is_told_to_stop_and_the_server_kept(run, plain, tmp_path):
    async def check():
        backend = plain("slow")
        await backend.definitions()
        outcome = await backend.invoke("1", "work", {}, 0.2)
        assert outcome.error == "the MCP server did not answer within 0.2 s"
        for _ in range(100):
            if os.path.exists(tmp_path / "cancelled"):
                break
            await asyncio.sleep(0.01)
        assert os.path.exists(tmp_path / "cancelled")
        assert len(await backend.definitions()) == 1
        await backend.aclose()

    run(check())


def test_a_server_that_crashes_in_a_call_is_a_backend_error_with_its_last_words(run, plain):
    async def check():
        backend = plain("crash")
        await backend.definitions()
        with pytest.raises(ToolBackendError) as first:
            await backend.invoke("1", "work", {}, 30.0)
        with pytest.raises(ToolBackendError):
            await backend.invoke("2", "work", {}, 30.0)
        await backend.aclose()
        return str(first.value)

    said = run(check())
    assert said.startswith("MCP server 'plain': ")
    assert "exit status 7: ValueError: broken [redacted]" in said
    assert "tok3n" not in said


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        ("no-init-exit", r"exit status 3: cannot find key \[redacted\]"),
        ("mute", r"it did not answer within 0\.7 s"),
        ("garbage", r"it did not answer within 0\.7 s"),
    ],
)
def test_a_server_that_does_not_open_is_a_backend_error_ever_after(run, plain, mode, why):
    async def check():
        backend = plain(mode, open_timeout=20.0 if "exit" in mode else 0.7)
        started = time.monotonic()
        with pytest.raises(ToolBackendError, match=why):
            await backend.definitions()
        assert time.monotonic() - started < 15.0
        with pytest.raises(ToolBackendError):
            await backend.invoke("1", "work", {}, 30.0)
        await backend.aclose()

    run(check())


@pytest.mark.parametrize("wait", [0.0, 0.01, 0.05, 0.3])
def test_opening_can_be_cancelled(in_time, plain, wait):
    async def once() -> float:
        backend = plain("mute")
        opening = asyncio.create_task(backend.definitions())
        await asyncio.sleep(wait)
        started = time.monotonic()
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        took = time.monotonic() - started
        await backend.aclose()
        return took

    assert in_time(once)


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        ("many", "more than 256 tools"),
        ("endless", "'work' twice"),
        ("no-list", r"did not list its tools within 0\.3 s"),
        ("bad-list", "validation error"),
    ],
)
def test_a_bad_tool_list_is_a_backend_error(run, plain, mode, why):
    async def check():
        backend = plain(mode, list_timeout=0.3 if mode == "no-list" else 30.0)
        with pytest.raises(ToolBackendError, match=why) as refusal:
            await backend.definitions()
        assert str(refusal.value).isprintable()
        await backend.aclose()

    run(check())


def test_a_list_of_several_pages(run, plain):
    async def check():
        backend = plain("pages")
        assert [one.name for one in await backend.definitions()] == ["t0", "t1", "t2", "t3"]
        await backend.aclose()

    run(check())


def test_noise_on_the_output_and_much_on_the_error_output_do_no_harm(run, plain):
    async def check():
        backend = plain("noisy")
        assert len(await backend.definitions()) == 1
        assert (await backend.invoke("1", "work", {}, 30.0)).content == "done"
        await backend.aclose()

    run(check())


@pytest.mark.parametrize(("mode", "error"), [("error", "no way"), ("bad-result", "validation error")])
def test_an_answer_that_is_no_result_is_an_outcome(run, plain, mode, error):
    async def check():
        backend = plain(mode)
        await backend.definitions()
        outcome = await backend.invoke("1", "work", {}, 30.0)
        assert not outcome.ok
        assert error in outcome.error
        assert outcome.error.isprintable()
        assert not (await backend.invoke("2", "work", {}, 30.0)).ok
        await backend.aclose()

    run(check())


def test_a_message_without_end_is_not_read(run, plain):
    async def check():
        backend = plain("huge", max_bytes=100_000)
        await backend.definitions()
        with pytest.raises(ToolBackendError):
            await backend.invoke("1", "work", {}, 30.0)
        await backend.aclose()

    run(check())


@pytest.mark.parametrize("command", ["/no/such/program", ""])
def test_a_command_that_is_not_there(run, command):
    from mini_agent.tools.mcp.backend import McpTools
    from mini_agent.tools.mcp.connection import StdioConnection
    from mini_agent.tools.mcp.servers import StdioServer

    async def check():
        backend = McpTools(StdioConnection(StdioServer("gone", command)))
        with pytest.raises(ToolBackendError, match="'gone' cannot be started"):
            await backend.definitions()
        await backend.aclose()

    run(check())


def test_a_backend_that_was_never_used_closes(run, plain):
    run(plain("usual").aclose())


@pytest.mark.parametrize("wait", [0.0, 0.02, 0.2])
def test_closing_while_it_opens_leaves_nothing(run, plain, wait):
    async def check():
        backend = plain("mute", close_timeout=0.1)
        opening = asyncio.create_task(backend.definitions())
        await asyncio.sleep(wait)
        await backend.aclose()
        with pytest.raises(ToolBackendError):
            await opening

    run(check())
