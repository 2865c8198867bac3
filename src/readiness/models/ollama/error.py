"""Ollama's refusals: a status and `{"error": "…"}`, worded as its server does (ollama/ollama, server/routes.go)."""

from __future__ import annotations


class OllamaError(Exception):
    """A request refused with `status`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message

    def body(self) -> dict[str, str]:
        return {"error": self.message}


def wrong_type(struct: str, field: str, value: object, expected: str) -> OllamaError:
    """Go's words for JSON of the wrong type (encoding/json, UnmarshalTypeError)."""
    return OllamaError(
        400, f"json: cannot unmarshal {_kind(value)} into Go struct field {struct}.{field} of type {expected}"
    )


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "bool"
    names = {int: "number", float: "number", str: "string", list: "array"}
    return names.get(type(value), "object")


def bad_json(character: str) -> OllamaError:
    """Go's words for a body that is no JSON (encoding/json, SyntaxError)."""
    if not character:
        return OllamaError(400, "unexpected EOF")
    shown = {"'": r"'\''", '"': "'\"'"}.get(character, f"'{character}'")
    return OllamaError(400, f"invalid character {shown} looking for beginning of value")


def not_found(name: str) -> OllamaError:
    return OllamaError(404, f"model '{name}' not found")


def lacks(name: str, capability: str) -> OllamaError:
    return OllamaError(400, f"{name} does not support {capability}")


def busy() -> OllamaError:
    return OllamaError(503, "server busy, please try again.  maximum pending requests exceeded")


def too_long() -> OllamaError:
    return OllamaError(
        400,
        "the prompt is longer than the context length currently available to the model; shorten the prompt, adjust "
        "the context length in settings, or use a model with a longer context length",
    )
