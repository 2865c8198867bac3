"""The two local tools, in the sandbox that holds here."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from mini_agent.conversation import ToolOutcome
from mini_agent.interfaces import ToolBackendError
from mini_agent.sandbox.report import SandboxReport
from mini_agent.sandbox.result import SandboxError, SandboxResult
from mini_agent.sandbox.self_test import probe
from mini_agent.tools.local.backend import LocalTools, allowed_programs, outcome
from mini_agent.tools.local.open import open_local
from mini_agent.tools.local.settings import LocalSettings


def using(work: Callable[[LocalTools], Awaitable[object]], settings: LocalSettings | None = None) -> object:
    """Open the tools, do the work, close them."""
    if not probe().ok:
        pytest.skip(probe().reason)

    async def use() -> object:
        tools = open_local(settings or LocalSettings())
        assert isinstance(tools, LocalTools)
        try:
            return await work(tools)
        finally:
            await tools.aclose()

    return asyncio.run(use())


def call(*calls: tuple[str, str], timeout: float = 20) -> list[ToolOutcome]:
    """Run (tool, text) one after the other in one backend."""
    argument = {"run_python": "code", "run_shell": "command"}

    async def work(tools: LocalTools) -> list[ToolOutcome]:
        return [await tools.invoke("id", name, {argument[name]: text}, timeout) for name, text in calls]

    found = using(work)
    assert isinstance(found, list)
    return found


def test_both_tools_are_offered_with_a_strict_schema():
    async def work(tools: LocalTools) -> object:
        return await tools.definitions()

    python, shell = using(work)
    assert (python.name, shell.name) == ("run_python", "run_shell")
    assert python.parameters["required"] == ["code"]
    assert shell.parameters["additionalProperties"] is False
    assert "cat" in shell.description


def test_without_programs_there_is_no_shell_tool():
    async def work(tools: LocalTools) -> object:
        offered = [one.name for one in await tools.definitions()]
        return offered, await tools.invoke("id", "run_shell", {"command": "ls"}, 5)

    offered, refused = using(work, LocalSettings(programs=()))
    assert offered == ["run_python"]
    assert "no local tool named 'run_shell'" in refused.error


def test_code_runs_and_what_it_prints_is_the_content():
    [result] = call(("run_python", "print(6 * 7)"))
    assert (result.ok, result.content, result.rc, result.error) == (True, "42", 0, "")
    assert result.ms > 0


def test_code_that_fails_shows_its_line():
    [result] = call(("run_python", "x = 1\nx.nothing()"))
    assert (result.ok, result.rc, result.error) == (False, 1, "exit code 1")
    assert "x.nothing()" in result.content
    assert "AttributeError" in result.stderr


def test_the_folder_is_shared_by_the_calls_of_a_run():
    results = call(
        ("run_python", "open('notes.txt', 'w').write('b\\na\\n')"),
        ("run_shell", "sort notes.txt"),
        ("run_python", "import os; print(os.path.exists('notes.txt'))"),
        ("run_shell", "python3 call_1.py"),
    )
    assert [one.content for one in results] == ["", "a\nb", "True", ""]
    assert all(one.ok for one in results)


def test_code_may_import_what_it_wrote():
    results = call(
        ("run_python", "open('own.py', 'w').write('N = 7')"), ("run_python", "import own; print(own.N)")
    )
    assert results[1].content == "7"


def test_no_shell_interprets_a_command():
    [result] = call(("run_shell", "echo $HOME; cat < x > y | z && `id` *"))
    assert result.stdout == "$HOME; cat < x > y | z && `id` *\n"


@pytest.mark.parametrize("command", ["/bin/cat x", "bash -c ls", "cat 'x", "", "rm\0"])
def test_a_refused_command_is_an_outcome_that_says_why(command: str):
    [result] = call(("run_shell", command))
    assert not result.ok
    assert result.error
    assert result.content == result.error
    assert result.rc is None


def test_programs_not_on_the_list_are_not_even_there():
    """The list holds also for what an allowed program, or generated code, starts."""
    [result] = call(("run_python", "import subprocess; subprocess.run(['/usr/bin/env', 'true'])"))
    assert "FileNotFoundError" in result.stderr or "PermissionError" in result.stderr


@pytest.mark.parametrize(
    ("name", "arguments", "why"),
    [
        ("run_ruby", {"code": "1"}, "no local tool named 'run_ruby'"),
        ("run_python", {}, "code must be a string"),
        ("run_python", {"code": 7}, "code must be a string"),
        ("run_shell", {"command": ["ls"]}, "command must be a string"),
    ],
)
def test_what_cannot_be_called_is_an_outcome(name: str, arguments: dict[str, object], why: str):
    async def work(tools: LocalTools) -> object:
        return await tools.invoke("id", name, arguments, 5)

    result = using(work)
    assert not result.ok
    assert why in result.error


def test_code_with_characters_that_are_no_text_is_run_as_far_as_it_goes():
    [result] = call(("run_python", "print('\ud800')"))
    assert result.stdout == "?\n"


def test_the_timeout_is_an_outcome():
    [result] = call(("run_python", "print('begun')\nwhile True: pass"), timeout=0.7)
    assert (result.ok, result.error, result.stdout) == (False, "stopped after 0.7 seconds", "begun\n")


def test_too_much_memory_is_an_outcome():
    [result] = call(("run_python", "kept = [b'x' * (50 << 20) for _ in range(40)]"))
    assert not result.ok
    assert result.error == "stopped: used too much memory" or "MemoryError" in result.stderr


def test_a_full_folder_is_emptied_so_that_the_next_call_can_work():
    fill = "for n in range(10**6): open(str(n), 'w').close()"
    full, after = call(("run_python", fill), ("run_python", "import os; print(len(os.listdir('.')))"))
    assert full.error == "stopped: wrote too much to its folder, which was emptied"
    assert after.stdout == "1\n"


def test_a_folder_that_was_shut_is_opened_for_the_next_call():
    shut, after = call(("run_python", "import os; os.chmod('.', 0)"), ("run_python", "print('in')"))
    assert after.content == "in", shut


def test_what_stands_in_the_way_of_the_code_is_an_outcome():
    blocked, refused = call(("run_python", "import os; os.mkdir('call_2.py')"), ("run_python", "print('in')"))
    assert blocked.ok
    assert (refused.ok, refused.rc) == (False, 1)
    assert "call_2.py could not be written" in refused.stderr


def test_no_secret_of_the_service_is_in_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MINI_AGENT_API_KEY", "sk-secret")
    [result] = call(("run_python", "import os; print(dict(os.environ))"))
    assert "sk-secret" not in result.stdout
    assert "MINI_AGENT" not in result.stdout


def test_calls_at_the_same_time_do_not_mix():
    async def work(tools: LocalTools) -> object:
        calls = (tools.invoke(str(n), "run_python", {"code": f"print({n})"}, 30) for n in range(5))
        return await asyncio.gather(*calls)

    assert [one.content for one in using(work)] == list("01234")


def test_cancelled_the_call_is_over_at_once():
    async def work(tools: LocalTools) -> object:
        await tools.definitions()
        endless = "open('begun', 'w').close()\nwhile True: pass"
        task = asyncio.create_task(tools.invoke("id", "run_python", {"code": endless}, 60))
        while not (tools._folder and Path(tools._folder, "begun").exists()):
            await asyncio.sleep(0.005)
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.monotonic() - began

    assert using(work) < 0.25


def test_closed_it_leaves_no_folder():
    async def work(tools: LocalTools) -> object:
        code = (
            "import os\nos.makedirs('a/b')\nos.symlink('/', 'a/root')\nos.chmod('a/b', 0)\nos.chmod('a', 0)"
        )
        assert (await tools.invoke("id", "run_python", {"code": code}, 20)).ok
        return tools._folder

    own = using(work)
    assert own
    assert not os.path.exists(own)
    assert os.path.exists("/etc")


def test_without_a_sandbox_the_tools_are_refused_with_the_reason():
    report = SandboxReport(False, reason="no working sandbox: namespaces: unshare: Operation not permitted")

    async def work() -> None:
        tools = LocalTools(open_local(LocalSettings())._wanted, {}, prove=lambda: report)
        for use in (tools.definitions(), tools.invoke("id", "run_python", {"code": "print(1)"}, 5)):
            with pytest.raises(ToolBackendError, match="unshare: Operation not permitted"):
                await use
        await tools.aclose()

    asyncio.run(work())


def test_a_sandbox_that_fails_later_is_an_error_of_the_backend(monkeypatch: pytest.MonkeyPatch):
    async def broken(*_: object, **__: object) -> SandboxResult:
        raise SandboxError("landlock_restrict_self: Operation not permitted")

    async def work(tools: LocalTools) -> None:
        monkeypatch.setattr("mini_agent.sandbox.launch.Sandbox.run", broken)
        with pytest.raises(ToolBackendError, match="landlock_restrict_self"):
            await tools.invoke("id", "run_python", {"code": "1"}, 5)

    using(work)


def test_an_interpreter_that_is_none_is_an_error_of_the_backend():
    with pytest.raises(ToolBackendError, match="cannot serve as the interpreter"):
        open_local(LocalSettings(python="/no/such/python"))


def test_a_readable_path_that_is_missing_is_an_error_of_the_backend():
    with pytest.raises(ToolBackendError, match="does not exist"):
        open_local(LocalSettings(readable=("/no/such/folder",)))


def test_a_readable_path_can_be_read_and_not_written(tmp_path: Path):
    tmp_path.chmod(0o755)
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    (shared / "data").write_text("given")

    async def work(tools: LocalTools) -> object:
        code = f"print(open('{shared}/data').read())\nopen('{shared}/new', 'w')"
        return await tools.invoke("id", "run_python", {"code": code}, 20)

    result = using(work, LocalSettings(readable=(str(shared),)))
    assert result.stdout == "given\n"
    assert not result.ok
    assert os.listdir(shared) == ["data"]


def test_programs_that_are_not_installed_are_left_out():
    assert "no-such-program" not in allowed_programs(["cat", "no-such-program", "python3"])
    assert allowed_programs(["python3"]) == {"python3": ""}


@pytest.mark.parametrize(
    ("result", "content", "error"),
    [
        (SandboxResult(0, "out\n", ""), "out", ""),
        (SandboxResult(0, "out\n", "warned\n"), "out\n[stderr]\nwarned", ""),
        (SandboxResult(2, "", "bad\n"), "[stderr]\nbad\n[exit code 2]", "exit code 2"),
        (SandboxResult(-11, "", ""), "[ended by signal 11]", "ended by signal 11"),
        (SandboxResult(-9, "", "", True, "time"), "[stopped after 3 seconds]", "stopped after 3 seconds"),
        (
            SandboxResult(-9, "", "", False, "output"),
            "[stopped: printed too much]",
            "stopped: printed too much",
        ),
    ],
)
def test_what_the_model_is_told(result: SandboxResult, content: str, error: str):
    told = outcome(result, 3)
    assert (told.content, told.error, told.ok) == (content, error, not error)
