"""A run as JSON: the envelope of `POST /agent/run`, and the events of its stream."""

from __future__ import annotations

from typing import Any

from mini_agent.conversation import ToolInvocation
from mini_agent.events import Delta, Done, Event, Step, ToolCalled, ToolReturned
from mini_agent.result import Iteration, Metrics, RunResult


def envelope(result: RunResult) -> dict[str, Any]:
    """`ok` is false when the run did not reach an answer; `error` then says why in one line."""
    last = result.last_tool_invocation
    body = {
        "ok": result.ok,
        "run_id": result.run_id,
        "final_answer": result.final_answer,
        "stopped_reason": result.stopped_reason.value,
        "error": result.error,
        "messages": list(result.messages),
        "metrics": metrics_json(result.metrics),
        "iterations": [iteration_json(one) for one in result.iterations],
        "last_tool_invocation": invocation_json(last) if last else None,
    }
    if result.stand_in:
        body["stand_in"] = result.stand_in
    return body


def metrics_json(metrics: Metrics) -> dict[str, Any]:
    return {
        "iterations": metrics.iterations,
        "model_calls": metrics.model_calls,
        "tool_calls": metrics.tool_calls,
        "tokens": {"prompt": metrics.tokens.prompt, "completion": metrics.tokens.completion},
        "cost": metrics.cost,
        "total_ms": round(metrics.total_ms, 3),
        "escalated": metrics.escalated,
        "used_model": metrics.used_model,
        "retries": metrics.retries,
    }


def iteration_json(iteration: Iteration) -> dict[str, Any]:
    return {
        "model": iteration.model,
        "model_ms": round(iteration.model_ms, 3),
        "finish_reason": iteration.finish_reason,
        "tool_invocations": [invocation_json(one) for one in iteration.tool_invocations],
    }


def invocation_json(invocation: ToolInvocation) -> dict[str, Any]:
    """`arguments_text` is what the model wrote, `arguments` what it came to, null when it came to nothing."""
    call, outcome = invocation.call, invocation.outcome
    return {
        "id": call.id,
        "name": call.name,
        "arguments_text": call.arguments_text,
        "arguments": None if invocation.arguments is None else dict(invocation.arguments),
        "ok": outcome.ok,
        "rc": outcome.rc,
        "content": outcome.content,
        "stdout": outcome.stdout,
        "stderr": outcome.stderr,
        "error": outcome.error,
        "ms": round(outcome.ms, 3),
    }


def event_json(event: Event) -> tuple[str, dict[str, Any]]:
    """The event's name on the stream, and its data."""
    if isinstance(event, Step):
        return "step", {"number": event.number, "model": event.model}
    if isinstance(event, Delta):
        return "delta", {"text": event.text}
    if isinstance(event, ToolCalled):
        call = event.call
        return "tool_call", {"id": call.id, "name": call.name, "arguments_text": call.arguments_text}
    if isinstance(event, ToolReturned):
        return "tool_result", invocation_json(event.invocation)
    assert isinstance(event, Done)
    return "done", envelope(event.result)
