from __future__ import annotations

import pytest

from mini_agent.loop.escalation import BUDGETS, goes_on
from mini_agent.loop.options import RunOptions
from mini_agent.loop.progress import Ending
from mini_agent.result import StopReason


@pytest.mark.parametrize("reason", StopReason)
def test_a_spent_budget_escalates_and_nothing_else_does(reason):
    options = RunOptions("a", escalate_on_budget_exceeded=True, escalate_model="b")
    assert goes_on(options, Ending(reason)) is (reason in BUDGETS)
    assert (reason in BUDGETS) is (reason.value.startswith("budget") or reason is StopReason.MAX_ITERATIONS)


@pytest.mark.parametrize(
    "options", [RunOptions("a", escalate_model="b"), RunOptions("a", escalate_on_budget_exceeded=True)]
)
def test_both_the_switch_and_the_model_are_needed(options):
    assert not goes_on(options, Ending(StopReason.BUDGET_TOKENS))


def test_an_answer_is_not_asked_for_again():
    options = RunOptions("a", escalate_on_budget_exceeded=True, escalate_model="b")
    assert not goes_on(options, Ending(StopReason.BUDGET_TOKENS, "It is 4."))
