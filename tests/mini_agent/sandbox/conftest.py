"""A sandbox that holds here, a folder for it, and the payload to run outside as the control."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mini_agent.sandbox import attack, folder
from mini_agent.sandbox.launch import Sandbox
from mini_agent.sandbox.places import places
from mini_agent.sandbox.report import SandboxReport
from mini_agent.sandbox.result import SandboxError
from mini_agent.sandbox.self_test import WAYS, candidate, probe


@pytest.fixture(scope="session")
def report() -> SandboxReport:
    found = probe()
    if not found.ok:
        pytest.skip(found.reason)
    return found


@pytest.fixture(scope="session")
def sandbox(report: SandboxReport) -> Sandbox:
    return Sandbox(report.way, report.layers, places(["cat", "true"]), bubblewrap=report.bubblewrap)


@pytest.fixture(scope="session", params=WAYS)
def each_way(request: pytest.FixtureRequest) -> Sandbox:
    """A whole sandbox of every way that this machine has."""
    found = candidate(request.param, frozenset())
    if isinstance(found, str):
        pytest.skip(f"{request.param}: {found}")
    with tempfile.TemporaryDirectory() as folder:
        try:
            asyncio.run(found.run([found.places.python, "-c", ""], folder=folder, timeout=10))
        except SandboxError as fault:
            pytest.skip(f"{request.param}: {fault}")
    return found


@pytest.fixture
def own(sandbox: Sandbox, tmp_path: Path) -> Iterator[str]:
    tmp_path.chmod(0o755)
    made = folder.make(sandbox.way, sandbox.places)
    yield made
    folder.remove(made)


@pytest.fixture
def unconfined(tmp_path: Path) -> Callable[..., str]:
    """Run the payload with nothing around it but limits that keep the test machine safe; gives its output."""

    def run(attempts: list[str], given: dict[str, object], seconds: float = 10, descriptor: int = -1) -> str:
        command = [sys.executable, "-I", "-S", attack.__file__]
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            start_new_session=True,
            pass_fds=() if descriptor < 0 else (descriptor,),
        )
        try:
            told = json.dumps({"attempts": attempts, **given})
            return process.communicate(told, timeout=seconds)[0]
        except subprocess.TimeoutExpired as late:
            process.kill()
            process.wait()
            return (late.stdout or b"").decode()
        finally:
            if "outlive" not in attempts:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    with contextlib.suppress(BrokenPipeError):
                        pipe.close()

    return run
