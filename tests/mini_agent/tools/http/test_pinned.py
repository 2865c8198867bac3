"""A name is resolved once, every address is judged, and nothing but those addresses is reached."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from ipaddress import ip_address

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mini_agent.interfaces import ToolBackendError
from mini_agent.tools.http import pinned
from mini_agent.tools.http.address import VARIABLE, AllowList, allow_list
from mini_agent.tools.http.backend import HttpTools
from mini_agent.tools.http.endpoint import Endpoint, read_endpoint

NAMED = allow_list({VARIABLE: "tools.example 127.0.0.0/8"})


class Resolver:
    """Answers with one set of addresses after the other, and counts."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int):
        self.asked.append(host)
        return tuple(ip_address(text) for text in self.answers[min(len(self.asked), len(self.answers)) - 1])


@pytest.fixture
def resolver(monkeypatch):
    def use(*answers: tuple[str, ...]) -> Resolver:
        made = Resolver(*answers)
        monkeypatch.setattr(pinned, "look_up", made)
        return made

    return use


def test_a_name_that_changes_its_answer_leads_nowhere_new(run, tool_server, http_backend, resolver):
    asked = resolver(("127.0.0.1",), ("169.254.169.254",), ("10.0.0.1",))

    async def check():
        async with tool_server() as server:
            backend = http_backend(f"http://tools.example:{server.port}", allow=NAMED)
            await backend.definitions()
            for _ in range(3):
                assert (await backend.invoke("1", "add", {}, 20.0)).ok
            await backend.aclose()
        assert len(server.requests) == 4
        for request in server.requests:
            assert request.named("host") == [f"Host: tools.example:{server.port}"]

    run(check())
    assert asked.asked == ["tools.example"]


def test_calls_at_the_same_time_resolve_once(run, tool_server, http_backend, resolver):
    asked = resolver(("127.0.0.1",), ("169.254.169.254",))

    async def check():
        async with tool_server() as server:
            backend = http_backend(f"http://tools.example:{server.port}", allow=NAMED)
            outcomes = await asyncio.gather(*(backend.invoke("1", "add", {}, 20.0) for _ in range(5)))
            await backend.aclose()
        assert all(one.ok for one in outcomes)

    run(check())
    assert asked.asked == ["tools.example"]


@pytest.mark.parametrize(
    "addresses",
    [
        ("169.254.169.254",),
        ("10.0.0.1",),
        ("127.0.0.1", "10.0.0.1"),
        ("10.0.0.1", "127.0.0.1"),
        ("::1",),
        ("::ffff:169.254.169.254",),
        ("0.0.0.0",),
    ],
)
def test_one_address_that_is_not_allowed_is_enough_to_refuse(
    run, tool_server, http_backend, resolver, addresses
):
    resolver(addresses)

    async def check():
        async with tool_server() as server:
            backend = http_backend(f"http://tools.example:{server.port}", allow=NAMED)
            with pytest.raises(ToolBackendError, match="an address that is not allowed"):
                await backend.definitions()
            outcome = await backend.invoke("1", "add", {}, 20.0)
            await backend.aclose()
        assert not outcome.ok
        assert "an address that is not allowed" in outcome.error
        assert not any(address in outcome.error for address in addresses)
        assert server.connections == 0

    run(check())


def test_the_next_address_is_tried_when_one_refuses_and_is_kept(run, tool_server, http_backend, resolver):
    resolver(("127.0.0.2", "127.0.0.1"))

    async def check():
        async with tool_server() as server:
            backend = http_backend(f"http://tools.example:{server.port}", allow=NAMED)
            for _ in range(2):
                assert (await backend.invoke("1", "add", {}, 20.0)).ok
            assert backend._transport._addresses[0] == ip_address("127.0.0.1")
            await backend.aclose()
        assert len(server.requests) == 2

    run(check())


def test_another_origin_is_never_called(run, tool_server):
    async def check():
        async with tool_server() as server:
            transport = pinned.PinnedTransport(Endpoint("http", "127.0.0.1", server.port, "/"), AllowList())
            for url in (
                f"https://127.0.0.1:{server.port}/",
                f"http://localhost:{server.port}/",
                f"http://127.0.0.1:{server.port + 1}/",
                "http://169.254.169.254/",
            ):
                with pytest.raises(httpx2.UnsupportedProtocol):
                    await transport.handle_async_request(httpx2.Request("GET", url))
            await transport.aclose()
        assert server.connections == 0

    run(check())


def test_a_proxy_of_the_environment_is_not_used(run, tool_server, http_backend, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    async def check():
        async with tool_server() as server:
            backend = http_backend(server.url)
            assert (await backend.invoke("1", "add", {}, 20.0)).ok
            await backend.aclose()

    run(check())


def test_a_name_that_cannot_be_resolved_says_so(run):
    async def check():
        with pytest.raises(httpx2.ConnectError, match=r"host no-such\.invalid cannot be resolved"):
            await pinned.look_up("no-such.invalid", 80)
        assert ip_address("127.0.0.1") in await pinned.look_up("localhost", 80)

    asyncio.run(check())


def certificate(folder, name: str):
    """A server's TLS context for `name`, and a client's that trusts it alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "both.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cafile=str(file))


@pytest.mark.parametrize(("called", "reached"), [("tools.example", True), ("other.example", False)])
def test_tls_checks_the_name_and_not_the_address(
    run, tmp_path, monkeypatch, resolver, answer, called, reached
):
    serving, trusting = certificate(tmp_path, "tools.example")
    monkeypatch.setattr(pinned, "verifying", lambda: trusting)
    resolver(("127.0.0.1",))
    allow = allow_list({VARIABLE: f"{called} 127.0.0.0/8"})
    names: list[str | None] = []
    serving.sni_callback = lambda connection, name, context: names.append(name)

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(200, "[]"))
        await writer.drain()
        writer.close()

    async def check():
        listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=serving)
        port = listener.sockets[0].getsockname()[1]
        backend = HttpTools(read_endpoint(f"https://{called}:{port}", allow, "url"), allow)
        try:
            if reached:
                assert await backend.definitions() == ()
            else:
                with pytest.raises(ToolBackendError, match="no connection to the tool server"):
                    await backend.definitions()
        finally:
            await backend.aclose()
            listener.close()
            await listener.wait_closed()
        assert names == [called]

    run(check())


def test_a_certificate_that_nobody_signed_is_refused(run, tmp_path, resolver):
    serving, _ = certificate(tmp_path, "tools.example")
    resolver(("127.0.0.1",))

    async def check():
        listener = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0, ssl=serving)
        port = listener.sockets[0].getsockname()[1]
        backend = HttpTools(read_endpoint(f"https://tools.example:{port}", NAMED, "url"), NAMED)
        with pytest.raises(ToolBackendError, match=r"no connection to the tool server.*certificate"):
            await backend.definitions()
        await backend.aclose()
        listener.close()
        await listener.wait_closed()

    run(check())
