"""Checks that are there twice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from readiness.config.lint import lint
from readiness.config.load import parse_config

if TYPE_CHECKING:
    from collections.abc import Callable

    from readiness.record.result import LintFinding

    Look = Callable[..., list[LintFinding]]

TWO = "version: 2\nchecks:\n- {name: a, lane: core, run: %s}\n- {name: b, lane: core, run: %s}\n"


def test_a_name_that_two_checks_have(tmp_path: object) -> None:
    config = parse_config(TWO % ("x", "y"), "readiness.yml")
    first, second = config.checks
    twice = replace(config, checks=(first, replace(second, name="a")))
    found = [one for one in lint(twice, str(tmp_path), deep=False) if one.rule == "duplicate-name"]
    assert [(one.where, one.severity) for one in found] == [("readiness.yml:4", "error")]
    assert "readiness.yml:3" in found[0].message
    assert not [one for one in lint(config, str(tmp_path), deep=False) if one.rule == "duplicate-name"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("make t", "make  t"),
        ("pytest tests", "python -m pytest -q tests/"),
        ("pytest tests", "'. .venv/bin/activate && pytest tests'"),
        ("A=1 pytest tests", "'A=1 python3 -m pytest ./tests'"),
    ],
)
def test_one_command_under_two_names(look: Look, one: str, other: str) -> None:
    (finding,) = look("duplicate-command", TWO % (one, other))
    assert finding.where == "readiness.yml:4"
    assert finding.severity == "warning"
    assert "`b` runs the same command as `a` (readiness.yml:3)" in finding.message


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("make t", "make u"),
        ("pytest tests", "pytest tests -m nd"),
        ("A=1 pytest tests", "A=2 pytest tests"),
        ("pytest tests", "pytest tests -W error"),
    ],
)
def test_commands_that_only_look_alike(look: Look, one: str, other: str) -> None:
    assert look("duplicate-command", TWO % (one, other)) == []


@pytest.mark.parametrize("key", ["env: {A: 1}", "cwd: sub", "python: other/bin/python", "lane: nd"])
def test_what_sets_two_runs_apart(look: Look, key: str) -> None:
    text = f"version: 2\nchecks:\n- {{name: a, lane: core, run: x}}\n- {{name: b, run: x, {key}{', lane: core' * ('lane' not in key)}}}\n"
    assert look("duplicate-command", text) == []


def test_a_variable_counts_the_same_before_the_command_and_under_env(look: Look) -> None:
    text = "version: 2\nchecks:\n- {name: a, lane: core, run: A=1 x}\n- {name: b, lane: core, run: x, env: {A: 1}}\n"
    assert len(look("duplicate-command", text)) == 1
