"""A project folder on disk, and a short way to read a command in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from readiness.config.commands import trace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from readiness.config.commands import Trace


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Trace]:
    """`read("make test", {"Makefile": "…"})`: the trace of a command in a project with these files."""

    def read_in(command: str, files: dict[str, str] | None = None, cwd: str = ".") -> Trace:
        for name, text in (files or {}).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return trace(command, str(tmp_path), cwd, file="readiness.yml", line=7)

    return read_in
