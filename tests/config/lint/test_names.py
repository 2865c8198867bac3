"""Names that mean nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from readiness.record.result import LintFinding

    Look = Callable[..., list[LintFinding]]

TEXT = """\
version: 2
services:
  base: {run: x, ready: "tcp://localhost:1"}
  model: {run: x, ready: "tcp://localhost:2", needs: [base]}
  lonely: {run: x, ready: "tcp://localhost:3", needs: [model]}
checks:
  - {name: all_smokes_core, lane: core, run: pytest, services: [model]}
"""


def test_an_expected_name_that_no_check_has(look: Look) -> None:
    (one,) = look("unknown-expected", TEXT, expected=("all_smokes_core", "all_smoke_core", "all_smoke_core"))
    assert (one.where, one.severity) == ("readiness.yml:1", "error")
    assert "`all_smoke_core` is expected" in one.message
    assert one.advice == "did you mean all_smokes_core?"


def test_names_are_compared_exactly(look: Look) -> None:
    assert len(look("unknown-expected", TEXT, expected=("All_Smokes_Core",))) == 1
    assert look("unknown-expected", TEXT, expected=("all_smokes_core",)) == []


def test_a_service_that_nothing_needs(look: Look) -> None:
    (one,) = look("unused-service", TEXT)
    assert (one.where.rpartition(":")[0], one.severity) == ("readiness.yml", "warning")
    assert "`lonely`" in one.message


def test_a_service_that_another_needs_is_used(look: Look) -> None:
    assert look("unused-service", TEXT.replace("services: [model]", "services: [lonely]")) == []
