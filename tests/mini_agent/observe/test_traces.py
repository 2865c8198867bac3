"""Traces: one whole line a run, nothing of what was said, safe with several writers."""

from __future__ import annotations

import json
import logging
import os
import stat
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_agent.conversation import ToolCall, ToolInvocation, ToolOutcome, Usage
from mini_agent.observe.traces import TraceFile, run_line, shape
from mini_agent.result import Iteration, Metrics, RunResult, StopReason

SECRET = "s3cret-phrase"


def result() -> RunResult:
    call = ToolCall("call_1", "run_python", json.dumps({"code": SECRET}))
    outcome = ToolOutcome(False, SECRET, rc=1, stdout=SECRET, stderr=SECRET, error=SECRET, ms=3.5)
    iteration = Iteration("small", 12.5, (ToolInvocation(call, {"code": SECRET, "n": [1, 2]}, outcome),))
    metrics = Metrics(1, 1, 1, Usage(7, 3), 0.5, 20.0, False, "small")
    messages = ({"role": "user", "content": SECRET}, {"role": "assistant", "content": [{"text": SECRET}]})
    return RunResult("run_1", StopReason.SUCCESS, SECRET, messages, metrics, (iteration,), SECRET)


def test_a_line_says_what_happened_and_not_what_was_said():
    line = run_line(result(), "agent/local/whole", "trace-1")
    assert SECRET not in json.dumps(line)
    assert line["time"].endswith("+00:00")
    del line["time"]
    assert line == {
        "run_id": "run_1",
        "request_class": "agent/local/whole",
        "trace": "trace-1",
        "stopped_reason": "success",
        "messages": [{"role": "user", "content": "str[13]"}, {"role": "assistant", "content": "list[1]"}],
        "final_answer": 13,
        "tokens": {"prompt": 7, "completion": 3},
        "cost": 0.5,
        "total_ms": 20.0,
        "escalated": False,
        "used_model": "small",
        "stand_in": "",
        "iterations": [
            {
                "model": "small",
                "model_ms": 12.5,
                "tool_invocations": [
                    {
                        "id": "call_1",
                        "name": "run_python",
                        "arguments": {"code": "str[13]", "n": "list[2]"},
                        "ok": False,
                        "rc": 1,
                        "content": 13,
                        "retries": 0,
                        "ms": 3.5,
                    }
                ],
            }
        ],
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_no_value_comes_through(value):
    def texts(one):
        if isinstance(one, dict):
            for inner in one.values():
                yield from texts(inner)
        else:
            yield one

    for text in texts(shape(value)):
        assert text.partition("[")[0] in {"str", "list", "dict", "int", "float", "bool", "NoneType"}


def test_lines_are_added_and_the_file_is_the_owners_alone(tmp_path):
    path = tmp_path / "deep" / "runs.jsonl"
    traces = TraceFile(str(path))
    traces.open_once()
    traces.write({"a": 1})
    traces.write({"b": "\ud800\n"})
    assert [json.loads(line) for line in path.read_text().splitlines()] == [{"a": 1}, {"b": "\ud800\n"}]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_is_moved_away_is_made_anew(tmp_path):
    path = tmp_path / "runs.jsonl"
    traces = TraceFile(str(path))
    traces.write({"a": 1})
    path.rename(tmp_path / "old")
    traces.write({"b": 2})
    assert json.loads(path.read_text()) == {"b": 2}


WRITER = """
import sys
from mini_agent.observe.traces import TraceFile
traces = TraceFile(sys.argv[1])
for number in range(100):
    traces.write({"worker": int(sys.argv[2]), "number": number, "padding": "x" * (50 * number)})
"""


def test_several_workers_share_a_file(tmp_path):
    path = str(tmp_path / "runs.jsonl")
    workers = [subprocess.Popen([sys.executable, "-c", WRITER, path, str(worker)]) for worker in range(2)]
    assert [worker.wait(60) for worker in workers] == [0, 0]
    with open(path) as file:
        lines = [json.loads(line) for line in file]
    assert len(lines) == 200
    for worker in range(2):
        assert [one["number"] for one in lines if one["worker"] == worker] == list(range(100))


def test_a_full_disk_costs_traces_and_is_said_once(tmp_path, caplog):
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    traces = TraceFile("/dev/full")
    with caplog.at_level(logging.ERROR):
        traces.write({"a": 1})
        traces.write({"a": 2})
    assert [record.getMessage() for record in caplog.records] == [
        "/dev/full: traces are being lost: No space left on device"
    ]


def test_what_was_cut_off_spoils_one_line_only(tmp_path, monkeypatch):
    path = tmp_path / "runs.jsonl"
    traces = TraceFile(str(path))
    real = os.write
    monkeypatch.setattr(os, "write", lambda file, text: real(file, text[:5]))
    traces.write({"first": 1})
    monkeypatch.setattr(os, "write", real)
    traces.write({"second": 2})
    assert path.read_text() == '{"fir\n{"second":2}\n'
