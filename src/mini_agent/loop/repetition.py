"""Whether a run goes round in circles: the same call, the same arguments, the same result, three times running. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TypeAlias

from mini_agent.conversation import ToolInvocation

RUNNING = 3

Turn: TypeAlias = tuple[ToolInvocation, ...]


def is_loop(turns: Sequence[Turn]) -> bool:
    """True when the last three calls are one call, or the last three replies with calls asked for the same ones.

    Anything else that happens between them, another call or another result, is progress. Turns without calls do not
    count.
    """
    asked = [turn for turn in turns if turn][-RUNNING:]
    keys = [tuple(map(_key, turn)) for turn in asked]
    return _all_one(keys) or _all_one([key for turn in keys for key in turn])


def _all_one(keys: Sequence[object]) -> bool:
    last = keys[-RUNNING:]
    return len(last) == RUNNING and all(key == last[0] for key in last)


def _key(one: ToolInvocation) -> tuple[str, str, bool, str]:
    """Equal for calls that mean the same: the order of names and white space in the arguments say nothing."""
    given = (
        one.call.arguments_text
        if one.arguments is None
        else json.dumps(one.arguments, sort_keys=True, default=repr)
    )
    return one.call.name, given, one.outcome.ok, one.outcome.content
