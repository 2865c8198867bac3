"""Calls, trials and checks as the pure parts of repetition take them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from readiness.config.model import Check, Place, Trials
from readiness.record.trials import Trial
from readiness.relay.call import Call, Tokens
from readiness.run.repetition.classify import Told

HERE = Place("readiness.yml", 1, 1)


@pytest.fixture
def call() -> Callable[..., Call]:
    """A good, counted call of trial 1; change what matters."""

    def make(at: float = 1000.0, **changes: object) -> Call:
        when = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
        facts = {
            "trial": 1,
            "counted": True,
            "generation": True,
            "status": 200,
            "seed": 5,
            "temperature": 0.7,
        }
        facts |= {
            "request_key": "r",
            "response_key": "a",
            "prompt_key": "p",
            "model": "m",
            "tokens": Tokens(7, 2),
        }
        if changes.get("error"):
            facts |= {"counted": False, "status": 503}
        return Call(when, "ask", "nd", "token", upstream="u", kind="ollama", method="POST", path="/api/chat", **(facts | changes))  # type: ignore[arg-type] # fmt: skip

    return make


@pytest.fixture
def told() -> Callable[..., Told]:
    def make(outcome: str = "passed", **changes: object) -> Told:
        facts = {
            "test": "t",
            "number": 1,
            "seed": 6,
            "began": 999.0,
            "ended": 1001.0,
            "message": "",
            **changes,
        }
        return Told(outcome=outcome, **facts)  # type: ignore[arg-type]

    return make


@pytest.fixture
def trial() -> Callable[..., Trial]:
    """A trial of its own kind: nothing it asked is like any other."""

    def make(number: int, kind: str = "passed", test: str = "t", **changes: object) -> Trial:
        facts = {
            "seed": number,
            "calls": 1,
            "signature": f"s{number}",
            "prompt": "p",
            "model": "m",
            "sampling": "s",
        }
        return Trial(test, number, kind=kind, **(facts | changes))  # type: ignore[arg-type]

    return make


@pytest.fixture
def check() -> Callable[..., Check]:
    """An nd check with trials; the arguments are its budget."""

    def make(*, judged: bool = True, **budget: object) -> Check:
        limits = {f"budget_{part}": limit for part, limit in budget.items()}
        zone = Trials(0.95, 0.8, **limits) if judged else None  # type: ignore[arg-type]
        return Check("ask", "nd", "pytest", HERE, HERE, trials=zone)

    return make
