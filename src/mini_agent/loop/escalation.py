"""Whether a run goes on with the other model. Pure.

Escalation follows from a spent limit alone, never from words in a text: not from a model's error (the client has its
fallbacks for that), nor from going round in circles. It happens once. The other model goes on with the conversation
as it stands, under the same limits counted anew: a run that may escalate may spend each limit twice. An answer that
exists, though its budget was exceeded, is not asked for again.
"""

from __future__ import annotations

from mini_agent.loop.options import RunOptions
from mini_agent.loop.progress import Ending
from mini_agent.result import StopReason

BUDGETS = frozenset(
    {
        StopReason.MAX_ITERATIONS,
        StopReason.BUDGET_SECONDS,
        StopReason.BUDGET_TOKENS,
        StopReason.BUDGET_COST,
        StopReason.BUDGET_TOOL_CALLS,
    }
)


def goes_on(options: RunOptions, ending: Ending) -> bool:
    asked_for = options.escalate_on_budget_exceeded and bool(options.escalate_model)
    return asked_for and ending.reason in BUDGETS and not ending.answer
