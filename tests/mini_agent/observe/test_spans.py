"""Spans after the conventions for generative AI, as an exporter gets them."""

from __future__ import annotations

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from mini_agent.conversation import Reply, ToolCall, ToolInvocation, ToolOutcome, Usage
from mini_agent.events import Delta, Done, Step, ToolCalled, ToolReturned
from mini_agent.interfaces import ModelError
from mini_agent.observe.observer import About, Observer
from mini_agent.observe.spans import Spans, open_spans
from mini_agent.result import Metrics, RunResult, StopReason

trace = pytest.importorskip("opentelemetry.sdk.trace")
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
HEADERS = {"traceparent": f"00-{TRACE_ID}-b7ad6b7169203331-01"}


@pytest.fixture
def exported():
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    provider = trace.TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    spans = Spans(provider)
    yield spans, exporter.get_finished_spans
    spans.close()


def result(reason: StopReason) -> RunResult:
    return RunResult("run_1", reason, "", (), Metrics(2, 2, 1, Usage(7, 3), used_model="small"))


def test_a_run_is_a_tree_of_spans(exported):
    spans, finished = exported
    call = ToolCall("call_1", "add", '{"a": "private"}')
    outcome = ToolOutcome(False, "private", error="broke")
    with Observer(spans=spans).run(About("run_1", "small", "agent", headers=HEADERS)) as watching:
        for event in (
            Step(1, "small"),
            ToolCalled(call),
            ToolReturned(ToolInvocation(call, {}, outcome)),
            Step(2, "small"),
            Delta("private"),
            Done(result(StopReason.SUCCESS)),
        ):
            watching.heard(event)
        watching.result = result(StopReason.SUCCESS)
    first, tool, second, root = finished()
    assert [one.name for one in (first, tool, second, root)] == [
        "chat small",
        "execute_tool add",
        "chat small",
        "invoke_agent mini_agent",
    ]
    assert {one.parent.span_id for one in (first, tool, second)} == {root.context.span_id}
    assert f"{root.context.trace_id:032x}" == TRACE_ID
    assert dict(root.attributes) == {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "mini_agent",
        "gen_ai.request.model": "small",
        "gen_ai.conversation.id": "run_1",
        "gen_ai.response.model": "small",
        "gen_ai.usage.input_tokens": 7,
        "gen_ai.usage.output_tokens": 3,
        "mini_agent.stopped_reason": "success",
        "mini_agent.iterations": 2,
    }
    assert (tool.attributes["gen_ai.tool.name"], tool.attributes["error.type"]) == ("add", "tool_error")
    assert "private" not in "".join(one.to_json() for one in finished())


def test_a_run_that_is_cancelled_ends_all_its_spans(exported):
    spans, finished = exported

    def broken() -> None:
        with Observer(spans=spans).run(About("run_1", "small", "agent")) as watching:
            watching.heard(Step(1, "small"))
            watching.heard(ToolCalled(ToolCall("call_1", "add")))
            raise KeyError

    with pytest.raises(KeyError):
        broken()
    assert [one.name for one in finished()] == ["chat small", "execute_tool add", "invoke_agent mini_agent"]
    assert finished()[-1].attributes["error.type"] == "cancelled"


def test_a_run_without_an_answer_says_why(exported):
    spans, finished = exported
    with Observer(spans=spans).run(About("run_1", "small", "agent")) as watching:
        watching.result = result(StopReason.BUDGET_SECONDS)
    assert finished()[0].attributes["error.type"] == "budget_seconds"


def test_a_chat_is_one_span(exported):
    spans, finished = exported
    with Observer(spans=spans).chat(HEADERS, "small") as replies:
        replies.append(Reply("x", usage=Usage(7, 3), model="small-1"))
    (span,) = finished()
    assert (span.name, span.attributes["gen_ai.response.model"]) == ("chat small", "small-1")
    assert span.attributes["gen_ai.response.finish_reasons"] == ("stop",)
    with pytest.raises(ModelError), Observer(spans=spans).chat({}, "small"):
        raise ModelError("no")
    assert finished()[-1].attributes["error.type"] == "model_error"


def test_without_an_endpoint_nothing_is_opened():
    assert open_spans({}) is None


def test_spans_reach_a_collector(monkeypatch):
    got: list[str] = []

    class Collector(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_POST(self):
            got.append(self.path)
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.end_headers()

    collector = HTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{collector.server_address[1]}"
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
    spans = open_spans({"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}, "1")
    with Observer(spans=spans).chat({}, "small"):
        pass
    spans.close()
    collector.shutdown()
    collector.server_close()
    assert got == ["/v1/traces"]


AWAY = """
import time
from mini_agent.observe.spans import open_spans
spans = open_spans({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"})
spans.chat({}, "small").end()
began = time.monotonic()
spans.close(0.2)
print(time.monotonic() - began)
"""


def test_a_collector_that_is_away_does_not_hold_the_end(monkeypatch):
    """In a process of its own: the exporter goes on trying in the background, with random pauses."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    done = subprocess.run(
        [sys.executable, "-c", AWAY], capture_output=True, text=True, timeout=60, check=True
    )
    assert float(done.stdout) < 1.5
