"""docs/agent.md names everything that an operator can set, see and get."""

from __future__ import annotations

from pathlib import Path

import pytest

from mini_agent.app.openapi.document import _ERRORS, document
from mini_agent.app.service import Service
from mini_agent.cli import exit_codes
from mini_agent.cli.main import COMMANDS
from mini_agent.observe.metrics import Metrics
from mini_agent.settings import _LIMITS

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "agent.md").read_text()


@pytest.mark.parametrize("variable", sorted(_LIMITS))
def test_every_limit(variable):
    assert f"`{variable}`" in TEXT


def test_every_metric():
    named = {family.name.removeprefix("mini_agent_") for family in Metrics().registry.collect()}
    assert [name for name in sorted(named) if name not in TEXT] == []


def test_every_command_and_exit_code():
    for command in COMMANDS:
        assert f"`mini-agent {command}" in TEXT
    for code in (exit_codes.OK, exit_codes.NO_ANSWER, exit_codes.USAGE, exit_codes.UNUSABLE):
        assert f"| {code} |" in TEXT
    assert f"| {exit_codes.INTERRUPTED}, {exit_codes.TERMINATED} |" in TEXT


def test_every_path_field_and_status():
    described = document(Service(None, None))  # type: ignore[arg-type]
    for path in described["paths"]:
        assert path in TEXT
    for field in described["components"]["schemas"]["AgentRun"]["properties"]:
        assert f"`{field}`" in TEXT or f'"{field}"' in TEXT
    for status in _ERRORS:
        assert str(status) in TEXT or status in (405, 500)
