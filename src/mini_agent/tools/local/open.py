"""A backend of local tools from the operator's settings."""

from __future__ import annotations

import functools

from mini_agent.interfaces import ToolBackend, ToolBackendError
from mini_agent.sandbox.launch import Sandbox
from mini_agent.sandbox.places import places
from mini_agent.tools.local.backend import LocalTools, allowed_programs
from mini_agent.tools.local.settings import LocalSettings


def open_local(settings: LocalSettings) -> ToolBackend:
    """Starts nothing: the self-test runs at the first use, unless it has run. Raises ToolBackendError."""
    try:
        sandbox, programs = _prepared(settings)
    except ValueError as fault:
        raise ToolBackendError(f"local tools: {fault}") from fault
    return LocalTools(sandbox, programs)


@functools.lru_cache(maxsize=8)
def _prepared(settings: LocalSettings) -> tuple[Sandbox, dict[str, str]]:
    """Where everything lies; looked up once, because another interpreter has to be asked."""
    programs = allowed_programs(settings.programs)
    wanted = places([name for name, path in programs.items() if path], settings.readable, settings.python)
    return Sandbox(places=wanted, bounds=settings.bounds), programs
