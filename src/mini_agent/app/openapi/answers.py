"""The schemas of answers. Written by hand, so that they hold the service to what it promised."""

from __future__ import annotations

from typing import Any, Final

from mini_agent.result import StopReason

_STRING: Final = {"type": "string"}
_BOOLEAN: Final = {"type": "boolean"}
_COUNT: Final = {"type": "integer", "minimum": 0}
_AMOUNT: Final = {"type": "number", "minimum": 0}
_ANYTHING: Final = {"type": "object", "additionalProperties": True}


def _object(fields: dict[str, Any], *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    required = [name for name in fields if name not in optional]
    return {"type": "object", "properties": fields, "required": required, "additionalProperties": False}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _named(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


_FIELD: Final = _object({"field": _STRING, "message": _STRING})
_ERROR: Final = _object(
    {
        "message": {"type": "string", "minLength": 1},
        "type": _STRING,
        "param": _or_null(_STRING),
        "code": _or_null(_STRING),
        "fields": _list(_FIELD),
    },
    optional=("fields",),
)
_INVOCATION: Final = _object(
    {
        "id": _STRING,
        "name": _STRING,
        "arguments_text": _STRING,
        "arguments": _or_null(_ANYTHING),
        "ok": _BOOLEAN,
        "rc": _or_null({"type": "integer"}),
        "content": _STRING,
        "stdout": _STRING,
        "stderr": _STRING,
        "error": _STRING,
        "ms": _AMOUNT,
    }
)
_METRICS: Final = _object(
    {
        "iterations": _COUNT,
        "model_calls": _COUNT,
        "tool_calls": _COUNT,
        "tokens": _object({"prompt": _COUNT, "completion": _COUNT}),
        "cost": _AMOUNT,
        "total_ms": _AMOUNT,
        "escalated": _BOOLEAN,
        "used_model": _STRING,
        "retries": _COUNT,
    }
)
_ITERATION: Final = _object(
    {
        "model": _STRING,
        "model_ms": _AMOUNT,
        "finish_reason": _STRING,
        "tool_invocations": _list(_named("ToolInvocation")),
    }
)
_ENVELOPE: Final = _object(
    {
        "ok": _BOOLEAN,
        "run_id": _STRING,
        "final_answer": _STRING,
        "stopped_reason": {"type": "string", "enum": [reason.value for reason in StopReason]},
        "error": _STRING,
        "messages": _list(_ANYTHING),
        "metrics": _METRICS,
        "iterations": _list(_ITERATION),
        "last_tool_invocation": _or_null(_named("ToolInvocation")),
        "stand_in": _STRING,
    },
    optional=("stand_in",),
)
_CALL: Final = _object(
    {
        "id": _STRING,
        "type": {"const": "function"},
        "function": _object({"name": _STRING, "arguments": _STRING}),
    }
)
_SAID: Final = _object(
    {
        "role": {"const": "assistant"},
        "content": _or_null(_STRING),
        "refusal": {"type": "null"},
        "tool_calls": _list(_CALL),
    },
    optional=("tool_calls",),
)
_CHOICE: Final = _object(
    {"index": _COUNT, "message": _SAID, "logprobs": {"type": "null"}, "finish_reason": _STRING}
)
_COMPLETION: Final = _object(
    {
        "id": _STRING,
        "object": {"const": "chat.completion"},
        "created": _COUNT,
        "model": _STRING,
        "choices": {"type": "array", "items": _CHOICE, "minItems": 1},
        "usage": _object({"prompt_tokens": _COUNT, "completion_tokens": _COUNT, "total_tokens": _COUNT}),
        "system_fingerprint": {"const": "stand-in"},
    },
    optional=("system_fingerprint",),
)
_MODEL: Final = _object({"id": _STRING, "object": {"const": "model"}, "created": _COUNT, "owned_by": _STRING})

ANSWER_SCHEMAS: Final[dict[str, Any]] = {
    "Error": _object({"error": _ERROR}),
    "Ready": _object({"ok": {"const": True}}),
    "Health": _object(
        {
            "ok": _BOOLEAN,
            "version": _STRING,
            "host": _STRING,
            "port": {"type": "integer", "minimum": 0, "maximum": 65535},
            "started_at": _STRING,
            "model_base": _STRING,
        }
    ),
    "ToolInvocation": _INVOCATION,
    "RunEnvelope": _ENVELOPE,
    "Completion": _COMPLETION,
    "ModelList": _object({"object": {"const": "list"}, "data": _list(_MODEL)}),
}
