"""Between the launcher and the program: makes the world that the program lives in, starts it, tells how it ended."""

from __future__ import annotations

import os

from mini_agent.sandbox.inside import bubblewrap, confine, kernel, namespaces, program, tree
from mini_agent.sandbox.inside import plan as words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from mini_agent.sandbox.inside import cgroup
    from mini_agent.sandbox.inside.plan import Plan

SIGTERM = 15
SECONDS_TO_END = 2.0
FIRST_TO_DIE = "1000"
"""When the machine runs out of memory (proc(5), oom_score_adj)."""


def keep(plan: Plan, word_pipe: int, group: cgroup.Group | None) -> NoReturn:
    """Never returns: the launcher's child stays in here. A fault is told through the pipe, in one line."""
    try:
        if group:
            group.join()
        status = hold(plan, word_pipe)
    except Exception as fault:  # noqa: BLE001  # a forked child must not return into its parent's frames
        program.tell(word_pipe, f"fault {fault}")
        status = program.COULD_NOT_START
    os._exit(status)


def hold(plan: Plan, word_pipe: int) -> int:
    os.dup2(program_input(plan["stdin"]), 0)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, tree.SIGKILL)
    namespaces.write("/proc/self/oom_score_adj", FIRST_TO_DIE)
    owner = os.stat(plan["folder"])
    processes = confine.process_limit(plan, owner.st_uid)
    if plan["way"] == words.BARE and words.SWEEP in plan["layers"]:
        outlive_the_launcher()
    if plan["way"] == words.NAMESPACES:
        namespaces.enter()
        namespaces.build_root(plan)
        first = os.fork()
        if first:
            return os.waitstatus_to_exitcode(os.waitpid(first, 0)[1]) & 0xFF
        kernel.prctl(kernel.PR_SET_PDEATHSIG, tree.SIGKILL)
    child = os.fork()
    if child == 0:
        start(plan, word_pipe, owner, processes)
    close_output()
    program.tell(word_pipe, f"exit {wait_for(child)}")
    return 0


def outlive_the_launcher() -> None:
    """Where no namespace ends the tree: should the launcher be killed, the keeper ends it in its place."""
    import signal  # slow to import, and no other way needs it

    def sweep(*_: object) -> None:
        tree.end(SECONDS_TO_END)
        os._exit(0)

    signal.signal(SIGTERM, sweep)
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, SIGTERM)


def program_input(given: bytes) -> int:
    """A descriptor that reads as `given`: no pipe, so nobody has to keep filling it."""
    if not given:
        return os.open(os.devnull, os.O_RDONLY)
    handle = os.memfd_create("stdin")
    with open(handle, "wb", closefd=False) as file:
        file.write(given)
    reading = os.open(f"/proc/self/fd/{handle}", os.O_RDONLY)
    os.close(handle)
    return reading


def close_output() -> None:
    os.close(1)
    os.close(2)


def wait_for(child: int) -> int:
    """Its wait status; meanwhile every orphan of its tree is collected."""
    while True:
        pid, status = os.wait()
        if pid == child:
            return status


def start(plan: Plan, word_pipe: int, owner: os.stat_result, processes: int) -> NoReturn:
    """In the child that will be the program."""
    if plan["way"] != words.BUBBLEWRAP:
        program.become(plan, word_pipe, owner.st_uid, owner.st_gid, processes)
    try:
        bubblewrap.start(plan, word_pipe, owner, processes)
    except (OSError, ValueError) as fault:
        program.tell(word_pipe, f"fault {plan['bubblewrap']}: {fault}")
    finally:
        os._exit(program.COULD_NOT_START)
