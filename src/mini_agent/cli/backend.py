"""The tools that a command works with, chosen by its options."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import AsyncIterator

from mini_agent.interfaces import ToolBackend
from mini_agent.settings import Settings


def declare_backend(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--tools", choices=("local", "http", "mcp", "none"), default="local", help="default local"
    )
    parser.add_argument("--url", default="", help="of the tool server, with --tools http")
    parser.add_argument("--mcp-server", default="", help="its name, command or URL, with --tools mcp")


@contextlib.asynccontextmanager
async def opened(asked: argparse.Namespace, settings: Settings) -> AsyncIterator[ToolBackend]:
    """The backend, closed at the end. Raises ValueError, ToolBackendError."""
    from mini_agent.tools.backends import open_backend

    backend = open_backend(
        asked.tools, settings.tools, tool_http_base_url=asked.url, mcp_server=asked.mcp_server
    )
    try:
        yield backend
    finally:
        await backend.aclose()
