"""Which limit is spent. Pure: sums and limits in, a stop reason out."""

from __future__ import annotations

from dataclasses import dataclass

from mini_agent.conversation import NOTHING_USED, Reply, Usage
from mini_agent.limits import Limits
from mini_agent.loop.options import RunOptions
from mini_agent.result import StopReason


@dataclass(frozen=True, slots=True)
class Spent:
    """What a run, or its part after escalation, has used. `cost` in US dollars."""

    iterations: int = 0
    tokens: Usage = NOTHING_USED
    cost: float = 0.0
    tool_calls: int = 0

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            self.iterations + other.iterations,
            self.tokens + other.tokens,
            self.cost + other.cost,
            self.tool_calls + other.tool_calls,
        )


def of_reply(reply: Reply) -> Spent:
    return Spent(tokens=reply.usage, cost=reply.cost)


def before_model_call(limits: Limits, spent: Spent) -> StopReason | None:
    """The limit that allows no further call of the model. Wall time is a deadline, not a sum, and not looked at here."""
    if limits.max_tokens_total is not None and spent.tokens.total >= limits.max_tokens_total:
        return StopReason.BUDGET_TOKENS
    if overspent := after_reply(limits, spent):
        return overspent
    return StopReason.MAX_ITERATIONS if spent.iterations >= limits.max_iterations else None


def after_reply(limits: Limits, spent: Spent) -> StopReason | None:
    """The limit that a reply went beyond. A reply that uses up exactly what was left is within it.

    Cost is judged here alone: a model without a price may be called under `max_cost=0`.
    """
    if limits.max_tokens_total is not None and spent.tokens.total > limits.max_tokens_total:
        return StopReason.BUDGET_TOKENS
    if limits.max_cost is not None and spent.cost > limits.max_cost:
        return StopReason.BUDGET_COST
    return None


def reply_tokens(options: RunOptions, spent: Spent) -> int | None:
    """How long the next reply may be: `max_tokens`, or what is left of the budget where that is less.

    Without `max_tokens` the model is told nothing: servers refuse a number that is more than they can write, and only
    the caller knows how much that is. The budget can then be passed by one reply, which `after_reply` judges.
    """
    total = options.limits.max_tokens_total
    if options.max_tokens is None or total is None:
        return options.max_tokens
    return max(1, min(options.max_tokens, total - spent.tokens.total))


def tool_calls_left(limits: Limits, spent: Spent) -> int | None:
    if limits.max_tool_calls is None:
        return None
    return max(0, limits.max_tool_calls - spent.tool_calls)


def sentence(reason: StopReason, limits: Limits, spent: Spent) -> str:
    """One line for a person: the limit, and what was spent of it."""
    match reason:
        case StopReason.MAX_ITERATIONS:
            return f"no answer after {spent.iterations} iterations (max_iterations {limits.max_iterations})"
        case StopReason.BUDGET_SECONDS:
            return f"no answer within {limits.max_total_seconds} s (max_total_seconds)"
        case StopReason.BUDGET_TOKENS:
            return f"{spent.tokens.total} tokens used (max_tokens_total {limits.max_tokens_total})"
        case StopReason.BUDGET_COST:
            return f"{spent.cost:.6f} dollars spent (max_cost {limits.max_cost})"
        case StopReason.BUDGET_TOOL_CALLS:
            return f"more tool calls asked for than max_tool_calls {limits.max_tool_calls} allows"
        case _:
            return ""
