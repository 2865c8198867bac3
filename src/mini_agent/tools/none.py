"""No tools at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mini_agent.conversation import ToolDefinition, ToolOutcome
from mini_agent.interfaces import ToolBackendError


class NoTools:
    """A ToolBackend that offers nothing and runs nothing."""

    async def definitions(self) -> Sequence[ToolDefinition]:
        return ()

    async def invoke(
        self,
        call_id: str,  # noqa: ARG002 - the protocol's, like all of these
        name: str,
        arguments: Mapping[str, Any],  # noqa: ARG002
        timeout: float,  # noqa: ARG002
    ) -> ToolOutcome:
        """Raises ToolBackendError: nothing was offered, so nothing can be called."""
        raise ToolBackendError(f"there is no tool {name!r}: this run has no tools")

    async def aclose(self) -> None:
        """Nothing is held."""
