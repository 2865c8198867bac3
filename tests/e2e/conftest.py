"""Environments for foreign clients. They are made while other tests run, and kept in the user's cache for the next time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

REQUIREMENTS: Final = {
    # A seed stands for the same cases only in the same versions.
    "schemathesis_python": ("schemathesis==4.32.5", "hypothesis==6.170.17"),
    "litellm_python": ("litellm>=1.100,<2",),
    "inspect_ai_python": ("inspect-ai>=0.3,<1", "openai>=3,<4"),
}
"""What lies in the environment whose interpreter each fixture gives."""
UNREACHABLE: Final = re.compile(
    r"NewConnectionError|ConnectTimeout|Failed to establish|Temporary failure|No matching distribution"
)
MAKER: Final = ThreadPoolExecutor(1)
MAKING: Final[dict[str, Future[str]]] = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that need such an environment come last, in the order in which they are made."""
    order = list(REQUIREMENTS)
    items.sort(key=lambda item: max((order.index(one) + 1 for one in _needed(item)), default=0))


def pytest_collection_finish(session: pytest.Session) -> None:
    if session.config.option.collectonly:
        return
    needed = {name for item in session.items for name in _needed(item)}
    for name in REQUIREMENTS:
        if name in needed:
            MAKING[name] = MAKER.submit(_make, name)


def pytest_sessionfinish() -> None:
    MAKER.shutdown(cancel_futures=True)


def _needed(item: pytest.Item) -> set[str]:
    return set(getattr(item, "fixturenames", ())) & set(REQUIREMENTS)


def _folder(name: str) -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    tag = f"{sys.version_info.major}{sys.version_info.minor}"
    return Path(cache) / "readiness" / "test-environments" / f"{name.removesuffix('_python')}-{tag}"


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else of this machine makes it meanwhile."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{folder}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(name: str) -> str:
    """What went wrong; empty when it is there."""
    folder, wanted = _folder(name), REQUIREMENTS[name]
    marker = folder / "complete"
    with _alone(folder):
        if marker.exists() and marker.read_text() == "\n".join(wanted):
            return ""
        venv = ["venv", "--clear", "--without-pip", str(folder)]
        # Most of what is installed is never imported, and need not be compiled.
        pip = ["pip", "--python", str(folder), "install", "--disable-pip-version-check", "-q", "--no-compile"]
        for words in (venv, [*pip, *wanted]):
            done = subprocess.run(
                [sys.executable, "-m", *words],
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                check=False,
            )
            if done.returncode:
                return done.stdout + done.stderr
        marker.write_text("\n".join(wanted))
    return ""


def _python(name: str) -> str:
    if wrong := MAKING[name].result():
        if UNREACHABLE.search(wrong):
            pytest.skip(f"the package index cannot be reached: {wrong[-300:]}")
        raise AssertionError(f"{REQUIREMENTS[name]} could not be installed: {wrong[-2000:]}")
    return str(_folder(name) / "bin" / "python")


@pytest.fixture(scope="session")
def schemathesis_python() -> str:
    return _python("schemathesis_python")


@pytest.fixture(scope="session")
def litellm_python() -> str:
    return _python("litellm_python")


@pytest.fixture(scope="session")
def inspect_ai_python() -> str:
    return _python("inspect_ai_python")
