"""Whether generated code can be held on this machine: it is tried, with a payload that does its best to get out.

Every attempt is judged by its effect on the host's side, never by what the payload says of it: a message that arrived, a
file that changed, a secret that was printed, a process that died or lived on.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import threading
import time
from collections.abc import Collection, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from mini_agent.sandbox.attempts import MEANING, REACHING, reach, try_everything
from mini_agent.sandbox.inside import plan as words
from mini_agent.sandbox.launch import ALL_LAYERS, Sandbox
from mini_agent.sandbox.places import places
from mini_agent.sandbox.report import Attempt, SandboxReport
from mini_agent.sandbox.result import SandboxError

Answer = TypeVar("Answer")

WAYS = (words.NAMESPACES, words.BUBBLEWRAP, words.BARE)
"""In this order: our own namespaces start fastest; bubblewrap may be allowed where they are not."""

SECONDS_OF_REFUSAL = 60.0
"""A refusal may come from a machine that was too busy to prove anything, so it is not for ever."""
_lock = threading.Lock()
_known: dict[frozenset[str], tuple[SandboxReport, float]] = {}


def probe(without: Collection[str] = ()) -> SandboxReport:
    """What holds generated code here; takes about a second the first time, is known afterwards.

    Blocks: from an event loop call it with `asyncio.to_thread`. `without` names layers and ways to leave out.
    """
    key = frozenset(without)
    with _lock:
        report, asked = _known.get(key, (None, 0.0))
        if report is None or not (report.ok or time.monotonic() - asked < SECONDS_OF_REFUSAL):
            report = _in_own_loop(_choose(key))
            _known[key] = report, time.monotonic()
        return report


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
