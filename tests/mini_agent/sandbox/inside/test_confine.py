from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import Any

import pytest

from mini_agent.sandbox.inside import confine, kernel, tree
from mini_agent.sandbox.inside import plan as words

SOMEBODY = 61200
BOUNDS: Any = {
    "memory": 1,
    "address_space": 1 << 40,
    "processes": 20,
    "file_size": 1 << 20,
    "folder_bytes": 1,
    "folder_files": 1,
    "open_files": 40,
    "cpu_seconds": 7,
}


def plan(way: str) -> Any:
    return {"way": way, "bounds": BOUNDS}


@pytest.mark.parametrize(
    ("way", "version", "own_user", "counts_others"),
    [
        (words.NAMESPACES, (6, 1), True, False),
        (words.BUBBLEWRAP, (5, 14), True, False),
        (words.NAMESPACES, (5, 13), True, True),
        (words.BARE, (6, 1), True, True),
        (words.BARE, (6, 1), False, False),
    ],
)
def test_processes_of_the_user_s_own_are_allowed_on_top_where_they_count(
    way: str, version: tuple[int, int], own_user: bool, counts_others: bool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(confine, "kernel_version", lambda: version)
    monkeypatch.setattr(tree, "tasks_of", lambda uid: 1000)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    found = confine.process_limit(plan(way), 0 if own_user else SOMEBODY)
    assert found == (1020 if counts_others else 20)


@pytest.mark.parametrize(
    ("release", "version"),
    [("6.18.44-generic", (6, 18)), ("5.14-rc1", (5, 14)), ("5.10.0-28-amd64", (5, 10)), ("6.1+", (6, 1))],
)
def test_the_kernel_s_version(release: str, version: tuple[int, int], monkeypatch: pytest.MonkeyPatch):
    class Names:
        pass

    names = Names()
    names.release = release  # type: ignore[attr-defined]
    monkeypatch.setattr(os, "uname", lambda: names)
    assert confine.kernel_version() == version


def in_a_child(work: Any) -> int:
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if work() else 1)
        finally:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_limits_are_set_for_good_and_never_raised():
    def work() -> bool:
        resource.setrlimit(resource.RLIMIT_NOFILE, (30, 30))
        confine.limit(BOUNDS, 25)
        expected = {
            resource.RLIMIT_NOFILE: 30,
            resource.RLIMIT_FSIZE: 1 << 20,
            resource.RLIMIT_CPU: 7,
            resource.RLIMIT_NPROC: 25,
            resource.RLIMIT_MEMLOCK: 0,
        }
        return all(resource.getrlimit(kind) == (most, most) for kind, most in expected.items())

    assert in_a_child(work) == 0


@pytest.mark.parametrize(
    ("rights", "owner", "layers", "steps"),
    [
        (False, SOMEBODY, (words.IDENTITY,), True),
        (True, SOMEBODY, (words.IDENTITY,), False),
        (False, 0, (words.IDENTITY,), False),
        (False, SOMEBODY, (), False),
    ],
)
def test_the_launcher_steps_down_where_root_has_no_rights(
    rights: bool,
    owner: int,
    layers: tuple[str, ...],
    steps: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    done: list[int] = []
    monkeypatch.setattr(confine, "holds", lambda *_: rights)
    monkeypatch.setattr(confine, "bar_capabilities", lambda: None)
    monkeypatch.setattr(confine, "become", lambda uid, gid: done.append(uid))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "stat", lambda path: os.stat_result((0, 0, 0, 0, owner, owner, 0, 0, 0, 0)))
    confine.step_down({"folder": str(tmp_path), "layers": layers})  # type: ignore[typeddict-item]
    assert done == ([SOMEBODY] if steps else [])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has something to give up")
def test_root_is_given_up_for_good():
    def work() -> bool:
        confine.bar_capabilities()
        confine.become(SOMEBODY, SOMEBODY)
        confine.drop_capabilities()
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        try:
            os.setuid(0)
        except PermissionError:
            # As bytes: the interpreter's own files are out of reach now, its codecs among them.
            with open("/proc/self/status", "rb") as file:
                sets = [line.split()[1] for line in file if line.startswith(b"Cap")]
            return set(sets) == {b"0" * 16} and os.getresuid() == (SOMEBODY,) * 3 and os.getgroups() == []
        return False

    assert in_a_child(work) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has something to give up")
def test_root_that_must_stay_root_has_no_rights():
    def work() -> bool:
        confine.bar_capabilities()
        confine.become(0, 0)
        confine.drop_capabilities()
        try:
            os.chown("/", 0, 0) or os.setuid(SOMEBODY)
        except PermissionError:
            return True
        return False

    assert in_a_child(work) == 0
