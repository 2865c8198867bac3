"""Finding out, from inside a service's own network, that it can be used and that it is really ours."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import urllib.parse

from readiness.run import kernel, listeners

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

    from readiness.run.job import ReadyCheck

INTERVAL: Final = 0.05
PROBE_SECONDS: Final = 0.5
LOG_BYTES: Final = 1 << 20
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


class Prober:
    """Looks again and again until the service is ready or its time is up, and says so once.

    A ready command runs in the service's own environment `env`, below the calling process.
    """

    def __init__(self, ready: ReadyCheck, log: str, env: Mapping[str, str]) -> None:
        self._ready = ready
        self._log = log
        self._env = env
        self._next = 0.0
        self._last = "nothing answered"
        self._command = 0
        self._exit_code: int | None = None

    def look(self, elapsed: float) -> bytes | None:
        """One look, `elapsed` seconds after the start; a message for the gate once the question is settled."""
        if elapsed < self._next:
            return None
        self._next = elapsed + INTERVAL
        # Whoever took the port between the look and the answer gave the answer: hence the second look.
        stranger = self._held_by_stranger()
        why = "" if stranger else self._ask()
        if not why:
            stranger = stranger or self._held_by_stranger()
        if stranger:
            return _message("unready", why=stranger, retry=True)
        if not why:
            return _message("ready", seconds=round(elapsed, 3))
        self._last = why
        if elapsed >= self._ready.timeout:
            return _message("unready", why=self._timed_out(), retry=False)
        return None

    def _ask(self) -> str:
        """Empty when the service answered as it should, else what happened."""
        ask = {"url": self._ask_url, "tcp": self._ask_tcp, "log": self._ask_log, "command": self._ask_command}
        return ask[self._ready.kind]()

    def _ask_url(self) -> str:
        parts = urllib.parse.urlsplit(self._ready.target)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "127.0.0.1", parts.port, timeout=PROBE_SECONDS)
        try:
            connection.request("GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            return f"{self._ready.target}: {error or type(error).__name__}"
        finally:
            connection.close()
        return "" if 200 <= status < 400 else f"{self._ready.target} answered {status}"

    def _ask_tcp(self) -> str:
        host, _, port = self._ready.target.rpartition(":")
        try:
            socket.create_connection((host.strip("[]") or "127.0.0.1", int(port)), PROBE_SECONDS).close()
        except OSError as error:
            return f"{self._ready.target}: {error}"
        return ""

    def _ask_log(self) -> str:
        try:
            with open(self._log, "rb") as file:
                text = file.read(LOG_BYTES).decode("utf-8", "replace")
        except OSError as error:
            return f"its log cannot be read: {error.strerror}"
        return "" if re.search(self._ready.target, text) else f"its log does not match /{self._ready.target}/"

    def collect(self, ended: Mapping[int, int]) -> None:
        """Hear which children have ended: whoever reaps them all reaps the ready command too."""
        self._exit_code = ended.get(self._command, self._exit_code)

    def _ask_command(self) -> str:
        """Never waits: the command may take longer than one look."""
        if not self._command:
            self._command, self._exit_code = self._start_command(), None
            return self._last
        if self._exit_code is None:
            return f"`{self._ready.target}` is still running"
        self._command = 0
        if self._exit_code:
            return f"`{self._ready.target}` ended with exit code {self._exit_code}"
        return ""

    def _start_command(self) -> int:
        return os.posix_spawn(
            "/bin/sh",
            ("/bin/sh", "-c", self._ready.target),
            self._env,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
        )

    def _held_by_stranger(self) -> str:
        """Something may answer that is not the service which was started: only its own tree may hold the port."""
        port = self._local_port()
        if not kernel.IS_LINUX or not port or port not in listeners.listening_ports():
            return ""
        if port in listeners.ports_of_tree(os.getpid()):
            return ""
        return f"port {port} is held by a process that this run did not start"

    def _local_port(self) -> int:
        """The loopback port that the target names; 0 when it names none or lies on another host."""
        if self._ready.kind not in ("url", "tcp"):
            return 0
        scheme = "" if self._ready.kind == "url" else "tcp://"
        parts = urllib.parse.urlsplit(scheme + self._ready.target)
        return (parts.port or 0) if parts.hostname in LOOPBACK else 0

    def _timed_out(self) -> str:
        others = sorted(listeners.ports_of_tree(os.getpid()) - {self._ready.port})
        if not others or not self._ready.port:
            return f"not ready within {self._ready.timeout:g} s: {self._last}"
        listed = ", ".join(map(str, others))
        return (
            f"not ready within {self._ready.timeout:g} s: it listens on port {listed}, "
            f"not on {self._ready.port}, the one it was given as {{port}}"
        )


def _message(event: str, **facts: object) -> bytes:
    return json.dumps({"event": event, **facts}).encode() + b"\n"
