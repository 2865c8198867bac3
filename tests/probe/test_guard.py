"""The socket guard: this machine can be reached, nothing else can, and nobody gets around it in Python."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from readiness_probe.guard import is_loopback, packed

BLOCKED = """
import asyncio, errno, socket, urllib.request
import pytest

def refused(kind=OSError):
    return pytest.raises(kind, match="the gate's socket guard refused")

def test_connect():
    with refused() as caught:
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    assert caught.value.errno == errno.ENETUNREACH

def test_connect_ex():
    with refused():
        socket.socket().connect_ex(("192.0.2.1", 80))

def test_ipv6():
    with refused():
        socket.socket(socket.AF_INET6).connect(("2001:db8::1", 80))

def test_datagram():
    with refused():
        socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 53))

def test_name():
    with refused(socket.gaierror):
        socket.getaddrinfo("host.invalid", 443)
    with refused(socket.gaierror):
        socket.gethostbyname("host.invalid")
    with refused(socket.gaierror):
        socket.gethostbyaddr("192.0.2.1")

def test_url():
    with pytest.raises(OSError):
        urllib.request.urlopen("http://host.invalid/")

def test_asyncio():
    async def go():
        with refused():
            await asyncio.open_connection("host.invalid", 80)
        with refused():
            await asyncio.open_connection("192.0.2.1", 80)
    asyncio.run(go())

def test_patched_away(monkeypatch):
    import _socket
    class Own(_socket.socket): pass
    monkeypatch.setattr(socket, "socket", Own)
    with refused():
        socket.socket().connect(("192.0.2.1", 80))

def test_subclass_that_lies():
    class Local(socket.socket):
        family = socket.AF_UNIX
    with refused():
        Local().connect(("192.0.2.1", 80))
"""

ALLOWED = """
import asyncio, socket, subprocess, sys

def test_loopback():
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    for host in ("127.0.0.1", "localhost"):
        socket.create_connection((host, port), timeout=5).close()
    socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9))

def test_unix(tmp_path):
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "s"))
    server.listen()
    socket.socket(socket.AF_UNIX).connect(str(tmp_path / "s"))
    one, other = socket.socketpair()
    one.sendall(b"x")
    assert other.recv(1) == b"x"

def test_names_that_need_no_network():
    socket.getaddrinfo("localhost", 80)
    socket.getaddrinfo(None, 80)
    socket.getaddrinfo("192.0.2.1", 80)
    socket.getfqdn()

def test_asyncio():
    async def go():
        server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0)
        await asyncio.open_connection(*server.sockets[0].getsockname())
        server.close()
    asyncio.run(go())
"""


def test_what_is_refused(project):
    probed = project({"test_a.py": BLOCKED}).pytest(guard=True)
    assert set(probed.outcomes.values()) == {"passed"}, probed.output
    assert len(probed.outcomes) == 9
    assert probed.summary.guarded
    assert "connect to 192.0.2.1 in test_a.py::test_connect" in probed.summary.blocked
    assert "getaddrinfo to host.invalid in test_a.py::test_url" in probed.summary.blocked


def test_what_is_not(project):
    probed = project({"test_a.py": ALLOWED}).pytest(guard=True)
    assert set(probed.outcomes.values()) == {"passed"}, probed.output
    assert probed.summary.blocked == ()


def test_every_supported_python(project, each_python):
    made = project({"test_a.py": BLOCKED, "test_b.py": ALLOWED})
    probed = made.pytest("-p", "no:xdist", python=each_python, guard=True)
    assert set(probed.outcomes.values()) == {"passed"}, probed.output
    assert probed.summary.guarded


def test_unguarded_processes_are_not_called_guarded(project):
    made = project({"test_a.py": "def test_a(): pass"})
    assert not made.pytest().summary.guarded
    made.pytest(guard=True)
    assert not made.pytest(guard=True).summary.guarded, "the first process of this folder had no guard"


def test_a_conftest_is_guarded_too(project):
    conftest = "import socket\nsocket.create_connection(('192.0.2.1', 80))"
    probed = project({"conftest.py": conftest, "test_a.py": "def test_a(): pass"}).pytest(guard=True)
    assert "socket guard refused connect to '192.0.2.1'" in probed.summary.failures[0].message
    assert probed.summary.failures[0].where == "conftest.py:2"


def test_an_audit_hook_that_forbids_others_is_not_called_guarded():
    script = """
import sys
def forbid(event, arguments):
    if event == "sys.addaudithook": raise RuntimeError("no more hooks")
sys.addaudithook(forbid)
from readiness_probe.guard import GUARD
assert GUARD.switch_on() is False
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_it_can_be_switched_off_and_on():
    script = """
import socket
from readiness_probe.guard import GUARD
assert GUARD.switch_on() and GUARD.switch_on()
GUARD.switch_off()
reached = socket.socket(type=socket.SOCK_DGRAM)
try:
    reached.connect(("192.0.2.1", 9))
except OSError as error:
    assert "guard" not in str(error)
assert GUARD.switch_on()
try:
    reached.connect(("192.0.2.1", 9))
except OSError as error:
    assert "guard" in str(error)
else:
    raise SystemExit("not refused")
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "127.255.0.9", "::1", "::", "0.0.0.0", "::ffff:127.0.0.1", "::1%lo"]
)
def test_loopback(host):
    assert is_loopback(packed(host))


@pytest.mark.parametrize(
    "host", ["192.0.2.1", "128.0.0.1", "::2", "fe80::1%eth0", "::ffff:192.0.2.1", "10.0.0.1"]
)
def test_elsewhere(host):
    assert packed(host) is not None
    assert not is_loopback(packed(host))


@pytest.mark.parametrize("host", ["localhost", "host.invalid", "", "a\0b", "127.0.0.1.example"])
def test_names(host):
    assert packed(host) is None
    assert not is_loopback(packed(host))


def test_this_test_suite_has_no_guard():
    """The hook cannot be removed, so no test may install it here."""
    assert socket.getaddrinfo("127.0.0.1", 80)
    assert not sys.modules["readiness_probe.guard"].GUARD._installed
