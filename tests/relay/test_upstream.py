from __future__ import annotations

import asyncio
import ssl

import aiohttp
import pytest

from readiness.relay.plan import Upstream
from readiness.relay.upstream import FAILURES, SENTENCES, failure_of, open_session, proxy_for


def connector_error(error: OSError) -> aiohttp.ClientConnectorError:
    return aiohttp.ClientConnectorError(None, error)


@pytest.mark.parametrize(
    ("error", "word", "status"),
    [
        (connector_error(ConnectionRefusedError()), "refused", 502),
        (connector_error(OSError(113, "No route to host")), "unreachable", 502),
        (ssl.SSLError("bad certificate"), "unreachable", 502),
        (aiohttp.SocketTimeoutError(), "timeout", 504),
        (aiohttp.ConnectionTimeoutError(), "timeout", 504),
        (aiohttp.ServerDisconnectedError(), "reset", 502),
        (aiohttp.ClientPayloadError(), "reset", 502),
        (ConnectionResetError(), "reset", 502),
        (aiohttp.ClientResponseError(None, (), status=400), "bad_answer", 502),
        (ValueError("newline in header"), "bad_answer", 502),
    ],
)
def test_each_failure_has_its_word(error, word, status):
    assert isinstance(error, FAILURES)
    assert failure_of(error) == (word, status)
    assert SENTENCES[word]


def test_a_proxy_of_the_environment_is_for_other_machines(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3129")
    monkeypatch.setenv("NO_PROXY", "inner.example")
    monkeypatch.delenv("http_proxy", raising=False)
    monkeypatch.delenv("https_proxy", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    def proxy(base: str) -> str | None:
        return proxy_for(Upstream("m", "openai", base))

    assert proxy("http://127.0.0.1:11434") is None
    assert proxy("http://localhost:1/v1") is None
    assert proxy("http://[::1]:1/v1") is None
    assert proxy("https://inner.example/v1") is None
    assert proxy("http://api.example/v1") == "http://proxy.example:3128"
    assert proxy("https://api.example/v1") == "http://proxy.example:3129"


def test_the_pool_has_no_memory_and_no_credentials_of_its_own():
    async def look() -> None:
        async with open_session(3.0) as session:
            assert isinstance(session.cookie_jar, aiohttp.DummyCookieJar)
            assert not session.trust_env, "it reads no .netrc"
            assert not session.auto_decompress
            assert (session.timeout.total, session.timeout.sock_read, session.timeout.sock_connect) == (
                None,
                3.0,
                3.0,
            )

    asyncio.run(look())
