"""Ways out of this machine: proxies of the environment and certificates."""

from __future__ import annotations

import asyncio

import pytest

from mini_agent.interfaces import ModelError

OUTSIDE = "http://model.example.invalid"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def test_a_proxy_of_the_environment_is_used_for_servers_elsewhere(
    run, serve, model_at, ask, answers, monkeypatch
):
    async def main():
        async with serve(answers.whole("by proxy")) as proxy:
            monkeypatch.setenv("HTTP_PROXY", proxy.url.removeprefix("http://"))
            async with model_at(OUTSIDE) as model:
                assert (await model.reply(ask())).content == "by proxy"
            assert proxy.exchanges[0].head.startswith(f"POST {OUTSIDE}/v1/chat/completions HTTP/1.1\r\n")

    run(main())


def test_a_server_of_this_machine_is_asked_directly(run, serve, model_at, ask, answers, monkeypatch):
    async def main():
        async with serve(answers.whole()) as proxy, serve(answers.whole("direct")) as server:
            monkeypatch.setenv("HTTP_PROXY", proxy.url)
            async with model_at(server.url) as model:
                assert (await model.reply(ask())).content == "direct"
            assert proxy.exchanges == []

    run(main())


def test_no_proxy_is_heeded(run, serve, model_at, ask, answers, monkeypatch):
    async def main():
        async with serve(answers.whole()) as proxy:
            monkeypatch.setenv("HTTP_PROXY", proxy.url)
            monkeypatch.setenv("NO_PROXY", "example.invalid")
            async with model_at(OUTSIDE, tries=1) as model:
                with pytest.raises(ModelError, match="cannot be reached"):
                    await model.reply(ask())
            assert proxy.exchanges == []

    run(main())


@pytest.mark.parametrize("proxy", ["http://[", "ftp://proxy:1", "http://user:secret-word@pro xy:99999"])
def test_a_proxy_that_cannot_be_used_is_a_model_error(run, model_at, ask, monkeypatch, proxy):
    async def main():
        monkeypatch.setenv("HTTP_PROXY", proxy)
        async with model_at(OUTSIDE, tries=1) as model:
            with pytest.raises(ModelError) as caught:
                await model.reply(ask())
            assert caught.value.status == 502
            assert "secret-word" not in str(caught.value)

    run(main())


def test_a_server_that_speaks_no_tls(run, model_at, ask):
    async def main():
        async def answer(reader, writer):
            await reader.read(100)
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            writer.close()

        listening = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        async with listening, model_at(f"https://127.0.0.1:{port}", tries=1) as model:
            with pytest.raises(ModelError, match="cannot be reached") as caught:
                await model.reply(ask())
            assert caught.value.status == 502

    run(main())
