"""OpenAI's refusals: status, and `{"error": {"message", "type", "param", "code"}}`.

Wording and codes follow what the real API answers (platform.openai.com/docs/guides/error-codes, and the errors
that users of its SDKs report); tests/models/openai names one source each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

INVALID = "invalid_request_error"


class OpenAIError(Exception):
    """A request refused. `param` names the field at fault, `code` is for programs; both may be None."""

    def __init__(
        self,
        message: str,
        param: str | None = None,
        code: str | None = None,
        status: int = 400,
        kind: str = INVALID,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code
        self.status = status
        self.kind = kind

    def body(self) -> dict[str, Any]:
        error = {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}
        return {"error": error}


def kind_of(value: object) -> str:
    """A JSON value's type with its article, as OpenAI's messages have it."""
    if value is None:
        return "null"
    names = {bool: "a boolean", int: "an integer", float: "a decimal", str: "a string", list: "an array"}
    return names.get(type(value), "an object")


def wrong_type(param: str, expected: str, value: object) -> OpenAIError:
    message = f"Invalid type for '{param}': expected {expected}, but got {kind_of(value)} instead."
    return OpenAIError(message, param, "invalid_type")


def missing(param: str) -> OpenAIError:
    return OpenAIError(f"Missing required parameter: '{param}'.", param, "missing_required_parameter")


def unsupported(param: str) -> OpenAIError:
    message = f"Unsupported parameter: '{param}' is not supported with this model."
    return OpenAIError(message, param, "unsupported_parameter")


def unknown_parameter(param: str) -> OpenAIError:
    return OpenAIError(f"Unknown parameter: '{param}'.", param, "unknown_parameter")


def not_among(param: str, value: object, supported: tuple[str, ...]) -> OpenAIError:
    *most, last = (f"'{one}'" for one in supported)
    listed = f"{', '.join(most)}, and {last}" if most else last
    return OpenAIError(f"Invalid value: '{value}'. Supported values are: {listed}.", param, "invalid_value")


def out_of_range(param: str, kind: str, value: float, low: float, high: float) -> OpenAIError:
    """`kind` is `integer` or `decimal`."""
    if value < low:
        side, sign, bound, code = "below minimum", ">=", low, "below_min_value"
    else:
        side, sign, bound, code = "above maximum", "<=", high, "above_max_value"
    message = (
        f"Invalid '{param}': {kind} {side} value. Expected a value {sign} {bound:g}, but got {value} instead."
    )
    return OpenAIError(message, param, f"{kind}_{code}")


def empty_array(param: str) -> OpenAIError:
    message = f"Invalid '{param}': empty array. Expected an array with minimum length 1, but got an empty array instead."
    return OpenAIError(message, param, "empty_array")


def long_array(param: str, length: int, most: int) -> OpenAIError:
    message = (
        f"Invalid '{param}': array too long. Expected an array with maximum length {most}, "
        f"but got an array with length {length} instead."
    )
    return OpenAIError(message, param, "array_above_max_length")


def bad_json() -> OpenAIError:
    return OpenAIError(
        "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP "
        "library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)"
    )


def unknown_model(name: str) -> OpenAIError:
    message = f"The model `{name}` does not exist or you do not have access to it."
    return OpenAIError(message, None, "model_not_found", 404)


def unknown_url(method: str, path: str) -> OpenAIError:
    return OpenAIError(f"Invalid URL ({method} {path})", status=404)


def wrong_method(method: str, path: str) -> OpenAIError:
    message = f"Not allowed to {method} on {path}. (HINT: Perhaps you meant to use a different HTTP method?)"
    return OpenAIError(message, None, "method_not_supported", 405)


def too_long(prompt_tokens: int, context: int) -> OpenAIError:
    message = (
        f"This model's maximum context length is {context} tokens. However, your messages resulted in "
        f"{prompt_tokens} tokens. Please reduce the length of the messages."
    )
    return OpenAIError(message, "messages", "context_length_exceeded")


def too_large(limit: int) -> OpenAIError:
    return OpenAIError(f"Maximum content size limit ({limit}) exceeded", status=413)


def overloaded() -> OpenAIError:
    message = (
        "The server is currently overloaded with other requests. Sorry about that! Please retry your request."
    )
    return OpenAIError(message, status=503, kind="server_error")


def server_error(message: str) -> OpenAIError:
    return OpenAIError(message, status=500, kind="server_error")


def bad_schema(param: str, name: str, reasons: list[str]) -> OpenAIError:
    """A schema that output cannot be held to; saying so beats an answer that ignores it."""
    why = "; ".join(reasons) or "the schema is invalid or can never be met"
    what = "function" if param.startswith("tools") else "response_format"
    message = f"Invalid schema for {what} '{name}': {why}. It cannot be enforced by this model's engine."
    return OpenAIError(
        message, param, "invalid_json_schema" if what == "response_format" else "invalid_function_parameters"
    )
