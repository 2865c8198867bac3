"""Whether generated code can be held on this machine: it is tried, with a payload that does its best to get out.

Every attempt is judged by its effect on the host's side, never by what the payload says of it: a message that arrived, a
file that changed, a secret that was printed, a process that died or lived on.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Collection, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from mini_agent.sandbox import folder
from mini_agent.sandbox.attack import HEARTBEAT_SECONDS
from mini_agent.sandbox.inside import plan as words
from mini_agent.sandbox.launch import ALL_LAYERS, Sandbox
from mini_agent.sandbox.places import places
from mini_agent.sandbox.report import Attempt, SandboxReport
from mini_agent.sandbox.result import SandboxError, SandboxResult
from mini_agent.sandbox.witness import Witness, section

Answer = TypeVar("Answer")

WAYS = (words.NAMESPACES, words.BUBBLEWRAP, words.BARE)
"""In this order: our own namespaces start fastest; bubblewrap may be allowed where they are not."""

REACHING = (
    "tcp",
    "udp",
    "abstract",
    "abstract_datagram",
    "unix_path",
    "read",
    "write",
    "secrets",
    "ptrace",
    "kill_by_descriptor",
    "throttle",
    "kill",
    "surface",
    "rights",
)
MEMORY_PARTS, CHILDREN, CHILD_MEBIBYTES, FORKS = 16, 6, 150, 150
HELD_TOO_MUCH = {"memory": MEMORY_PARTS, "tree_memory": CHILDREN, "fork_bomb": FORKS}
"""1 GiB in one process, six times 150 MiB, and so many processes: held at once, the attempt succeeded."""

SECONDS_FOR_AN_ATTEMPT = 15.0
DEADLINES_TO_OUTLIVE = (0.3, 1.5, 6.0)
"""A slow machine needs longer before there is a child at all."""
SECONDS_TO_LIVE_ON = 0.06
SECONDS_TO_LIVE = 8

MEANING = {
    "tcp": "TCP to the host's loopback",
    "udp": "UDP to the host's loopback",
    "abstract": "an abstract socket of the host",
    "abstract_datagram": "an abstract socket of the host, through a datagram pair",
    "unix_path": "a socket in another folder",
    "read": "reading another folder's file",
    "write": "changing another folder's files",
    "secrets": "the service's environment and descriptors",
    "ptrace": "taking hold of a process of the service",
    "kill_by_descriptor": "signalling the service through a descriptor's owner",
    "throttle": "limiting a process of the service",
    "kill": "signalling a process of the service",
    "surface": "kernel interfaces that programs have no use for",
    "rights": "root's rights",
    "memory": "1 GiB of memory",
    "tree_memory": "six times 150 MiB of memory",
    "fork_bomb": "a fork bomb",
    "outlive": "a child in its own session outliving the deadline",
}


@functools.cache
def _payload() -> bytes:
    return Path(__file__).with_name("attack.py").read_bytes()


_lock = threading.Lock()
_known: dict[frozenset[str], SandboxReport] = {}


def probe(without: Collection[str] = ()) -> SandboxReport:
    """What holds generated code here; takes about a second the first time, is known afterwards.

    Blocks: from an event loop call it with `asyncio.to_thread`. `without` names layers and ways to leave out.
    """
    key = frozenset(without)
    with _lock:
        if key not in _known:
            _known[key] = _in_own_loop(_choose(key))
        return _known[key]


def explain() -> SandboxReport:
    """`probe()`, and for each attempt that reaches outside which layers would stop it alone."""
    report = probe()
    return _in_own_loop(_explain(report)) if report.ok else report


def _in_own_loop(work: Coroutine[Any, Any, Answer]) -> Answer:
    """In a thread, because the caller's may have a loop that runs."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox-self-test") as pool:
        return pool.submit(asyncio.run, work).result()


async def _choose(without: frozenset[str]) -> SandboxReport:
    began = time.monotonic()
    refused: list[tuple[str, str]] = []
    attempts: tuple[Attempt, ...] = ()
    for way in (way for way in WAYS if way not in without):
        sandbox, attempts, fault = await _try(way, without)
        if sandbox and fault and words.CGROUP in sandbox.layers:
            sandbox, attempts, fault = await _try(way, without | {words.CGROUP})
        if sandbox and not fault:
            return SandboxReport(
                True, way, sandbox.layers, sandbox.bubblewrap, attempts, "", tuple(refused), since(began)
            )
        refused.append((way, fault))
    reason = "; ".join(f"{way}: {why}" for way, why in refused) or "no way to hold a program was left to try"
    reason = f"no working sandbox: {reason}"
    return SandboxReport(False, "", (), "", attempts, reason, tuple(refused), since(began))


async def _try(way: str, without: frozenset[str]) -> tuple[Sandbox | None, tuple[Attempt, ...], str]:
    """One way: the sandbox, what came of every attempt, and why it is not to be taken (empty when it is)."""
    sandbox = candidate(way, without)
    if isinstance(sandbox, str):
        return None, (), sandbox
    attempts: tuple[Attempt, ...] = ()
    fault = ""
    try:
        attempts = await try_everything(sandbox)
    except* (SandboxError, OSError) as faults:
        fault = str(faults.exceptions[0])
    leaks = ", ".join(MEANING[one.name] for one in attempts if not one.stopped)
    return sandbox, attempts, fault or (f"does not stop: {leaks}" if leaks else "")


def since(began: float) -> float:
    return (time.monotonic() - began) * 1000


def candidate(way: str, without: frozenset[str]) -> Sandbox | str:
    """The sandbox of one way, with every layer that the kernel has; or why there is none."""
    if sys.platform != "linux":
        return f"{sys.platform} has no namespaces, Landlock or seccomp"
    try:
        from mini_agent.sandbox.inside import cgroup, landlock
    except ImportError as fault:
        return f"the interpreter lacks what system calls need: {fault}"
    bubblewrap = shutil.which("bwrap") or "" if way == words.BUBBLEWRAP else ""
    if way == words.BUBBLEWRAP and not bubblewrap:
        return "bwrap is not installed"
    missing = set() if landlock.abi() else {words.LANDLOCK}
    if way == words.BARE and missing:
        return "the kernel has no Landlock"
    if not cgroup.place():
        missing.add(words.CGROUP)
    layers = tuple(one for one in ALL_LAYERS if one not in without and one not in missing)
    return Sandbox(way, layers, places(), bubblewrap=bubblewrap)


async def try_everything(sandbox: Sandbox) -> tuple[Attempt, ...]:
    """All attempts, those that only cost something next to each other.

    Raises an ExceptionGroup of SandboxError or OSError where nothing can be run.
    """
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(reach(sandbox))]
        tasks += [group.create_task(exhaust(sandbox, name)) for name in HELD_TOO_MUCH]
        tasks += [group.create_task(outlive(sandbox))]
    return tuple(one for task in tasks for one in task.result())


async def reach(sandbox: Sandbox) -> list[Attempt]:
    """Everything that touches what is outside. An attempt that was not made proves nothing, and counts as not stopped."""
    with Witness() as witness:
        result = await attack(sandbox, REACHING, {**witness.targets(), **kernel_targets()})
        effects = witness.reached(result.stdout)
    return [Attempt(name, made(result, name) and not effects[name], said(result, name)) for name in REACHING]


def kernel_targets() -> dict[str, object]:
    """Calls that must not succeed, by their numbers here; arguments as numbers or as hexadecimal bytes."""
    from mini_agent.sandbox.inside import kernel, syscalls

    machine = kernel.machine()
    column = 1 if machine == kernel.X86_64 else 2
    numbers = {row[0]: row[column] for row in syscalls.ALWAYS}
    calls = (
        ("unshare", [kernel.CLONE_NEWUSER]),
        ("io_uring_setup", [1, "00" * 120]),
        ("bpf", [0, "02000000" + "04000000" * 2 + "01000000" + "00" * 56, 72]),
        ("keyctl", [0, -5, 1]),
        ("userfaultfd", [1]),
        ("memfd_create", ["7800", 0]),
    )
    surface = [(name, numbers[name], arguments) for name, arguments in calls]
    return {"surface": surface, "capget": kernel.CAPGET[machine]}


async def exhaust(sandbox: Sandbox, name: str) -> list[Attempt]:
    given = {
        "memory_parts": MEMORY_PARTS,
        "children": CHILDREN,
        "child_mebibytes": CHILD_MEBIBYTES,
        "forks": FORKS,
    }
    result = await attack(sandbox, (name,), given)
    too_much = f"held {HELD_TOO_MUCH[name]}" in result.stdout
    detail = f"killed for {result.killed_for}" if result.killed_for else said(result, name)
    return [Attempt(name, made(result, name) and not too_much, detail)]


async def outlive(sandbox: Sandbox) -> list[Attempt]:
    """The child writes to its folder as long as it lives; what is written after the deadline is the proof that it does."""
    attempt = Attempt("outlive", False)
    for seconds in DEADLINES_TO_OUTLIVE:
        attempt, begun = await outlive_deadline(sandbox, seconds)
        if begun:
            break
    return [attempt]


async def outlive_deadline(sandbox: Sandbox, seconds: float) -> tuple[Attempt, bool]:
    """The attempt, and whether the child had begun to live before the deadline: else nothing is proved."""
    own = await asyncio.to_thread(folder.make, sandbox.way, sandbox.places)
    heartbeat = os.path.join(own, "heartbeat")
    given = {"heartbeat": heartbeat, "heartbeats": int((seconds + SECONDS_TO_LIVE) / HEARTBEAT_SECONDS)}
    try:
        result = await attack(sandbox, ("outlive",), given, own, seconds)
        before = size_of(heartbeat)
        await asyncio.sleep(SECONDS_TO_LIVE_ON)
        stopped = before > 0 and size_of(heartbeat) == before
    finally:
        await asyncio.to_thread(folder.remove, own)
    return Attempt("outlive", stopped and result.timed_out, f"killed for {result.killed_for}"), before > 0


def size_of(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


async def attack(
    sandbox: Sandbox,
    attempts: Collection[str],
    given: Mapping[str, object],
    own: str = "",
    seconds: float = SECONDS_FOR_AN_ATTEMPT,
) -> SandboxResult:
    """Run the payload in the sandbox. Raises SandboxError."""
    made_here = own or await asyncio.to_thread(folder.make, sandbox.way, sandbox.places)
    told = json.dumps({"attempts": list(attempts), **given}).encode()
    argv = [sandbox.places.python, "-s", "-E", "-B", "attack.py"]
    try:
        return await sandbox.run(
            argv, folder=made_here, timeout=seconds, stdin=told, files={"attack.py": _payload()}
        )
    finally:
        if not own:
            await asyncio.to_thread(folder.remove, made_here)


def made(result: SandboxResult, name: str) -> bool:
    return f"began {name}\n" in result.stdout


def said(result: SandboxResult, name: str) -> str:
    """The payload's own last line on an attempt, for a person."""
    lines = section(result.stdout, name).strip().splitlines()
    if not made(result, name):
        return f"was not made: {(result.stderr.strip().splitlines() or [f'exit code {result.rc}'])[-1]}"
    return lines[-1] if lines else "no answer"


async def _explain(report: SandboxReport) -> SandboxReport:
    """Each layer alone against everything that reaches outside."""
    alone = [(report.way, ()), *((words.BARE, (layer,)) for layer in (words.LANDLOCK, words.SECCOMP))]
    stopped_by: dict[str, list[str]] = {name: [] for name in REACHING}
    for way, layers in alone:
        sandbox = Sandbox(way, layers, places(), bubblewrap=report.bubblewrap)
        try:
            found = await reach(sandbox)
        except (SandboxError, OSError):
            continue
        for one in found:
            if one.stopped:
                stopped_by[one.name].append(layers[0] if layers else way)
    attempts = tuple(
        Attempt(one.name, one.stopped, one.detail, tuple(stopped_by.get(one.name, ())))
        for one in report.attempts
    )
    return SandboxReport(
        report.ok,
        report.way,
        report.layers,
        report.bubblewrap,
        attempts,
        report.reason,
        report.refused,
        report.ms,
    )
