"""Tells all three at once: whoever runs something says so here."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mini_agent.conversation import Message, Reply
from mini_agent.events import Event
from mini_agent.interfaces import ModelError
from mini_agent.observe import spans as spanning
from mini_agent.observe.metrics import Metrics
from mini_agent.observe.spans import RunSpans, Spans
from mini_agent.observe.traces import TraceFile, run_line
from mini_agent.result import Metrics as RunMetrics
from mini_agent.result import RunResult, StopReason


@dataclass(frozen=True)
class About:
    """What a run is known by. `request_class` in the service's own words; `headers` those that are forwarded."""

    run_id: str
    model: str
    request_class: str
    messages: tuple[Message, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Watching:
    """One run under way; `result` is set by whoever has it, before the run ends."""

    about: About
    spans: RunSpans | None = None
    result: RunResult | None = None

    def heard(self, event: Event) -> None:
        if self.spans:
            self.spans.heard(event)


@dataclass
class Observer:
    """`traces` and `spans` None: nobody wants them."""

    metrics: Metrics = field(default_factory=Metrics)
    traces: TraceFile | None = None
    spans: Spans | None = None

    @contextlib.contextmanager
    def run(self, about: About) -> Iterator[Watching]:
        """Around one run: it is counted, traced and spanned exactly once, also when it is cancelled or breaks.

        One that breaks because its tools cannot be used stopped for no reason of its own: it is counted apart.
        """
        headers = about.headers
        watching = Watching(about, self.spans.run(headers, about.model, about.run_id) if self.spans else None)
        self.metrics.runs_in_flight.inc()
        broke = False
        try:
            yield watching
        except Exception:
            broke = watching.result is None
            raise
        finally:
            self.metrics.runs_in_flight.dec()
            if watching.spans:
                watching.spans.ended(watching.result)
            if broke:
                self.metrics.broken.inc()
            else:
                self._ended(watching.result or cancelled(about), about)

    def _ended(self, result: RunResult, about: About) -> None:
        self.metrics.run_ended(result)
        if self.traces:
            trace = about.headers.get("x-readiness-trace", "")
            self.traces.write(run_line(result, about.request_class, trace))

    @contextlib.contextmanager
    def chat(self, headers: Mapping[str, str], model: str) -> Iterator[list[Reply]]:
        """Around one chat completion; each reply is put into the list that it yields, as it comes."""
        span = self.spans.chat(headers, model) if self.spans else None
        replies: list[Reply] = []
        outcome = "cancelled"
        try:
            yield replies
            outcome = "ok"
        except Exception as failed:
            outcome = "model_error" if isinstance(failed, ModelError) else "error"
            if span:
                spanning.fail(span, outcome)
            raise
        finally:
            self.metrics.completions.labels(outcome).inc()
            for reply in replies:
                self.metrics.replied(reply)
                if span:
                    spanning.replied(span, reply)
            if span:
                span.end()

    def close(self) -> None:
        if self.spans:
            self.spans.close()


def cancelled(about: About) -> RunResult:
    """The end of a run that was cancelled from outside, for whoever still wants to know."""
    return RunResult(
        about.run_id,
        StopReason.CANCELLED,
        "",
        about.messages,
        RunMetrics(used_model=about.model),
        error="the run was cancelled",
    )
