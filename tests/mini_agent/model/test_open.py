from __future__ import annotations

import subprocess
import sys

import pytest

from mini_agent.model.open import checked_headers, open_model
from mini_agent.model.settings import ModelSettings


def test_fields_are_compared_without_case():
    assert checked_headers({"X-A": " v "}) == {"x-a": "v"}


@pytest.mark.parametrize(
    "name",
    [
        "Host",
        "Authorization",
        "content-length",
        "Transfer-Encoding",
        "proxy-authorization",
        "Cookie",
        "",
        "a b",
        "a:b",
        "ä",
        "a\r\n",
    ],
)
def test_fields_that_are_not_forwarded(name):
    with pytest.raises(ValueError, match="cannot be forwarded"):
        open_model(ModelSettings(), {name: "v"})


@pytest.mark.parametrize("value", ["a\r\nb: c", "a\0", "ä", "\x7f"])
def test_values_that_are_not_forwarded_and_not_shown(value):
    with pytest.raises(ValueError, match="x-a") as caught:
        open_model(ModelSettings(), {}).with_headers({"x-a": value})
    assert value not in str(caught.value)


def test_opening_imports_no_http_client():
    code = (
        "import sys; from mini_agent.model.open import open_model; from mini_agent.model.settings import ModelSettings; "
        "open_model(ModelSettings.from_environment({'MINI_AGENT_API_BASE': 'http://h:1'})); "
        "sys.exit(any(name in sys.modules for name in ('aiohttp', 'httpx2', 'httpcore2', 'pydantic', 'jsonschema')) * 3)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
