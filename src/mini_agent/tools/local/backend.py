"""`run_python` and `run_shell`: generated code and commands, run in the sandbox, in one folder a run of the agent."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from mini_agent.conversation import ToolDefinition, ToolOutcome
from mini_agent.interfaces import ToolBackendError
from mini_agent.sandbox import folder
from mini_agent.sandbox.launch import Sandbox
from mini_agent.sandbox.places import program_path
from mini_agent.sandbox.result import SandboxError, SandboxResult
from mini_agent.tools.local.command import PYTHON_NAMES, CommandError, words_of

RUN_PYTHON = "run_python"
RUN_SHELL = "run_shell"
CODE_FILE = "main.py"
PYTHON_FLAGS = ("-s", "-E", "-u", "-X", "utf8", "-B")


class LocalTools:
    """A tool backend; `programs` maps what `run_shell` may start to where that lies (see `allowed_programs`)."""

    def __init__(self, sandbox: Sandbox, programs: Mapping[str, str] | None = None) -> None:
        self._sandbox = sandbox
        self._programs = dict(programs or {})
        self._folder = ""

    async def definitions(self) -> Sequence[ToolDefinition]:
        """`run_shell` is offered where a program is allowed."""
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
        """Runs one tool. Raises ToolBackendError when the sandbox does not hold."""
        try:
            argv, files = self._program(name, arguments)
        except CommandError as refusal:
            return ToolOutcome(False, str(refusal), error=str(refusal))
        try:
            result = await self._sandbox.run(
                argv, folder=await self._own_folder(), timeout=timeout, files=files
            )
        except SandboxError as fault:
            raise ToolBackendError(f"the sandbox could not run {name}: {fault}") from fault
        return outcome(result, timeout)

    def _program(self, name: str, arguments: Mapping[str, Any]) -> tuple[Sequence[str], Mapping[str, bytes]]:
        """What to execute, and the files that it needs. Raises CommandError."""
        if name == RUN_PYTHON:
            code = text_of(arguments, "code")
            return self._python(CODE_FILE), {CODE_FILE: code.encode("utf-8", "surrogatepass")}
        if name != RUN_SHELL or not self._programs:
            raise CommandError(f"there is no local tool named {name!r}")
        first, *rest = words_of(text_of(arguments, "command"), self._programs)
        if first in PYTHON_NAMES:
            return self._python(*rest), {}
        return [self._programs[first], *rest], {}

    def _python(self, *words: str) -> list[str]:
        return [self._sandbox.places.python, *PYTHON_FLAGS, *words]

    async def _own_folder(self) -> str:
        if not self._folder:
            self._folder = folder.make(self._sandbox.way, self._sandbox.places)
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
    "disk": "stopped: wrote too much to its folder",
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
