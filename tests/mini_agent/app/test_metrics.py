"""What `/metrics` says is what was sent."""

from __future__ import annotations

import re
import threading

import pytest


def numbers(server) -> dict[str, float]:
    found = server.get("/metrics")
    assert found.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {
        name: float(value)
        for name, value in re.findall(r"^(mini_agent_[^ ]+) (\S+)$", found.text, re.MULTILINE)
        if "_created" not in name and "_bucket" not in name
    }


def test_the_counts_are_those_of_the_clients(start, model, tools, tool_call):
    def answer(body):
        asked = body["messages"][-1]
        if asked["role"] == "user" and "fail" in asked["content"]:
            return (400, {"error": {"message": "no"}})
        return "done" if asked["role"] == "tool" or "tools" not in body else [tool_call("add", a=1, b=1)]

    model.answer = answer
    server = start(open_tools=tools.open)

    def client():
        for _ in range(5):
            assert server.run(tool_backend="local").json()["ok"]
            assert server.chat().status_code == 200
        assert not server.run(messages=[{"role": "user", "content": "fail"}]).json()["ok"]
        assert server.run(bad_field=1).status_code == 422

    threads = [threading.Thread(target=client) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = numbers(server)
    expected = {
        'runs_total{stopped_reason="success"}': 20,
        'runs_total{stopped_reason="model_error"}': 4,
        'runs_total{stopped_reason="cancelled"}': 0,
        "run_seconds_count": 24,
        "runs_in_flight": 0,
        'tool_calls_total{outcome="ok"}': 20,
        'tool_calls_total{outcome="error"}': 0,
        "tool_seconds_count": 20,
        'chat_completions_total{outcome="ok"}': 20,
        'http_requests_total{route="/agent/run",status="200"}': 24,
        'http_requests_total{route="/agent/run",status="422"}': 4,
        'http_requests_total{route="/v1/chat/completions",status="200"}': 20,
        'rejected_requests_total{code="unknown_field"}': 4,
        "requests_waiting": 0,
        "stand_in_answers_total": 0,
    }
    assert {name: found[f"mini_agent_{name}"] for name in expected} == expected
    tokens = (
        found['mini_agent_tokens_total{kind="prompt"}'],
        found['mini_agent_tokens_total{kind="completion"}'],
    )
    calls = 20 * 2 + 20
    assert tokens[0] >= calls * 7
    assert tokens[0] / tokens[1] == pytest.approx(7 / 3)


def test_names_from_outside_do_not_become_labels(start, model):
    server = start()
    for number in range(40):
        server.chat(model=f"hostile-{number}")
        server.get(f"/hostile-{number}")
    text = server.get("/metrics").text
    assert "hostile" not in text
    assert 'mini_agent_model_calls_total{model="small"} 40.0' in text


def test_names_that_a_server_answers_under_are_bounded(start, model):
    import json

    server = start()
    for number in range(40):
        reply = {
            "model": f"answered-{number}",
            "choices": [{"message": {"content": "x"}, "finish_reason": "stop"}],
        }
        model.answer = lambda body, reply=reply: (200, json.loads(json.dumps(reply)))
        assert server.chat().status_code == 200
    labels = set(re.findall(r'model_calls_total\{model="([^"]+)"\}', server.get("/metrics").text))
    assert len(labels) == 33
    assert "other" in labels


def test_retries_are_counted(start, model):
    from mini_agent.model.settings import ModelSettings

    said = iter([(503, {"error": "busy"}, {"retry-after": "0"}), "fine"])
    model.answer = lambda body: next(said)
    server = start(settings=ModelSettings(base=model.base, first_wait=0.01))
    assert server.run().json()["metrics"]["retries"] == 1
    assert numbers(server)['mini_agent_retries_total{to="model"}'] == 1
