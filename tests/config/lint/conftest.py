"""A project on disk with a configuration, and what the lint says of it."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from readiness.config.lint import lint
from readiness.config.load import parse_config

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from readiness.record.result import LintFinding

    Look = Callable[..., list[LintFinding]]


@pytest.fixture
def project(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Write files into the project's folder; its path is returned."""

    def write(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text))
        return tmp_path

    return write


@pytest.fixture
def look(project: Callable[[dict[str, str]], Path]) -> Look:
    """`look(rule, configuration, files)`: the findings of one rule, from a configuration in full."""

    def find(
        rule: str, text: str, files: dict[str, str] | None = None, expected: tuple[str, ...] = ()
    ) -> list[LintFinding]:
        root = project(files or {})
        config = parse_config(dedent(text), "readiness.yml")
        return [one for one in lint(config, str(root), expected, deep=False) if one.rule == rule]

    return find


@pytest.fixture
def look_at_run(look: Look) -> Look:
    """`look_at_run(rule, command, files)`: the findings of one rule for a single core check of that command."""

    def find(
        rule: str, command: str, files: dict[str, str] | None = None, **keys: object
    ) -> list[LintFinding]:
        lines = "".join(f"\n    {key}: {value}" for key, value in {"lane": "core", **keys}.items())
        block = "".join(f"\n      {line}" for line in command.splitlines())
        return look(rule, f"version: 2\nchecks:\n  - name: it{lines}\n    run: |{block}\n", files)

    return find
