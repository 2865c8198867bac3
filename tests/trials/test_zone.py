from __future__ import annotations

import math

import pytest

from readiness.config.model import Trials
from readiness.trials.zone import Zone


def test_the_steps_are_those_of_the_likelihood_ratio() -> None:
    zone = Zone(0.95, 0.80, 0.05, 0.10)
    assert zone.pass_step == pytest.approx(math.log(0.95 / 0.80))
    assert zone.fail_step == pytest.approx(math.log(0.05 / 0.20))
    assert zone.ready_at == pytest.approx(math.log(10))
    assert zone.not_ready_at == pytest.approx(-math.log(20))


def test_it_is_made_from_the_configuration() -> None:
    assert Zone.of(Trials(0.9, 0.7, 0.01, 0.1, budget_trials=50)) == Zone(0.9, 0.7, 0.01, 0.1)


def test_many_checks_share_alpha_and_not_beta() -> None:
    shared = Zone(alpha=0.05, beta=0.04).with_checks(20)
    assert (shared.alpha, shared.beta) == (0.0025, 0.04)
    assert Zone().with_checks(1) == Zone()


@pytest.mark.parametrize("checks", [0, -1])
def test_no_checks_have_no_zone(checks: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        Zone().with_checks(checks)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"good": 0.8, "bad": 0.8}, "must be above bad"),
        ({"good": 0.7, "bad": 0.8}, "must be above bad"),
        ({"good": 1.0}, "good must lie between 0 and 1"),
        ({"bad": 0.0}, "bad must lie between 0 and 1"),
        ({"bad": -0.1}, "bad must lie"),
        ({"alpha": 0.5}, "alpha must lie between 1e-12 and 0.5"),
        ({"beta": 0.0}, "beta must lie"),
        ({"good": math.nan}, "good must lie"),
        ({"good": True}, "good must lie"),
        ({"good": "0.9"}, "good must lie"),
        ({"good": 0.5, "bad": 0.49999999999999994}, "too close"),
        ({"good": 0.9, "bad": 0.8999}, "too close: telling them apart would take tens of thousands"),
        ({"alpha": 1e-13}, "alpha must lie between 1e-12 and 0.5"),
    ],
)
def test_nonsense_is_refused(given: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Zone(**given)
