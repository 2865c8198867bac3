"""The whole document: paths, what each takes and everything it may answer with."""

from __future__ import annotations

from typing import Any, Final

from mini_agent.app.openapi.answers import ANSWER_SCHEMAS
from mini_agent.app.openapi.requests import request_schemas
from mini_agent.app.service import Service

_ERRORS: Final = {
    400: "The request cannot be read, or asks for what cannot be done.",
    401: "No bearer token, or a wrong one.",
    403: "The Host or Origin header names another place than this service.",
    404: "The model's server does not know the model, or no tool has the chosen name.",
    405: "This path does not take that method.",
    408: "The request took too long to arrive.",
    409: "The tools cannot be used, as they are at present.",
    413: "The request is too large.",
    415: "The body is not declared as JSON.",
    422: "A field is unknown or out of its range; each is named.",
    429: "Too much at once, here or at the model's server.",
    500: "A fault of this service.",
    502: "The model's server failed.",
    503: "The service is stopping, or the model's server is overloaded.",
    504: "The model's server did not answer in time.",
}
_SIMPLE: Final = (403, 405, 500, 503)
_POSTED: Final = (400, 403, 405, 408, 413, 415, 429, 500, 503)
_EVENTS: Final = {
    "schema": {
        "type": "object",
        "description": "One event of the stream.",
        "properties": {"event": {"type": "string"}, "data": {"type": "string"}},
        "required": ["data"],
    }
}
_STAND_IN: Final = {
    "x-stand-in": {"description": "Names the stand-in that answered.", "schema": {"type": "string"}}
}


def document(service: Service) -> dict[str, Any]:
    """Describes `service` as it is configured: a token is only asked for where one is needed."""
    secured = bool(service.guard.token)
    return {
        "openapi": "3.1.0",
        "info": {"title": "mini_agent", "version": service.identity.version or "0"},
        "paths": _paths(secured),
        "components": _components(service, secured),
    }


def _components(service: Service, secured: bool) -> dict[str, Any]:
    requests = request_schemas(service.allowed_tool_urls, service.mcp_servers)
    components: dict[str, Any] = {"schemas": {**requests, **ANSWER_SCHEMAS}}
    if secured:
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    return components


def _paths(secured: bool) -> dict[str, Any]:
    upstream = (400, 404, 429, 502, 504)
    chat = _posted("ChatCompletion", "Completion", (404, 502, 504), secured)
    return {
        "/ready": {"get": _read("ready", "Whether requests are served.", "Ready", _SIMPLE, False)},
        "/healthz": {"get": _read("healthz", "Who this is.", "Health", _SIMPLE, secured)},
        "/metrics": {"get": _metrics(secured)},
        "/openapi.json": {"get": _read("describe", "This document.", "", _SIMPLE, secured)},
        "/v1/models": {"get": _read("models", "The models.", "ModelList", _SIMPLE + upstream, secured)},
        "/agent/run": {
            "post": {"operationId": "run", "summary": "One bounded run."}
            | _posted("AgentRun", "RunEnvelope", (409, 422), secured)
        },
        "/v1/chat/completions": {"post": {"operationId": "chat", "summary": "A chat completion."} | chat},
        "/chat/completions": {"post": {"operationId": "chatAlias", "summary": "The same."} | chat},
    }


def _read(name: str, summary: str, schema: str, errors: tuple[int, ...], secured: bool) -> dict[str, Any]:
    content = _json(schema) if schema else {"application/json": {"schema": {"type": "object"}}}
    answers = {"200": {"description": summary, "content": content}, **_refusals(errors, secured)}
    return {"operationId": name, "summary": summary, "responses": answers, **_security(secured)}


def _metrics(secured: bool) -> dict[str, Any]:
    described = _read("metrics", "Numbers for Prometheus.", "", _SIMPLE, secured)
    described["responses"]["200"]["content"] = {"text/plain": {"schema": {"type": "string"}}}
    return described


def _posted(request: str, answer: str, errors: tuple[int, ...], secured: bool) -> dict[str, Any]:
    good = {
        "description": "The answer; with `stream`, its events.",
        "headers": _STAND_IN,
        "content": {**_json(answer), "text/event-stream": _EVENTS},
    }
    return {
        "requestBody": {"required": True, "content": _json(request)},
        "responses": {"200": good, **_refusals(_POSTED + errors, secured)},
        **_security(secured),
    }


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _security(secured: bool) -> dict[str, Any]:
    return {"security": [{"token": []}]} if secured else {}


def _refusals(statuses: tuple[int, ...], secured: bool) -> dict[str, Any]:
    wanted = sorted({*statuses, *((401,) if secured else ())})
    return {str(status): _refusal(status) for status in wanted}


def _refusal(status: int) -> dict[str, Any]:
    described: dict[str, Any] = {"description": _ERRORS[status], "content": _json("Error")}
    if status == 401:
        described["headers"] = {"www-authenticate": {"required": True, "schema": {"type": "string"}}}
    if status == 405:
        described["headers"] = {"allow": {"required": True, "schema": {"type": "string"}}}
    return described
