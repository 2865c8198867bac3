"""Values that the gate's tests are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from readiness.config.model import Check, Config, Gate, Place
from readiness.record.outcome import Outcome
from readiness.record.result import CheckResult

HERE = Place("readiness.yml", 1, 1)


@pytest.fixture
def make_check() -> Callable[..., Check]:
    def make(name: str = "unit", lane: str = "core", **more: Any) -> Check:
        return Check(name=name, lane=lane, run=more.pop("run", "pytest"), place=HERE, run_place=HERE, **more)

    return make


@pytest.fixture
def make_config() -> Callable[..., Config]:
    def make(*checks: Check, gates: tuple[Gate, ...] | None = None) -> Config:
        usual = (
            Gate("dev", ("core",), False, HERE),
            Gate("deploy", ("core", "nd"), True, HERE),
            Gate("release", ("core", "nd", "live"), True, HERE),
        )
        return Config("readiness.yml", 2, "0" * 64, gates or usual, (), checks)

    return make


@pytest.fixture
def make_result() -> Callable[..., CheckResult]:
    def make(name: str = "unit", outcome: Outcome = Outcome.PASSED, **more: Any) -> CheckResult:
        facts: dict[str, Any] = {"lane": "core", "required": True, "reason": "because"} | more
        return CheckResult(name=name, outcome=outcome, **facts)

    return make
