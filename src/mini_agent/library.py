"""`mini_agent.run`: one run in the caller's own process, with whatever it opens closed again."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Literal, TypeAlias, TypedDict, Unpack

from mini_agent.conversation import Message
from mini_agent.events import Listener
from mini_agent.interfaces import Model, ToolBackend, ToolMode
from mini_agent.limits import Limits
from mini_agent.loop.agent import RunOptions, run_agent
from mini_agent.result import RunResult

BackendKind: TypeAlias = Literal["local", "http", "mcp", "none"]


class RunChoices(TypedDict, total=False):
    """The fields of `RunOptions` that `run` takes as further keywords."""

    use_tools: bool
    tool_mode: ToolMode
    auto_run_code_on_code_block: bool
    enable_repair: bool
    escalate_on_budget_exceeded: bool
    escalate_model: str
    seed: int | None
    temperature: float | None
    max_tokens: int | None
    max_history_characters: int | None
    stream: bool


async def run(
    messages: str | Sequence[Message],
    model: str | Model,
    tools: BackendKind | ToolBackend | None = None,
    limits: Limits | None = None,
    *,
    model_name: str = "",
    tool_http_base_url: str = "",
    tool_http_headers: Mapping[str, str] | None = None,
    mcp_server: str = "",
    environ: Mapping[str, str] | None = None,
    listen: Listener | None = None,
    run_id: str = "",
    **choices: Unpack[RunChoices],
) -> RunResult:
    """Run `messages` (or one user's text) with a model and tools, to an answer or a spent limit.

    `model`: a name, asked for at the server that `environ` describes (`MINI_AGENT_API_BASE` and the like, see
    `model.settings`), or a Model, which is asked for `model_name`. `tools`: a kind of backend, opened for this run with
    what its keywords say, or a ToolBackend. What is handed in open stays open. `environ`: by default the process's own.

    Failures and spent limits are in the result (`stopped_reason`, `error`). Raises ValueError for a setting that makes
    no sense, ToolBackendError for tools that cannot be used.
    """
    given = os.environ if environ is None else environ
    options = RunOptions(
        model if isinstance(model, str) else model_name, Limits() if limits is None else limits, **choices
    )
    asked: Sequence[Message] = (
        [{"role": "user", "content": messages}] if isinstance(messages, str) else messages
    )
    if not asked:
        raise ValueError("messages must not be empty")
    async with (
        _opened_model(model, given) as opened,
        _opened_tools(tools, given, tool_http_base_url, tool_http_headers, mcp_server) as backend,
    ):
        return await run_agent(asked, options, opened, backend, listen, run_id)


@contextlib.asynccontextmanager
async def _opened_model(model: str | Model, environ: Mapping[str, str]) -> AsyncIterator[Model]:
    if not isinstance(model, str):
        yield model
        return
    if not model:
        raise ValueError("model must be a name or a Model")
    from mini_agent.model.open import open_model
    from mini_agent.model.settings import ModelSettings

    async with contextlib.aclosing(open_model(ModelSettings.from_environment(environ))) as opened:
        yield opened


@contextlib.asynccontextmanager
async def _opened_tools(
    tools: BackendKind | ToolBackend | None,
    environ: Mapping[str, str],
    base_url: str,
    headers: Mapping[str, str] | None,
    mcp_server: str,
) -> AsyncIterator[ToolBackend]:
    if tools is not None and not isinstance(tools, str):
        yield tools
        return
    from mini_agent.tools.backends import ToolSettings, open_backend

    backend = open_backend(
        tools or "none",
        ToolSettings.from_environment(environ),
        tool_http_base_url=base_url,
        tool_http_headers=headers,
        mcp_server=mcp_server,
    )
    async with contextlib.aclosing(backend) as opened:
        yield opened
