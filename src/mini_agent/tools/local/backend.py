"""`run_python` and `run_shell`: generated code and commands, run in the sandbox, in one folder a run of the agent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mini_agent.conversation import ToolDefinition, ToolOutcome
from mini_agent.interfaces import ToolBackendError
from mini_agent.sandbox import folder
from mini_agent.sandbox.launch import Sandbox
from mini_agent.sandbox.places import program_path
from mini_agent.sandbox.report import SandboxReport
from mini_agent.sandbox.result import SandboxError, SandboxResult
from mini_agent.sandbox.self_test import probe
from mini_agent.tools.local.command import PYTHON_NAMES, CommandError, words_of

RUN_PYTHON = "run_python"
RUN_SHELL = "run_shell"
CODE_FILE = "call_{number}.py"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""Numeric libraries start a thread for each processor, which a limit on processes does not allow."""
PYTHON_FLAGS = ("-s", "-E", "-u", "-X", "utf8", "-B")


class LocalTools:
    """A tool backend; `programs` maps what `run_shell` may start to where that lies (see `allowed_programs`).

    `prove` is the self-test: how programs are held is its finding, not the caller's wish, and without one they are
    refused. `sandbox` says what they may read and use.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        programs: Mapping[str, str] | None = None,
        prove: Callable[[], SandboxReport] = probe,
    ) -> None:
        self._wanted = sandbox
        self._programs = dict(programs or {})
        self._prove = prove
        self._sandbox: Sandbox | None = None
        self._folder = ""
        self._calls = 0

    async def definitions(self) -> Sequence[ToolDefinition]:
        """`run_shell` is offered where a program is allowed. Raises ToolBackendError without a working sandbox."""
        await self._proved()
        tools = [definition(RUN_PYTHON, "code", PYTHON_TEXT)]
        if self._programs:
            text = SHELL_TEXT.format(programs=", ".join(sorted(self._programs)))
            tools.append(definition(RUN_SHELL, "command", text))
        return tools

    async def invoke(
        self,
        call_id: str,  # noqa: ARG002  # part of the protocol
        name: str,
        arguments: Mapping[str, Any],
        timeout: float,
    ) -> ToolOutcome:
        """Runs one tool. Raises ToolBackendError without a working sandbox."""
        sandbox = await self._proved()
        try:
            argv, files = self._program(sandbox, name, arguments)
        except CommandError as refusal:
            return ToolOutcome(False, str(refusal), error=str(refusal))
        own = self._own_folder(sandbox)
        try:
            result = await sandbox.run(argv, folder=own, timeout=timeout, files=files, env=ONE_THREAD)
        except SandboxError as fault:
            raise ToolBackendError(f"the sandbox could not run {name}: {fault}") from fault
        if result.killed_for == "disk":
            await self.aclose()
        return outcome(result, timeout)

    async def _proved(self) -> Sandbox:
        """The sandbox as the self-test found it to hold. Raises ToolBackendError."""
        if self._sandbox is None:
            report = await asyncio.to_thread(self._prove)
            if not report.ok:
                raise ToolBackendError(f"local tools are refused: {report.reason}")
            self._sandbox = replace(
                self._wanted, way=report.way, layers=report.layers, bubblewrap=report.bubblewrap
            )
        return self._sandbox

    def _program(
        self, sandbox: Sandbox, name: str, arguments: Mapping[str, Any]
    ) -> tuple[Sequence[str], Mapping[str, bytes]]:
        """What to execute, and the files that it needs. Raises CommandError."""
        python = (sandbox.places.python, *PYTHON_FLAGS)
        if name == RUN_PYTHON:
            code = text_of(arguments, "code")
            self._calls += 1
            file = CODE_FILE.format(number=self._calls)
            return (*python, file), {file: code.encode("utf-8", "replace")}
        if name != RUN_SHELL or not self._programs:
            raise CommandError(f"there is no local tool named {name!r}")
        first, *rest = words_of(text_of(arguments, "command"), self._programs)
        return (*(python if first in PYTHON_NAMES else (self._programs[first],)), *rest), {}

    def _own_folder(self, sandbox: Sandbox) -> str:
        if not self._folder:
            self._folder = folder.make(sandbox.way, sandbox.places)
        folder.reopen(self._folder)
        return self._folder

    async def aclose(self) -> None:
        """Remove the folder with everything in it."""
        own, self._folder = self._folder, ""
        if own:
            await asyncio.to_thread(folder.remove, own)


def allowed_programs(names: Sequence[str]) -> dict[str, str]:
    """Which of these are installed, and where. Python is always there: it is the sandbox's own interpreter."""
    found = {name: "" for name in names if name in PYTHON_NAMES}
    for name in names:
        if name not in found:
            try:
                found[name] = program_path(name)
            except ValueError:
                continue
    return found


PYTHON_TEXT = (
    "Run Python code and get what it prints. Standard library only, no network. Files are kept in the current folder "
    "between calls."
)
SHELL_TEXT = (
    "Run one program with arguments, without a shell: no pipes, redirections, wildcards or variables. No network. "
    "Works in the same folder as run_python. Programs: {programs}."
)


def definition(name: str, argument: str, text: str) -> ToolDefinition:
    schema = {
        "type": "object",
        "properties": {argument: {"type": "string"}},
        "required": [argument],
        "additionalProperties": False,
    }
    return ToolDefinition(name, text, schema)


def text_of(arguments: Mapping[str, Any], name: str) -> str:
    given = arguments.get(name)
    if not isinstance(given, str):
        raise CommandError(f"{name} must be a string")
    return given


REASONS = {
    "time": "stopped after {timeout:g} seconds",
    "memory": "stopped: used too much memory",
    "processes": "stopped: started too many processes",
    "disk": "stopped: wrote too much to its folder, which was emptied",
    "output": "stopped: printed too much",
    "cancelled": "stopped: cancelled",
}


def outcome(result: SandboxResult, timeout: float) -> ToolOutcome:
    """What the model and the envelope are told of a program's end."""
    error = ""
    if result.killed_for:
        error = REASONS[result.killed_for].format(timeout=timeout)
    elif result.rc:
        error = f"exit code {result.rc}" if result.rc > 0 else f"ended by signal {-result.rc}"
    parts = [
        result.stdout,
        f"[stderr]\n{result.stderr}" if result.stderr else "",
        f"[{error}]" if error else "",
    ]
    content = "\n".join(part.rstrip("\n") for part in parts if part)
    return ToolOutcome(not error, content, result.rc, result.stdout, result.stderr, error=error, ms=result.ms)
