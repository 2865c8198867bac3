"""The model that the gate hands to a check of lane nd, asked as any client would: over OpenAI's API."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

Ask = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def base() -> str:
    """Where the gate's relay listens."""
    found = os.environ.get("OPENAI_BASE_URL")
    if not found:
        pytest.skip("no model: these run under `readiness run --lane nd`")
    return found


def _request(base: str, body: dict[str, Any]) -> urllib.request.Request:
    data = {"model": os.environ["OPENAI_MODEL"], "max_tokens": 60, **body}
    return urllib.request.Request(
        f"{base}/chat/completions", json.dumps(data).encode(), {"content-type": "application/json"}
    )


@pytest.fixture
def ask(base: str) -> Ask:
    """Ask one question; the whole answer."""

    def send(question: str, **options: Any) -> dict[str, Any]:
        body = {"messages": [{"role": "user", "content": question}], **options}
        with urllib.request.urlopen(_request(base, body), timeout=120) as reply:
            return json.load(reply)

    return send


@pytest.fixture
def stream(base: str) -> Callable[..., Iterator[dict[str, Any]]]:
    """Ask one question; the chunks of the answer as they come."""

    def send(question: str, **options: Any) -> Iterator[dict[str, Any]]:
        body = {"messages": [{"role": "user", "content": question}], "stream": True, **options}
        with urllib.request.urlopen(_request(base, body), timeout=120) as reply:
            for line in reply:
                text = line.decode().strip()
                if text.startswith("data: ") and text != "data: [DONE]":
                    yield json.loads(text.removeprefix("data: "))

    return send
