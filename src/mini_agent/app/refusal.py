"""How a request is refused: one shape on every path, OpenAI's, with one clear message.

`{"error": {"message", "type", "param", "code"}}` (https://platform.openai.com/docs/guides/error-codes); a 422 adds
`fields`, each wrong field with what is wrong about it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.responses import Response

from mini_agent.app.strict_json import dump
from mini_agent.interfaces import ModelError

INVALID: Final = "invalid_request_error"
_TYPES: Final = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_LONGEST_MESSAGE: Final = 2000


class Refusal(Exception):
    """A request that gets no answer. The message may be shown to anyone who can send requests.

    `ours` False: a model's server said so, and `code` may be in its words.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        fields: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        ours: bool = True,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param
        self.fields = tuple(fields)
        self.headers = dict(headers or {})
        self.ours = ours

    def body(self) -> dict[str, Any]:
        error: dict[str, Any] = {
            "message": self.message[:_LONGEST_MESSAGE],
            "type": _TYPES.get(self.status, "server_error" if self.status >= 500 else INVALID),
            "param": self.param,
            "code": self.code,
        }
        if self.fields:
            error["fields"] = [{"field": name, "message": message} for name, message in self.fields]
        return {"error": error}

    def response(self) -> Response:
        return Response(dump(self.body()), self.status, self.headers, media_type="application/json")


def retry_after(seconds: float) -> dict[str, str]:
    """The header in whole seconds, at least one (RFC 9110, 10.2.3)."""
    return {"retry-after": str(max(1, round(seconds)))}


def from_model(failed: ModelError) -> Refusal:
    """A model's failure with the status that its caller should see."""
    status = failed.status if 400 <= failed.status < 600 else 502
    headers = {} if failed.retry_after is None else retry_after(failed.retry_after)
    return Refusal(status, str(failed), code=failed.code, headers=headers, ours=False)
