"""OpenTelemetry spans of a run, after the conventions for generative AI.

https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-agent-spans/: `invoke_agent` holds a `chat` for each call of
the model and an `execute_tool` for each tool. No prompt, argument or output is put into a span.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mini_agent.conversation import Reply
from mini_agent.events import Done, Event, Step, ToolCalled, ToolReturned
from mini_agent.result import RunResult

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class Spans:
    """Makes spans and hands them to an exporter. Opened with `open_spans`, which imports OpenTelemetry."""

    def __init__(self, provider: TracerProvider) -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider = provider
        self._tracer = provider.get_tracer("mini_agent")
        self._propagator = TraceContextTextMapPropagator()

    def run(self, headers: Mapping[str, str], model: str, run_id: str) -> RunSpans:
        """The spans of one agent run, below the caller's span where `headers` hold a `traceparent`."""
        context = self._propagator.extract(dict(headers))
        attributes = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": "mini_agent",
            "gen_ai.request.model": model,
            "gen_ai.conversation.id": run_id,
        }
        return RunSpans(
            self, self._tracer.start_span("invoke_agent mini_agent", context, attributes=attributes)
        )

    def chat(self, headers: Mapping[str, str], model: str) -> Span:
        """The span of one request to the OpenAI routes."""
        return self.child(
            self._propagator.extract(dict(headers)), "chat", model, {"gen_ai.request.model": model}
        )

    def child(self, context: Any, operation: str, of: str, attributes: Mapping[str, Any]) -> Span:
        named = {"gen_ai.operation.name": operation, **attributes}
        return self._tracer.start_span(f"{operation} {of}".strip(), context, attributes=named)

    def close(self, seconds: float = 2.0) -> None:
        """Send what is left, for at most so long: a collector that is away must not hold the service's end."""
        ending = threading.Thread(target=self._provider.shutdown, daemon=True)
        ending.start()
        ending.join(seconds)


class RunSpans:
    """Follows one run by its events. Every span is ended, also when the run is cancelled."""

    def __init__(self, spans: Spans, root: Span) -> None:
        from opentelemetry.trace import set_span_in_context

        self._spans = spans
        self._root = root
        self._below = set_span_in_context(root)
        self._chat: Span | None = None
        self._tools: dict[str, Span] = {}

    def heard(self, event: Event) -> None:
        if isinstance(event, Step):
            self._end_chat()
            self._chat = self._spans.child(
                self._below, "chat", event.model, {"gen_ai.request.model": event.model}
            )
        elif isinstance(event, ToolCalled):
            self._end_chat()
            call = event.call
            named = {
                "gen_ai.tool.name": call.name,
                "gen_ai.tool.call.id": call.id,
                "gen_ai.tool.type": "function",
            }
            self._tools[call.id] = self._spans.child(self._below, "execute_tool", call.name, named)
        elif isinstance(event, ToolReturned):
            self._end_tool(event.invocation.call.id, event.invocation.outcome.error)
        elif isinstance(event, Done):
            self._end_chat()

    def _end_chat(self) -> None:
        if self._chat:
            self._chat.end()
        self._chat = None

    def _end_tool(self, call_id: str, error: str) -> None:
        span = self._tools.pop(call_id, None)
        if span:
            if error:
                fail(span, "tool_error")
            span.end()

    def ended(self, result: RunResult | None) -> None:
        """`result` None: the run was cancelled or broke."""
        self._end_chat()
        for call_id in list(self._tools):
            self._end_tool(call_id, "cancelled")
        if result is None:
            fail(self._root, "cancelled")
        else:
            self._tell(result)
        self._root.end()

    def _tell(self, result: RunResult) -> None:
        metrics = result.metrics
        usage(self._root, metrics.used_model, metrics.tokens.prompt, metrics.tokens.completion)
        self._root.set_attribute("mini_agent.stopped_reason", result.stopped_reason.value)
        self._root.set_attribute("mini_agent.iterations", metrics.iterations)
        if not result.ok:
            fail(self._root, result.stopped_reason.value)


def usage(span: Span, model: str, prompt: int, completion: int) -> None:
    span.set_attribute("gen_ai.response.model", model)
    span.set_attribute("gen_ai.usage.input_tokens", prompt)
    span.set_attribute("gen_ai.usage.output_tokens", completion)


def replied(span: Span, reply: Reply) -> None:
    """What a `chat` span says of its answer."""
    usage(span, reply.model, reply.usage.prompt, reply.usage.completion)
    span.set_attribute("gen_ai.response.finish_reasons", [reply.finish_reason])


def fail(span: Span, kind: str) -> None:
    from opentelemetry.trace import Status, StatusCode

    span.set_attribute("error.type", kind)
    span.set_status(Status(StatusCode.ERROR, kind))


def open_spans(environ: Mapping[str, str], version: str = "") -> Spans | None:
    """Spans where an endpoint is configured, else None. Raises ImportError when the extra is not installed."""
    if not any(environ.get(name) for name in ENDPOINTS):
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    name = environ.get("OTEL_SERVICE_NAME") or "mini_agent"
    resource = Resource.create({"service.name": name, "service.version": version})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Spans(provider)
