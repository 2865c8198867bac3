"""Metrics by themselves; tests/mini_agent/app holds them against a running server."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_agent.conversation import ToolCall, ToolInvocation, ToolOutcome, Usage
from mini_agent.interfaces import ToolBackendError
from mini_agent.observe.metrics import OTHER, KnownNames, Metrics
from mini_agent.observe.observer import About, Observer
from mini_agent.result import Iteration, RunResult, StopReason
from mini_agent.result import Metrics as RunMetrics


@given(st.lists(st.text()))
def test_names_are_bounded(names):
    known = KnownNames(3)
    found = {known.bounded(name) for name in names}
    assert len(found - {OTHER}) <= 3
    assert all(name.isprintable() and len(name) <= 128 for name in found)


def test_a_known_name_stays_known():
    known = KnownNames(1)
    assert [known.bounded(name) for name in ("a", "b", "a", "")] == ["a", OTHER, "a", OTHER]


def test_a_run_is_counted_whole():
    metrics = Metrics()
    invocations = (
        ToolInvocation(ToolCall("1", "add"), {}, ToolOutcome(True, "2", ms=500.0, retries=2)),
        ToolInvocation(ToolCall("2", "add"), None, ToolOutcome(False, "", error="bad")),
    )
    run = RunMetrics(2, 2, 2, Usage(7, 3), 0.25, 1500.0, True, "small", 3)
    iterations = (Iteration("small", 100.0, invocations), Iteration("small", 100.0))
    metrics.run_ended(RunResult("r", StopReason.MAX_ITERATIONS, "", (), run, iterations, "", "echo"))

    def value(name, **labels):
        return metrics.registry.get_sample_value(f"mini_agent_{name}", labels)

    assert value("runs_total", stopped_reason="max_iterations") == 1
    assert value("run_seconds_sum") == 1.5
    assert (value("iterations_total"), value("escalations_total"), value("cost_dollars_total")) == (
        2,
        1,
        0.25,
    )
    assert (value("tool_calls_total", outcome="ok"), value("tool_calls_total", outcome="error")) == (1, 1)
    assert (value("retries_total", to="tool"), value("retries_total", to="model")) == (2, 1)
    assert (value("model_calls_total", model="small"), value("stand_in_answers_total")) == (2, 1)
    assert value("tokens_total", kind="prompt") == 7


def test_two_services_in_one_process_do_not_share_numbers():
    one, other = Metrics(), Metrics()
    one.iterations.inc()
    assert other.registry.get_sample_value("mini_agent_iterations_total") == 0


def test_a_run_without_a_result_counts_as_cancelled():
    observer = Observer()
    with observer.run(About("r", "m", "agent")):
        assert observer.metrics.registry.get_sample_value("mini_agent_runs_in_flight") == 1
    sample = observer.metrics.registry.get_sample_value
    assert sample("mini_agent_runs_in_flight") == 0
    assert sample("mini_agent_runs_total", {"stopped_reason": "cancelled"}) == 1


def test_a_run_whose_tools_cannot_be_used_is_no_cancelled_one():
    observer = Observer()
    with pytest.raises(ToolBackendError), observer.run(About("r", "m", "agent")):
        raise ToolBackendError("the tool server is gone")
    sample = observer.metrics.registry.get_sample_value
    assert sample("mini_agent_runs_broken_total") == 1
    assert sample("mini_agent_runs_total", {"stopped_reason": "cancelled"}) == 0
    assert sample("mini_agent_runs_in_flight") == 0
