"""What trials may cost, and what the relay says they did."""

from __future__ import annotations

import pytest

from readiness.config.model import Trials
from readiness.relay.call import Tokens
from readiness.run.repetition.budget import Budget, spent_on


def test_only_limits_that_are_given_are_kept():
    assert Budget.of(None).limits == {}
    assert Budget.of(Trials(0.9, 0.8, budget_calls=5, budget_cost=0.5)).limits == {"calls": 5, "cost": 0.5}


@pytest.mark.parametrize(("spent", "said"), [({"calls": 4}, ""), ({"calls": 5}, "its budget of 5 calls is used up"), ({"cost": 9}, "its budget of 0.5 in cost is used up")])  # fmt: skip
def test_what_is_reached_is_said(spent, said):
    assert Budget({"calls": 5, "cost": 0.5}).reached(spent) == said


def test_what_was_spent_is_what_the_relay_counted(call):
    calls = [call(cost=0.25), call(tokens=Tokens(None, 3)), call(generation=False, tokens=Tokens())]
    assert spent_on(calls) == {"calls": 2, "tokens": 12, "cost": 0.25}
    assert spent_on([]) == {"calls": 0, "tokens": 0, "cost": 0.0}
