"""A history that is cut short keeps what belongs together."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

prune = pytest.importorskip("mini_agent.history.prune", reason="the agent is not installed")


def pair(number: int, size: int = 200) -> list[dict[str, Any]]:
    call = {"id": f"c{number}", "type": "function", "function": {"name": "look", "arguments": "x" * size}}
    return [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": f"c{number}", "content": "y" * size},
    ]


def test_system_messages_and_the_last_pair_stay_and_nobody_is_orphaned() -> None:
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Go."},
    ]
    for number in range(6):
        messages += pair(number)
    kept = list(prune.prune(messages, 900))
    assert kept[0] == messages[0]
    assert kept[-2:] == messages[-2:]
    called = {call["id"] for one in kept for call in one.get("tool_calls") or ()}
    answered = {one["tool_call_id"] for one in kept if one["role"] == "tool"}
    assert called == answered
    assert len(called) < 6


def test_a_long_history_reaches_the_model_pruned_and_comes_back_whole(
    run: Callable[..., dict[str, Any]],
) -> None:
    def asked(characters: int | None) -> tuple[list[Any], int]:
        envelope = run(["{seen}"], history=turns, max_history_characters=characters)
        return json.loads(envelope["final_answer"]), len(envelope["messages"])

    turns = [one for number in range(9) for one in pair(number)]
    whole, returned = asked(None)
    pruned, returned_pruned = asked(2500)
    assert len(whole) == 1 + len(turns)
    assert 3 <= len(pruned) < len(whole)
    assert returned == returned_pruned
