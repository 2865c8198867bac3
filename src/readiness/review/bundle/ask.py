"""The edge: asks a model for its comments on a bundle, over OpenAI's API. Its answer is data, and never evidence."""

from __future__ import annotations

import json

from readiness.gate.settings import UsageError
from readiness.record.value import value
from readiness.report.markdown import code, fenced
from readiness.report.plain import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Final

BASES: Final = ("OPENAI_BASE_URL", "OPENAI_API_BASE")
SECONDS: Final = 300.0
LARGEST: Final = 1_000_000
"""Bytes of an answer that are read."""
ANSWER_TOKENS: Final = 1000
SYSTEM: Final = (
    "You review the findings of a readiness gate. The rules stand at the top of the bundle. Be brief."
)


@value
class Endpoint:
    """Where a model is asked: the base of the API, and the key that it wants, if any."""

    base: str
    key: str = ""


def endpoint(environ: Mapping[str, str]) -> Endpoint:
    """Raises UsageError where none is named, or it is no http(s) address."""
    base = next((environ[name] for name in BASES if environ.get(name)), "")
    if not base:
        raise UsageError(
            "--ask needs OPENAI_BASE_URL; for the embedded model: `readiness model serve --port 8080`, "
            "then OPENAI_BASE_URL=http://127.0.0.1:8080/v1"
        )
    if not base.startswith(("http://", "https://")):
        raise UsageError(
            f"--ask: OPENAI_BASE_URL is {plain(base)!r}, and must begin with http:// or https://"
        )
    return Endpoint(base.rstrip("/"), environ.get("OPENAI_API_KEY", ""))


def comments(of: Endpoint, model: str, text: str) -> str:
    """What the model says of the bundle. Raises UsageError when it gives no answer; the message says why."""
    body = {
        "model": model,
        "messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}],
        "temperature": 0,
        "max_tokens": ANSWER_TOKENS,
    }
    return _answer(_post(of, json.dumps(body).encode(), model), model)


def _post(of: Endpoint, body: bytes, model: str) -> bytes:
    import urllib.error
    import urllib.request

    class NoRedirect(urllib.request.HTTPRedirectHandler):
        """What was meant for one server, key included, goes to no other."""

        def redirect_request(self, *_: Any) -> None:
            return None

    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {of.key}"} if of.key else {})
    try:
        request = urllib.request.Request(f"{of.base}/chat/completions", body, headers)
        with urllib.request.build_opener(NoRedirect).open(request, timeout=SECONDS) as reply:
            data: bytes = reply.read(LARGEST)
            return data
    except urllib.error.HTTPError as error:
        said = plain(error.read(2000).decode("utf-8", "replace")).strip()
        raise _none(model, f"status {error.code}: {said[:300]}; a smaller --tokens may help") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise _none(model, f"{of.base}: {reason}") from error


def _answer(data: bytes, model: str) -> str:
    try:
        text = json.loads(data)["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        raise _none(model, "its answer is no chat completion") from error
    if not isinstance(text, str) or not text.strip():
        raise _none(model, "its answer is empty")
    return text


def _none(model: str, why: str) -> UsageError:
    return UsageError(f"no comments of {model}: {why}; the bundle is written without them")


def marked(model: str, text: str) -> str:
    """The comments as they stand at the end of a bundle."""
    return (
        f"\n# Comments of {code(model)}\n\n"
        "Not evidence: a model wrote this after it had read the above. The verdict does not depend on it.\n\n"
        f"{fenced(text, 'text')}\n"
    )
