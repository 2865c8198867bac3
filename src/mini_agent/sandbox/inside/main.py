"""The launcher: one program, held by the plan's layers, watched, ended with everything that it started.

    launcher ── keeper (makes the namespaces) ── first process ── the program
       │
       └─ subreaper: watches memory, folder and clock; ends the tree when the service's pipe closes

Descriptors: 0 the plan, then kept open by the service as long as it wants the program to run; 1 and 2 the program's own
output; one more, whose number is the first argument, takes the `Ending`.
"""

from __future__ import annotations

import marshal
import os
import select
import sys
import time

from mini_agent.sandbox.inside import cgroup, confine, keeper, kernel, tree, watch
from mini_agent.sandbox.inside import plan as words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mini_agent.sandbox.inside.plan import Ending, Plan

CONTROL = 0
LENGTH_BYTES = 8
TICK = 0.01
SECONDS_TO_END = 2.0
KILLED = 9
"""A wait status: killed by signal 9."""


def main() -> None:
    ending_pipe = int(sys.argv[2])
    os.set_inheritable(ending_pipe, False)
    plan = read_plan()
    confine.step_down(plan)
    began = time.monotonic()
    sweep = words.SWEEP in plan["layers"]
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, int(sweep))
    group = (
        cgroup.Group(cgroup.place(), cgroup.limits(plan["bounds"]))
        if words.CGROUP in plan["layers"]
        else None
    )
    word_pipe, inner_pipe = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(word_pipe)
        os.close(ending_pipe)
        keeper.keep(plan, inner_pipe, group)
    os.close(inner_pipe)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    leave_output()
    word, killed_for = attend(plan, word_pipe, began + plan["seconds"])
    reaped = tree.end(SECONDS_TO_END) if sweep else tree.end_one(child)
    if group:
        killed_for = killed_for or ("memory" if group.ran_out() else "")
        group.end()
    ending = read_word(word, killed_for)
    ending["ms"] = (time.monotonic() - began) * 1000
    ending["reaped"] = reaped
    os.write(ending_pipe, marshal.dumps(ending))  # type: ignore[arg-type]  # a TypedDict is a dict
    os._exit(0)  # there is nothing to tidy, and the interpreter would take its time


def read_plan() -> Plan:
    length = int.from_bytes(read_exactly(LENGTH_BYTES), "little")
    plan: Plan = marshal.loads(read_exactly(length))
    return plan


def read_exactly(length: int) -> bytes:
    parts = b""
    while len(parts) < length:
        part = os.read(CONTROL, length - len(parts))
        if not part:
            sys.exit("the service closed its pipe before it had sent a plan")
        parts += part
    return parts


def leave_output() -> None:
    """Let go of the program's output, so that its reader sees the end when the program's tree is gone."""
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    os.close(nothing)


def attend(plan: Plan, word_pipe: int, until: float) -> tuple[bytes, str]:
    """Wait for the keeper's word, looking at the tree meanwhile. Gives the word and why the tree must be stopped."""
    watcher = watch.Watcher(plan) if words.WATCHER in plan["layers"] else None
    poll = select.poll()
    poll.register(CONTROL, select.POLLIN | select.POLLHUP)
    poll.register(word_pipe, select.POLLIN | select.POLLHUP)
    word = b""
    while True:
        left = until - time.monotonic()
        if left <= 0:
            return word, "time"
        for handle, _ in poll.poll(min(left, TICK) * 1000):
            if handle == CONTROL:
                return word, "cancelled"
            part = os.read(word_pipe, 4096)
            if not part:
                return word, ""
            word += part
        killed_for = watcher.look(os.getpid()) if watcher else ""
        if killed_for:
            return word, killed_for


def read_word(word: bytes, killed_for: str) -> Ending:
    """`exit N` or `fault TEXT`, as the keeper and the program's last steps before it wrote them."""
    ending: Ending = {"status": KILLED, "killed_for": killed_for, "fault": "", "ms": 0.0, "reaped": False}
    for line in word.decode("utf-8", "replace").splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "fault":
            ending["fault"] = rest
        elif kind == "exit" and not killed_for:
            ending["status"] = int(rest)
    return ending
