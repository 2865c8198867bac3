"""The description matches what the service does; schemathesis tries much harder (tests/e2e/agent)."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest


@pytest.fixture
def document(server) -> Any:
    return server.get("/openapi.json").json()


def checker(document: Any, name: str) -> Any:
    schema = {**document, "$ref": f"#/components/schemas/{name}"}
    return jsonschema.Draft202012Validator(schema)


def valid(document: Any, name: str, value: Any) -> bool:
    return bool(checker(document, name).is_valid(value))


def test_every_schema_is_one(document):
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_path_of_the_contract_is_described_and_served(document, server):
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert described == {
        ("GET", "/ready"),
        ("GET", "/healthz"),
        ("GET", "/metrics"),
        ("GET", "/openapi.json"),
        ("GET", "/v1/models"),
        ("POST", "/agent/run"),
        ("POST", "/v1/chat/completions"),
        ("POST", "/chat/completions"),
    }
    for method, path in described:
        assert (server.get(path) if method == "GET" else server.post(path, {})).status_code not in (404, 405)


@pytest.mark.parametrize(
    ("path", "schema"),
    [("/ready", "Ready"), ("/healthz", "Health"), ("/v1/models", "ModelList")],
)
def test_what_is_read_has_the_described_shape(document, server, path, schema):
    checker(document, schema).validate(server.get(path).json())


def test_answers_have_the_described_shape(document, start, model, tools, tool_call):
    server = start(open_tools=tools.open)
    checker(document, "Completion").validate(server.chat().json())
    said = iter([[tool_call("add", a=1, b=1)], "2", [tool_call("add")]])
    model.answer = lambda body: next(said)
    checker(document, "RunEnvelope").validate(server.run(tool_backend="local").json())
    checker(document, "Completion").validate(server.chat().json())
    for refused in (server.run(zz=1), server.chat(zz=1), server.get("/nowhere"), server.get("/agent/run")):
        checker(document, "Error").validate(refused.json())


@pytest.mark.parametrize(
    ("fields", "accepted"),
    [
        ({}, True),
        ({"tool_backend": "http"}, False),
        ({"tool_backend": "http", "tool_http_base_url": "http://127.0.0.1:1"}, True),
        ({"tool_backend": "http", "tool_http_base_url": None}, False),
        ({"tool_http_headers": {"X-A": "b"}}, True),
        ({"tool_http_headers": {"Host": "b"}, "mcp_server": "rm -rf", "tool_http_base_url": "ftp://x"}, True),
        (
            {
                "tool_backend": "http",
                "tool_http_base_url": "http://127.0.0.1:1",
                "tool_http_headers": {"hOsT": "b"},
            },
            False,
        ),
        ({"escalate_on_budget_exceeded": True}, False),
        ({"escalate_on_budget_exceeded": True, "escalate_model": "large"}, True),
        ({"max_iterations": 0}, False),
        ({"max_iterations": 3.0}, True),
        ({"max_iterations": True}, False),
        ({"unknown": 1}, False),
        ({"seed": -(2**63)}, True),
        ({"seed": -(2**63) - 1}, False),
        ({"temperature": 2}, True),
        ({"tool_timeout": 0}, False),
    ],
)
def test_the_schema_of_a_run_accepts_what_the_service_does(document, server, ask, fields, accepted):
    body = {**ask, "tool_backend": "none", **fields}
    assert valid(document, "AgentRun", body) == accepted
    assert (server.post("/agent/run", body).status_code in (200, 409)) == accepted


@pytest.mark.parametrize(
    ("fields", "accepted"),
    [
        ({}, True),
        ({"tool_choice": "auto"}, False),
        ({"tool_choice": "none"}, True),
        ({"tool_choice": None, "tools": None}, True),
        ({"store": False}, True),
        ({"store": 0}, False),
        ({"n": 8}, True),
        ({"n": 9}, False),
        ({"logprobs": True}, False),
        ({"stop": []}, False),
        ({"stop": "x"}, True),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {}}}}, True),
        ({"response_format": {"type": "json_schema"}}, False),
        ({"metadata": {"a": 1}}, False),
    ],
)
def test_the_schema_of_a_chat_accepts_what_the_service_does(document, server, ask, fields, accepted):
    body = {**ask, **fields}
    assert valid(document, "ChatCompletion", body) == accepted
    assert (server.post("/v1/chat/completions", body).status_code == 200) == accepted


def test_a_token_is_described_where_one_is_needed(start):
    server = start(token="a-token")
    document = server.get("/openapi.json", authorization="Bearer a-token").json()
    assert document["components"]["securitySchemes"] == {"token": {"type": "http", "scheme": "bearer"}}
    for path, methods in document["paths"].items():
        for described in methods.values():
            assert ("security" in described) == ("401" in described["responses"]) == (path != "/ready")
