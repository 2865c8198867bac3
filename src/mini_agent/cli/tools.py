"""`mini-agent tools`: what a backend offers."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mini_agent.cli.backend import declare_backend, opened
from mini_agent.cli.exit_codes import OK
from mini_agent.settings import Settings

if TYPE_CHECKING:
    from mini_agent.conversation import ToolDefinition


def declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print OpenAI's list of tools")
    declare_backend(parser)


def run(asked: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Raises ValueError, ToolBackendError."""
    found = asyncio.run(_listed(asked, Settings.from_environment(environ)))
    if asked.json:
        print(json.dumps([_as_json(tool) for tool in found], indent=2))
    else:
        for tool in found:
            print(_line(tool))
    return OK


async def _listed(asked: argparse.Namespace, settings: Settings) -> Sequence[ToolDefinition]:
    async with opened(asked, settings) as backend:
        return await backend.definitions()


def _line(tool: ToolDefinition) -> str:
    """A tool server's words come from outside: what a terminal would obey is left out."""
    fields = ", ".join(map(str, tool.parameters.get("properties", {})))
    said = " ".join(tool.description.split())
    return "".join(one if one.isprintable() else "?" for one in f"{tool.name}({fields})  {said}")


def _as_json(tool: ToolDefinition) -> dict[str, object]:
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}
