"""What the watcher counts, on real processes and folders."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mini_agent.sandbox.inside import watch

MEBIBYTE = 1 << 20
BOUNDS = {"processes": 10, "memory": 512 * MEBIBYTE, "folder_bytes": MEBIBYTE, "folder_files": 10}
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@contextmanager
def process(code: str) -> Iterator[subprocess.Popen[str]]:
    """A child that has run `code` and then waits for its input to end."""
    command = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        f"import os, sys\n{code}\nprint('begun', flush=True)\nsys.stdin.read()",
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == "begun\n"
        yield started
        started.kill()


def watcher(folder: Path, **changed: int) -> watch.Watcher:
    plan: Any = {"way": "bare", "bounds": {**BOUNDS, **changed}, "folder": str(folder)}
    return watch.Watcher(plan)


def test_a_tree_within_its_bounds_is_left_alone(tmp_path: Path):
    with process("pass"):
        assert watcher(tmp_path).look(os.getpid()) == ""


def test_memory_of_all_together(tmp_path: Path):
    held = "kept = b'x' * (30 << 20)"
    with process(held) as one, process(held):
        assert 30 * MEBIBYTE < watch.own_bytes(one.pid) < 60 * MEBIBYTE
        assert 30 * MEBIBYTE < watch.fair_bytes(one.pid) < 60 * MEBIBYTE
        assert watcher(tmp_path, memory=50 * MEBIBYTE).look(os.getpid()) == "memory"
        assert watcher(tmp_path, memory=150 * MEBIBYTE).look(os.getpid()) == ""


def test_processes_of_all_generations(tmp_path: Path):
    many = "for _ in range(4):\n  if not os.fork() or not os.fork(): sys.stdin.read(); os._exit(0)"
    with process(many):
        assert watcher(tmp_path, processes=1).look(os.getpid()) == "processes"


def test_a_process_that_is_gone_holds_nothing():
    with process("pass") as one:
        pass
    assert (watch.own_bytes(one.pid), watch.fair_bytes(one.pid), watch.deleted_bytes([one.pid])) == (
        0,
        0,
        0,
    )


def test_a_folder_s_files_are_counted_below_and_links_are_not_followed(tmp_path: Path):
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "file").write_bytes(b"x" * 100_000)
    (tmp_path / "link").symlink_to("/usr")
    used, files = watch.folder_use(str(tmp_path), 100)
    assert files == 4
    assert 100_000 <= used < 200_000


def test_counting_stops_when_it_is_enough(tmp_path: Path):
    for n in range(20):
        (tmp_path / str(n)).touch()
    assert watch.folder_use(str(tmp_path), 5)[1] == 6
    assert watcher(tmp_path, folder_files=5).look(os.getpid()) == "disk"


def test_a_hole_in_a_file_takes_no_place(tmp_path: Path):
    with open(tmp_path / "sparse", "wb") as file:
        file.truncate(1 << 30)
    assert watcher(tmp_path).look(os.getpid()) == ""


def test_deleted_files_that_are_still_open_are_counted(tmp_path: Path):
    hide = (
        f"f = open({str(tmp_path / 'x')!r}, 'wb', buffering=0); f.write(b'x' * (2 << 20)); os.remove(f.name)"
    )
    with process(hide) as one:
        assert 2 * MEBIBYTE <= watch.deleted_bytes([one.pid, one.pid]) < 3 * MEBIBYTE
        assert watcher(tmp_path).look(os.getpid()) == "disk"
