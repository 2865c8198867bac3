"""Every way out that the payload knows: it works outside the sandbox, and is stopped inside, by every way there is."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mini_agent.sandbox import attempts, self_test
from mini_agent.sandbox.attack import ATTEMPTS
from mini_agent.sandbox.attempts import (
    CHILD_MEBIBYTES,
    CHILDREN,
    FORKS,
    HELD_TOO_MUCH,
    MEANING,
    MEMORY_PARTS,
    REACHING,
    exhaust,
    kernel_targets,
    outlive,
    reach,
)
from mini_agent.sandbox.inside import plan as words
from mini_agent.sandbox.launch import DEFAULT_LAYERS, Sandbox
from mini_agent.sandbox.report import Attempt, SandboxReport
from mini_agent.sandbox.witness import Witness

GIBIBYTE = 1 << 30


def restrained_by_the_host(name: str) -> str:
    """Why an attempt fails here even without a sandbox, so that its control cannot be shown."""
    scope = Path("/proc/sys/kernel/yama/ptrace_scope")
    if name == "ptrace" and scope.exists() and scope.read_text().strip() != "0":
        return "Yama forbids tracing"
    if name == "rights" and os.geteuid() != 0:
        return "only root has rights to hold"
    return ""


def test_every_attempt_has_a_name_for_people():
    assert set(ATTEMPTS) == set(MEANING) == {*REACHING, *HELD_TOO_MUCH, "outlive"}


def test_outside_everything_is_reached(unconfined: Callable[..., str]):
    """The control: each attempt can succeed, and the witness sees it."""
    with Witness() as witness:
        printed = unconfined(
            list(REACHING), {**witness.targets(), **kernel_targets()}, descriptor=witness.descriptor
        )
        reached = witness.reached(printed)
    missed = [name for name, was in reached.items() if not was and not restrained_by_the_host(name)]
    assert missed == [], printed


def test_a_witness_that_nobody_attacked_saw_nothing():
    with Witness() as witness:
        assert not any(witness.reached("").values())


def test_inside_nothing_is_reached(each_way: Sandbox):
    made = asyncio.run(reach(each_way))
    assert [one.name for one in made] == list(REACHING)
    assert [one for one in made if not one.stopped] == []


@pytest.mark.skipif(
    os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") < 3 * GIBIBYTE,
    reason="needs 3 GiB of free memory",
)
@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("memory", {"memory_parts": MEMORY_PARTS}),
        ("tree_memory", {"children": CHILDREN, "child_mebibytes": CHILD_MEBIBYTES}),
        ("fork_bomb", {"forks": FORKS}),
    ],
)
def test_outside_as_much_as_is_asked_for_is_had(
    name: str, given: dict[str, object], unconfined: Callable[..., str]
):
    assert f"held {HELD_TOO_MUCH[name]}\n" in unconfined([name], given)


@pytest.mark.parametrize("name", HELD_TOO_MUCH)
def test_inside_too_much_is_refused(each_way: Sandbox, name: str):
    [attempt] = asyncio.run(exhaust(each_way, name))
    assert attempt.stopped, attempt


def test_outside_a_child_in_its_own_session_outlives_its_parent(
    tmp_path: Path, unconfined: Callable[..., str]
):
    heartbeat = tmp_path / "heartbeat"
    unconfined(["outlive"], {"heartbeat": str(heartbeat), "heartbeats": 400}, seconds=1.0)
    before = heartbeat.stat().st_size
    until = time.monotonic() + 2
    while heartbeat.stat().st_size == before and time.monotonic() < until:
        time.sleep(0.01)
    assert heartbeat.stat().st_size > before > 0


def test_inside_no_child_outlives_the_deadline(each_way: Sandbox):
    [attempt] = asyncio.run(outlive(each_way))
    assert attempt.stopped, attempt


def test_a_child_that_never_lived_proves_nothing(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(attempts, "DEADLINES_TO_OUTLIVE", (0.01,))
    [attempt] = asyncio.run(outlive(sandbox))
    assert not attempt.stopped


def without(*layers: str) -> tuple[str, ...]:
    return tuple(one for one in DEFAULT_LAYERS if one not in layers)


def names_not_stopped(made: list[Attempt]) -> set[str]:
    return {one.name for one in made if not one.stopped}


OF_ROOT_ALONE = {"secrets", "ptrace"} if os.geteuid() == 0 else set()
"""A program of root that gave up root's rights may not look into one of root's that has them."""
NETWORK = {"udp", "unix_path"}


@pytest.mark.parametrize(
    ("layers", "open_ways"),
    [
        (without(words.SECCOMP), {*NETWORK, "write", "throttle", "surface"}),
        (without(words.LANDLOCK), {"read", "write", "secrets"} - OF_ROOT_ALONE),
        (without(words.LANDLOCK, words.SECCOMP), {*REACHING} - {"rights"} - OF_ROOT_ALONE),
    ],
    ids=["seccomp", "Landlock", "both"],
)
def test_a_layer_less_is_seen_where_no_namespace_stands_behind_it(
    layers: tuple[str, ...], open_ways: set[str]
):
    candidate = self_test.candidate(words.BARE, frozenset())
    if isinstance(candidate, str):
        pytest.skip(candidate)
    found = names_not_stopped(asyncio.run(reach(Sandbox(words.BARE, layers))))
    assert found == {name for name in open_ways if not restrained_by_the_host(name)}


@pytest.mark.parametrize(
    ("layers", "open_ways"),
    [
        (without(words.SECCOMP), {"surface"}),
        (without(words.LANDLOCK), set()),
        (without(words.IDENTITY), {"rights"} if os.geteuid() == 0 else set()),
    ],
    ids=["seccomp", "Landlock", "identity"],
)
def test_a_layer_less_in_namespaces(layers: tuple[str, ...], open_ways: set[str], report: SandboxReport):
    if report.way != words.NAMESPACES:
        pytest.skip("no namespaces here")
    assert names_not_stopped(asyncio.run(reach(Sandbox(words.NAMESPACES, layers)))) == open_ways


@pytest.mark.parametrize(
    ("layers", "name"),
    [
        (without(words.WATCHER), "tree_memory"),
        (without(words.WATCHER, words.RLIMITS), "memory"),
        (without(words.WATCHER, words.RLIMITS), "fork_bomb"),
    ],
)
def test_without_limits_or_watcher_the_self_test_sees_it(
    layers: tuple[str, ...], name: str, report: SandboxReport
):
    sandbox = Sandbox(report.way, layers, bubblewrap=report.bubblewrap)
    assert names_not_stopped(asyncio.run(exhaust(sandbox, name))) == {name}


@pytest.mark.parametrize(("name", "ended_for"), [("memory", "memory"), ("fork_bomb", "processes")])
def test_the_watcher_stands_behind_the_limits(name: str, ended_for: str, report: SandboxReport):
    sandbox = Sandbox(report.way, without(words.RLIMITS), bubblewrap=report.bubblewrap)
    [attempt] = asyncio.run(exhaust(sandbox, name))
    assert (attempt.stopped, attempt.detail) == (True, f"killed for {ended_for}")


def test_the_limits_stand_behind_the_watcher(report: SandboxReport):
    sandbox = Sandbox(report.way, without(words.WATCHER), bubblewrap=report.bubblewrap)
    [attempt] = asyncio.run(exhaust(sandbox, "memory"))
    assert attempt.stopped
    assert "MemoryError" in attempt.detail


def test_without_the_sweep_a_child_lives_on_where_no_pid_namespace_ends_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("mini_agent.sandbox.running.SECONDS_OF_GRACE", 1.0)
    if isinstance(self_test.candidate(words.BARE, frozenset()), str):
        pytest.skip("no Landlock here")
    sandbox = Sandbox(words.BARE, without(words.SWEEP))
    assert names_not_stopped(asyncio.run(outlive(sandbox))) == {"outlive"}


@pytest.mark.parametrize("version", [1, 2, 3, 4, 5])
def test_older_versions_of_landlock_hold_too(version: int):
    """With what they lack, seccomp steps in: TCP before 4, truncation before 3, signals and abstract sockets before 6."""
    candidate = self_test.candidate(words.BARE, frozenset())
    if isinstance(candidate, str):
        pytest.skip(candidate)
    assert names_not_stopped(asyncio.run(reach(replace(candidate, landlock_abi=version)))) == set()
