"""The service's numbers, in a registry of their own, as Prometheus reads them.

No label takes its values from a request as they come: routes, reasons and outcomes are the service's own words, and
model names are only those that a server answered under, at most MOST_MODELS of them.
"""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from mini_agent.conversation import Reply, ToolInvocation
from mini_agent.result import RunResult, StopReason

MOST_MODELS: Final = 32
OTHER: Final = "other"
CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
_RUN_SECONDS: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_CALL_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class KnownNames:
    """The first so many names, each at most 128 characters; any further one is `other`."""

    def __init__(self, most: int = MOST_MODELS) -> None:
        self._most = most
        self._names: set[str] = set()

    def bounded(self, name: str) -> str:
        if name in self._names:
            return name
        if not name or len(name) > 128 or not name.isprintable() or len(self._names) >= self._most:
            return OTHER
        self._names.add(name)
        return name


class Metrics:
    """Counts are made once, when what they count is over; gauges say what is under way."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._models = KnownNames()
        self._answered: dict[tuple[str, int], Counter] = {}
        self._runs()
        self._models_and_tools()
        self._requests()

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"mini_agent_{name}", what, labels, registry=self.registry)

    def _gauge(self, name: str, what: str) -> Gauge:
        return Gauge(f"mini_agent_{name}", what, registry=self.registry)

    def _histogram(self, name: str, what: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"mini_agent_{name}", what, labels, registry=self.registry, buckets=buckets)

    def _runs(self) -> None:
        self.runs = self._counter("runs", "Agent runs that ended, by why they stopped.", "stopped_reason")
        for reason in StopReason:
            self.runs.labels(reason.value)
        self.broken = self._counter(
            "runs_broken", "Agent runs that ended without a result: their tools could not be used."
        )
        self.run_seconds = self._histogram("run_seconds", "Wall time of an agent run.", _RUN_SECONDS)
        self.runs_in_flight = self._gauge("runs_in_flight", "Agent runs under way.")
        self.iterations = self._counter("iterations", "Iterations of all runs.")
        self.escalations = self._counter("escalations", "Runs that went on with the escalation model.")

    def _models_and_tools(self) -> None:
        self.model_calls = self._counter("model_calls", "Answers of models.", "model")
        self.model_seconds = self._histogram("model_seconds", "Wall time of a model call.", _CALL_SECONDS)
        self.tokens = self._counter("tokens", "Tokens as the model's server counted them.", "kind")
        self._prompt, self._completion = self.tokens.labels("prompt"), self.tokens.labels("completion")
        self.cost = self._counter("cost_dollars", "Cost of all model calls whose price is known.")
        self.tool_calls = self._counter("tool_calls", "Tool calls.", "outcome")
        for outcome in ("ok", "error"):
            self.tool_calls.labels(outcome)
        self.tool_seconds = self._histogram("tool_seconds", "Wall time of a tool call.", _CALL_SECONDS)
        self.retries = self._counter("retries", "Requests sent again.", "to")
        self._model_retries, self._tool_retries = self.retries.labels("model"), self.retries.labels("tool")
        self.stand_ins = self._counter(
            "stand_in_answers", "Answers that came from a stand-in, not from a model."
        )

    def _requests(self) -> None:
        self.completions = self._counter(
            "chat_completions", "Chat completion requests, by outcome.", "outcome"
        )
        self.requests = self._counter("http_requests", "Answered requests.", "route", "status")
        self.rejected = self._counter("rejected_requests", "Requests refused before any work.", "code")
        self.disconnects = self._counter("client_disconnects", "Clients that left before their answer.")
        self.waiting = self._gauge("requests_waiting", "Requests waiting for a place.")

    def run_ended(self, result: RunResult) -> None:
        """Count a run that came to an end, of whatever kind."""
        metrics = result.metrics
        self.runs.labels(result.stopped_reason.value).inc()
        self.run_seconds.observe(metrics.total_ms / 1000)
        self.iterations.inc(metrics.iterations)
        if metrics.escalated:
            self.escalations.inc()
        self._count_model(
            metrics.used_model, metrics.model_calls, metrics.tokens.prompt, metrics.tokens.completion
        )
        self.cost.inc(metrics.cost)
        self._count_tools(result, metrics.retries)
        if result.stand_in:
            self.stand_ins.inc()

    def answered(self, route: str, status: int) -> None:
        """Count an answered request. `route` is one of the service's own paths, or `other`."""
        counter = self._answered.get((route, status))
        if not counter:
            counter = self._answered[route, status] = self.requests.labels(route, str(status))
        counter.inc()

    def _count_tools(self, result: RunResult, retries: int) -> None:
        tool_retries = 0
        for iteration in result.iterations:
            self.model_seconds.observe(iteration.model_ms / 1000)
            for invocation in iteration.tool_invocations:
                self._count_tool(invocation)
                tool_retries += invocation.outcome.retries
        self._tool_retries.inc(tool_retries)
        self._model_retries.inc(max(0, retries - tool_retries))

    def _count_tool(self, invocation: ToolInvocation) -> None:
        self.tool_calls.labels("ok" if invocation.outcome.ok else "error").inc()
        self.tool_seconds.observe(invocation.outcome.ms / 1000)

    def _count_model(self, model: str, calls: int, prompt: int, completion: int) -> None:
        if calls:
            self.model_calls.labels(self._models.bounded(model)).inc(calls)
        self._prompt.inc(prompt)
        self._completion.inc(completion)

    def replied(self, reply: Reply) -> None:
        """Count one answer of the OpenAI routes."""
        self._count_model(reply.model, 1, reply.usage.prompt, reply.usage.completion)
        self.model_seconds.observe(reply.ms / 1000)
        self.cost.inc(reply.cost)
        self._model_retries.inc(reply.retries)
        if reply.stand_in:
            self.stand_ins.inc()

    def text(self) -> bytes:
        """The exposition format, version 0.0.4."""
        return generate_latest(self.registry)
