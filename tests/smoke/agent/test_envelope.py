"""What a run gives back, and what it says when it did not reach an answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

FIELDS = {
    "ok",
    "run_id",
    "final_answer",
    "stopped_reason",
    "messages",
    "metrics",
    "iterations",
    "last_tool_invocation",
}
METRICS = {"iterations", "model_calls", "tool_calls", "tokens", "cost", "total_ms", "escalated", "used_model"}
CALL = {"tool_calls": [{"name": "echo", "arguments": {"text": "hello"}}]}


def test_an_answer(run: Callable[..., dict[str, Any]]) -> None:
    envelope = run(["Paris."])
    assert set(envelope) >= FIELDS
    assert set(envelope["metrics"]) >= METRICS
    assert (envelope["ok"], envelope["stopped_reason"], envelope["final_answer"]) == (
        True,
        "success",
        "Paris.",
    )
    assert envelope["metrics"]["tokens"] == {"prompt": 10, "completion": 5}
    assert envelope["last_tool_invocation"] is None
    assert envelope["iterations"][0]["finish_reason"] == "stop"


def test_a_tool_call_and_its_result_stand_in_the_envelope(
    run: Callable[..., dict[str, Any]], tools: Any
) -> None:
    envelope = run([CALL, "It said hello."], tool_backend="http", tool_http_base_url=tools.base)
    assert (envelope["ok"], envelope["final_answer"]) == (True, "It said hello.")
    (invocation,) = envelope["iterations"][0]["tool_invocations"]
    assert (invocation["name"], invocation["ok"]) == ("echo", True)
    assert envelope["last_tool_invocation"] == invocation
    assert [one["role"] for one in envelope["messages"]] == [
        "system",
        "user",
        "assistant",
        "tool",
        "assistant",
    ]


def test_a_run_that_reached_no_answer_is_not_ok(run: Callable[..., dict[str, Any]], tools: Any) -> None:
    replies = [{"tool_calls": [{"name": "echo", "arguments": {"text": str(n)}}]} for n in range(9)]
    envelope = run(replies, tool_backend="http", tool_http_base_url=tools.base, max_iterations=2)
    assert (envelope["ok"], envelope["stopped_reason"]) == (False, "max_iterations")
    assert envelope["metrics"]["iterations"] == len(envelope["iterations"]) == 2


def test_a_model_that_fails_is_said_to_have_failed(run: Callable[..., dict[str, Any]]) -> None:
    envelope = run([{"status": 400}])
    assert (envelope["ok"], envelope["stopped_reason"], envelope["final_answer"]) == (
        False,
        "model_error",
        "",
    )


def test_the_wall_clock_interrupts_a_model_that_hangs(run: Callable[..., dict[str, Any]]) -> None:
    envelope = run([{"sleep": 5, "content": "late"}], max_total_seconds=0.3)
    assert envelope["stopped_reason"] == "budget_seconds"
    assert 300 <= envelope["metrics"]["total_ms"] <= 550
