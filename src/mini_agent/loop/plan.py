"""Which calls of one reply can be made, and what answers the others. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mini_agent.conversation import ToolCall, ToolDefinition, ToolOutcome
from mini_agent.loop import arguments, code_blocks

SHOWN_NAMES = 50


@dataclass(frozen=True, slots=True)
class Planned:
    """A call that is to be made, or, with `refusal`, its answer. `fault`: the model wrote a call that cannot be made.

    `over_budget`: it could be made, were `max_tool_calls` not spent.
    """

    call: ToolCall
    arguments: Mapping[str, Any] | None = None
    refusal: ToolOutcome | None = None
    fault: bool = False
    over_budget: bool = False


def plan(
    calls: Sequence[ToolCall], tools: Mapping[str, ToolDefinition], most: int, left: int | None
) -> tuple[Planned, ...]:
    """`most` calls of one reply are looked at (`max_tools_per_iter`); `left` is what `max_tool_calls` still allows."""
    planned = [
        _one(call, tools)
        if place < most
        else _refused(call, f"at most {most} tool calls in one reply are run")
        for place, call in enumerate(calls)
    ]
    return tuple(planned) if left is None else tuple(_within(planned, left))


def none_run(planned: Sequence[Planned], why: str) -> tuple[Planned, ...]:
    """The same calls, with those that would have been made refused."""
    return tuple(one if one.refusal else _refused(one.call, why, one.arguments) for one in planned)


def first_fault(planned: Sequence[Planned]) -> str:
    """What is wrong with the first call that cannot be made; empty when all can."""
    return next((one.refusal.error for one in planned if one.fault and one.refusal), "")


def _within(planned: Sequence[Planned], left: int) -> list[Planned]:
    kept: list[Planned] = []
    for one in planned:
        if one.refusal is None and left < 1:
            one = _refused(
                one.call, "the run's budget of tool calls is spent", one.arguments, over_budget=True
            )
        left -= one.refusal is None
        kept.append(one)
    return kept


def _one(call: ToolCall, tools: Mapping[str, ToolDefinition]) -> Planned:
    tool = tools.get(call.name)
    if tool is None:
        return _unknown(call, tools)
    found = arguments.read(call.arguments_text, tool)
    if isinstance(found, arguments.Unfit):
        return Planned(call, refusal=ToolOutcome(False, found.message, error=found.error), fault=True)
    return Planned(call, found)


def _unknown(call: ToolCall, tools: Mapping[str, ToolDefinition]) -> Planned:
    if call.name == code_blocks.UNSUPPORTED:
        said = code_blocks.refusal(call.arguments_text)
        return Planned(call, refusal=ToolOutcome(False, said, error=said))
    names = sorted(tools)
    shown = ", ".join(names[:SHOWN_NAMES]) + (
        f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
    )
    said = f"there is no tool {call.name[:100]!r}"
    known = f"the tools are: {shown}" if names else "there are no tools"
    return Planned(call, refusal=ToolOutcome(False, f"not run: {said}; {known}", error=said), fault=True)


def _refused(
    call: ToolCall, why: str, given: Mapping[str, Any] | None = None, over_budget: bool = False
) -> Planned:
    return Planned(
        call, given, ToolOutcome(False, f"not run: {why}", error=f"not run: {why}"), over_budget=over_budget
    )
