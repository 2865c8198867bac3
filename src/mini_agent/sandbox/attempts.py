"""Each attempt to escape, made inside a sandbox and judged by its effect outside."""

from __future__ import annotations

import asyncio
import functools
import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path

from mini_agent.sandbox import folder
from mini_agent.sandbox.attack import HEARTBEAT_SECONDS
from mini_agent.sandbox.launch import Sandbox
from mini_agent.sandbox.report import Attempt
from mini_agent.sandbox.result import SandboxResult
from mini_agent.sandbox.witness import Witness, section

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
