"""Finding a place for a group, against a tree of files; and a real group, where the machine lets one be made."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mini_agent.sandbox.inside import cgroup

BOUNDS = {"memory": 100 << 20, "processes": 10}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A hierarchy like a systemd user session: the service in a scope below a delegated slice."""
    slice_ = tmp_path / "fs" / "user.slice" / "app.slice"
    (slice_ / "service.scope").mkdir(parents=True)
    for folder, controllers in ((slice_, "cpu memory pids"), (slice_ / "service.scope", "")):
        (folder / "cgroup.subtree_control").write_text(controllers)
        (folder / "cgroup.procs").touch()
    (tmp_path / "mountinfo").write_text(
        f"30 20 0:20 / /proc rw - proc proc rw\n41 31 0:38 / {tmp_path}/fs rw,relatime - cgroup2 cgroup2 rw\n"
    )
    (tmp_path / "own").write_text("1:cpu:/\n0::/user.slice/app.slice/service.scope\n")
    return tmp_path


def place(tree: Path) -> str:
    return cgroup.place(str(tree / "mountinfo"), str(tree / "own"))


def test_it_lies_beside_the_service_s_own_group(tree: Path):
    assert place(tree) == f"{tree}/fs/user.slice/app.slice"


def test_without_the_memory_controller_there_is_none(tree: Path):
    (tree / "fs/user.slice/app.slice/cgroup.subtree_control").write_text("cpu pids")
    assert place(tree) == ""


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_in_a_folder_of_somebody_else_there_is_none(tree: Path):
    (tree / "fs/user.slice/app.slice").chmod(0o555)
    assert place(tree) == ""


def test_without_version_2_there_is_none(tree: Path):
    (tree / "mountinfo").write_text("41 31 0:38 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n")
    assert place(tree) == ""


def test_limits_are_written_where_the_kernel_has_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made = tmp_path / f"{cgroup.PREFIX}{os.getpid()}"

    real_mkdir = os.mkdir

    def mkdir(path: str) -> None:
        real_mkdir(path)
        for name in ("memory.max", "memory.oom.group", "pids.max"):
            (made / name).touch()

    monkeypatch.setattr(cgroup.os, "mkdir", mkdir)
    bounds = {**BOUNDS}
    cgroup.Group(str(tmp_path), cgroup.limits(bounds))  # type: ignore[arg-type]
    assert (made / "memory.max").read_text() == str((100 << 20) + cgroup.SPARE_BYTES)
    assert (made / "pids.max").read_text() == "18"
    assert not (made / "memory.swap.max").exists()


@pytest.mark.parametrize(
    ("events", "out"), [("low 0\noom 2\noom_kill 1\n", True), ("oom_kill 0\n", False), ("", False)]
)
def test_the_kernel_says_whether_memory_ran_out(tmp_path: Path, events: str, out: bool):
    group = cgroup.Group(str(tmp_path), {})
    Path(group.path, "memory.events").write_text(events)
    assert group.ran_out() is out


@pytest.fixture
def real() -> Iterator[str]:
    root = cgroup.mount_point("/proc/self/mountinfo")
    if not root or not os.access(os.path.join(root, "cgroup.procs"), os.W_OK):
        pytest.skip("no group can be made here")
    yield root
    cgroup.clear(root)


def test_a_real_group_ends_what_is_in_it_and_goes(real: str):
    try:
        group = cgroup.Group(real, {})
    except OSError as refusal:
        pytest.skip(f"no group can be made here: {refusal}")
    child = os.fork()
    if child == 0:
        group.join()
        if os.fork() == 0:
            os.setsid()
        time.sleep(30)
        os._exit(0)
    procs = Path(group.path, "cgroup.procs")
    until = time.monotonic() + 5
    while len(procs.read_text().split()) < 2 and time.monotonic() < until:
        time.sleep(0.005)
    assert len(procs.read_text().split()) == 2
    group.end()
    assert os.waitpid(child, 0)[1] == 9
    assert not os.path.exists(group.path)


def test_what_a_killed_launcher_left_is_removed(real: str):
    left = os.path.join(real, f"{cgroup.PREFIX}left")
    try:
        os.mkdir(left)
    except OSError as refusal:
        pytest.skip(f"no group can be made here: {refusal}")
    cgroup.clear(real)
    assert not os.path.exists(left)
