"""Whether a run goes round in circles: the same call, the same arguments, the same result, three times running. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TypeAlias

from mini_agent.conversation import ToolInvocation

RUNNING = 3

Turn: TypeAlias = tuple[ToolInvocation, ...]


def is_loop(turns: Sequence[Turn]) -> bool:
    """True when the last three replies with calls asked for the same calls and got the same results.

    The same call several times in one reply is one asking: the model has not seen a result in between. Another call
    or another result is progress. Replies without calls do not count.
    """
    last = [frozenset(map(_key, turn)) for turn in turns if turn][-RUNNING:]
    return len(last) == RUNNING and len(set(last)) == 1


def _key(one: ToolInvocation) -> tuple[str, str, bool, str]:
    """Equal for calls that mean the same: the order of names and white space in the arguments say nothing."""
    given = (
        one.call.arguments_text
        if one.arguments is None
        else json.dumps(one.arguments, sort_keys=True, default=repr)
    )
    return one.call.name, given, one.outcome.ok, one.outcome.content
