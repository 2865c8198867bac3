"""Repair, the order of parallel calls, escalation, and the blank reply: the loop's rows against the running service."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest


def calls(*arguments: object, name: str = "echo") -> dict[str, Any]:
    return {"tool_calls": [{"name": name, "arguments": one} for one in arguments]}


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (calls("{not json"), "JSON"),
        (calls({"wait": 1}), "text"),
        (calls({"text": "x"}, name="rm_rf"), "echo"),
    ],
    ids=["no JSON", "not the schema", "no such tool"],
)
def test_a_broken_call_gets_a_message_that_says_why_and_the_model_repairs_it(
    run: Callable[..., dict[str, Any]], tools: Any, broken: dict[str, Any], said: str
) -> None:
    envelope = run([broken, calls({"text": "y"}), "done"], tool_backend="http", tool_http_base_url=tools.base)
    assert (envelope["ok"], envelope["metrics"]["iterations"]) == (True, 3)
    first = next(one["content"] for one in envelope["messages"] if one["role"] == "tool")
    assert said in first
    assert [one["arguments"]["text"] for one in tools.bodies()] == ["y"]


def test_without_repair_a_broken_call_is_no_success(run: Callable[..., dict[str, Any]], tools: Any) -> None:
    fields = {"tool_backend": "http", "tool_http_base_url": tools.base, "enable_repair": False}
    envelope = run([calls("{not json"), "done"], **fields)
    assert envelope["ok"] is False
    assert tools.bodies() == []


def test_parallel_calls_are_answered_in_order_and_really_run_at_once(
    run: Callable[..., dict[str, Any]], tools: Any
) -> None:
    asked = calls(*({"text": str(n), "wait": 0.4 - n / 10} for n in range(4)))
    fields = {"tool_backend": "http", "tool_http_base_url": tools.base, "tool_concurrency": 4}
    envelope = run([asked, "done"], **fields)
    results = [json.loads(one["content"])["echoed"] for one in envelope["messages"] if one["role"] == "tool"]
    assert results == ["0", "1", "2", "3"]
    assert envelope["metrics"]["total_ms"] < 900


def test_each_call_has_its_message_also_beyond_the_cap(
    run: Callable[..., dict[str, Any]], tools: Any
) -> None:
    asked = calls(*({"text": str(n)} for n in range(6)))
    fields = {"tool_backend": "http", "tool_http_base_url": tools.base, "max_tools_per_iter": 2}
    envelope = run([asked, "done"], **fields)
    sent = [one["id"] for one in envelope["messages"][2]["tool_calls"]]
    assert [one["tool_call_id"] for one in envelope["messages"] if one["role"] == "tool"] == sent
    assert len(tools.bodies()) == 2


def test_the_same_call_with_the_same_result_three_times_running_is_a_loop(
    run: Callable[..., dict[str, Any]], tools: Any
) -> None:
    fields = {"tool_backend": "http", "tool_http_base_url": tools.base, "max_iterations": 9}
    envelope = run([calls({"text": "again"})], **fields)
    assert (envelope["ok"], envelope["stopped_reason"]) == (False, "loop_detected")
    assert len(tools.bodies()) == 3


def test_a_blank_reply_is_counted_and_is_no_answer(run: Callable[..., dict[str, Any]]) -> None:
    envelope = run(["", "Paris."])
    assert (envelope["final_answer"], envelope["metrics"]["iterations"]) == ("Paris.", 2)
    assert run([""])["stopped_reason"] == "max_iterations"


BUDGETS = {
    "iterations": {"max_iterations": 1},
    "tokens": {"max_tokens_total": 15},
    "none spent": {"max_iterations": 3},
}


@pytest.mark.parametrize("allowed", [True, False], ids=["escalation", "no escalation"])
@pytest.mark.parametrize("budget", BUDGETS, ids=list(BUDGETS))
def test_escalation_happens_when_a_budget_says_so_and_is_allowed(
    run: Callable[..., dict[str, Any]], tools: Any, budget: str, allowed: bool
) -> None:
    replies = {
        "scripted": [calls({"text": "x"}), "I cannot, please escalate."],
        "scripted-large": ["The answer of the large one."],
    }
    fields = {"tool_backend": "http", "tool_http_base_url": tools.base, **BUDGETS[budget]}
    fields |= {"escalate_on_budget_exceeded": allowed, "escalate_model": "scripted-large"}
    envelope = run(replies, **fields)
    expected = allowed and budget != "none spent"
    assert envelope["metrics"]["escalated"] is expected
    assert envelope["metrics"]["used_model"] == ("scripted-large" if expected else "scripted")
    assert envelope["ok"] is (expected or budget == "none spent")


def test_code_of_a_language_runs_in_that_language_or_not_at_all(run: Callable[..., dict[str, Any]]) -> None:
    fields = {"tool_backend": "local", "auto_run_code_on_code_block": True}
    envelope = run(["```python\nprint(6 * 7)\n```", "It is 42."], **fields)
    assert envelope["ok"], envelope
    assert "42" in next(one["content"] for one in envelope["messages"] if one["role"] == "tool")
    envelope = run(["```c\nint main() { return 0; }\n```", "Fine."], **fields)
    said = " ".join(str(one["content"]) for one in envelope["messages"] if one["role"] != "assistant")
    assert "not supported" in said
