"""The host's side of the self-test: what the payload may try to reach, and whether it did."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

TOKEN_BYTES = 12
HELD = "held"
UNTOUCHED = "untouched"
LIFETIME = 60


class Witness:
    """Listeners, files and processes outside the sandbox. A context manager: gives everything back."""

    def __init__(self) -> None:
        self.token = secrets.token_hex(TOKEN_BYTES)
        self.name = f"mini-agent-{secrets.token_hex(TOKEN_BYTES)}"
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Witness:
        with contextlib.ExitStack() as opened:
            self._open(opened)
            self._stack = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _open(self, stack: contextlib.ExitStack) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mini-agent-witness-"))
        stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self._lay_out_files()
        self._leave_a_descriptor_open(stack)
        self._listen(stack)
        self._processes = [stack.enter_context(bystander(self.token)) for _ in range(4)]

    def _lay_out_files(self) -> None:
        """Readable and writable for everybody, so that only the sandbox stands before them."""
        self.folder.chmod(0o755)
        self.secret = self.folder / "secret"
        self.secret.write_text(self.token, encoding="utf-8")
        self.secret.chmod(0o644)
        self.written = self.folder / "open"
        self.written.mkdir()
        self.written.chmod(0o777)
        self.marker = self.written / "marker"
        self.marker.write_text(UNTOUCHED, encoding="utf-8")
        self.marker.chmod(0o666)
        self._marker_before = self.marker.stat()

    def _leave_a_descriptor_open(self, stack: contextlib.ExitStack) -> None:
        """As a careless library does: inheritable, with something in it."""
        self.descriptor = os.open(self.secret, os.O_RDONLY)
        stack.callback(os.close, self.descriptor)
        os.set_inheritable(self.descriptor, True)

    def _listen(self, stack: contextlib.ExitStack) -> None:
        kinds = (socket.SOCK_STREAM, socket.SOCK_DGRAM)
        self._tcp, self._udp = (stack.enter_context(socket.socket(socket.AF_INET, kind)) for kind in kinds)
        self._stream, self._datagram = (
            stack.enter_context(socket.socket(socket.AF_UNIX, kind)) for kind in kinds
        )
        self._named = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        for one in (self._tcp, self._udp):
            one.bind(("127.0.0.1", 0))
        for one in (self._stream, self._datagram):
            one.bind("\0" + self.name)
        self._named.bind(str(self.folder / "named"))
        (self.folder / "named").chmod(0o777)
        for one in (self._tcp, self._stream):
            one.listen()
        for one in (self._tcp, self._udp, self._stream, self._datagram, self._named):
            one.setblocking(False)

    def targets(self) -> dict[str, object]:
        """What the payload is told."""
        bystander, traced, owned, throttled = self._processes
        return {
            "tcp_port": self._tcp.getsockname()[1],
            "udp_port": self._udp.getsockname()[1],
            "abstract_stream": self.name,
            "abstract_datagram": self.name,
            "socket_path": str(self.folder / "named"),
            "secret_file": str(self.secret),
            "marker_file": str(self.marker),
            "marker_folder": str(self.written),
            "bystander": bystander.pid,
            "traced": traced.pid,
            "owned": owned.pid,
            "throttled": throttled.pid,
        }

    def reached(self, printed: str) -> dict[str, bool]:
        """For each attempt to reach outside: whether it did. `printed` is all output of the payload, attempt by attempt."""
        bystander, traced, owned, throttled = self._processes
        return {
            "tcp": came(self._tcp),
            "udp": came(self._udp),
            "abstract": came(self._stream),
            "abstract_datagram": came(self._datagram),
            "unix_path": came(self._named),
            "read": self.token in section(printed, "read"),
            "write": self._was_written(),
            "secrets": self.token in section(printed, "secrets"),
            "ptrace": died(traced),
            "kill_by_descriptor": died(owned),
            "throttle": self._was_throttled(throttled),
            "kill": died(bystander),
            "surface": HELD in section(printed, "surface"),
            "rights": HELD in section(printed, "rights"),
        }

    def _was_written(self) -> bool:
        if os.listdir(self.written) != ["marker"] or self.marker.read_text(encoding="utf-8") != UNTOUCHED:
            return True
        now, before = self.marker.stat(), self._marker_before
        return (now.st_mode, now.st_mtime_ns, now.st_ctime_ns) != (
            before.st_mode,
            before.st_mtime_ns,
            before.st_ctime_ns,
        )

    def _was_throttled(self, process: subprocess.Popen[bytes]) -> bool:
        with contextlib.suppress(OSError):
            limits = Path(f"/proc/{process.pid}/limits").read_text(encoding="utf-8")
            open_files = next(line for line in limits.splitlines() if line.startswith("Max open files"))
            return "5" in open_files.split() or os.getpriority(os.PRIO_PROCESS, process.pid) == 19
        return False


@contextlib.contextmanager
def bystander(token: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the service's user, with a secret in its environment."""
    process = subprocess.Popen(
        [*sleeper(), str(LIFETIME)],
        env={"MINI_AGENT_SECRET": token},
        stdin=subprocess.DEVNULL,
        # Whoever waits for the service's output to end must not wait for this one, should the service be killed.
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def sleeper() -> list[str]:
    found = shutil.which("sleep")
    return (
        [found]
        if found
        else [sys.executable, "-I", "-S", "-c", "import sys, time; time.sleep(int(sys.argv[1]))"]
    )


def came(listener: socket.socket) -> bool:
    """Whether a connection or a message waits."""
    try:
        if listener.type == socket.SOCK_STREAM:
            listener.accept()[0].close()
            return True
        return bool(listener.recv(64))
    except BlockingIOError:
        return False


def died(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(0.02)
    except subprocess.TimeoutExpired:
        return False
    return True


def section(printed: str, attempt: str) -> str:
    """What the payload printed during one attempt."""
    _, _, after = printed.partition(f"began {attempt}\n")
    return after.partition("\nbegan ")[0]
