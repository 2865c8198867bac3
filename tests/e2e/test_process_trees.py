"""No process of a check outlives it: on its deadline, on Ctrl-C, and on TERM to the gate, fifty times each.

The tree is a child that ignores TERM, INT and HUP, a grandchild in its group, one under setsid and one that
daemonised twice. Each carries a mark in its environment, by which survivors are found.
"""

from __future__ import annotations

import os
import signal
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

TIMES = 50
AT_ONCE = 4

TREE = """
import os, signal, sys, time

for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)

def sleep_in_a_child(*before):
    if os.fork() == 0:
        for step in before:
            step()
        os.execvp("sleep", ["sleep", "300"])

def fork_again():
    if os.fork():
        os._exit(0)

sleep_in_a_child()
sleep_in_a_child(os.setsid)
sleep_in_a_child(os.setsid, fork_again)
open(sys.argv[1], "w").close()
time.sleep(300)
"""


def marked(mark: str) -> list[int]:
    """Processes that carry the mark."""
    found = []
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and mark.encode() in Path(f"/proc/{name}/environ").read_bytes():
                found.append(int(name))
        except OSError:
            continue
    return found


def test_the_tree_is_as_hard_to_kill_as_it_says(make_project, wait_for):
    import subprocess
    import sys

    mark = f"MARK={uuid.uuid4()}"
    project = make_project({"tree.py": TREE})
    name, _, value = mark.partition("=")
    process = subprocess.Popen(
        [sys.executable, "tree.py", "up"],
        cwd=project.root,
        env={**os.environ, name: value},
        start_new_session=True,
    )
    wait_for((project.root / "up").exists)
    wait_for(lambda: len(marked(mark)) == 4)
    os.killpg(process.pid, signal.SIGTERM)
    process.kill()
    process.wait()
    left = marked(mark)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert len(left) >= 2, "what a plain kill leaves behind"


def test_none_is_left_after_the_deadline(make_project):
    checks = "".join(
        f"  - {{name: t{n}, lane: core, run: python tree.py up{n}, timeout: 1}}\n" for n in range(TIMES)
    )
    project = make_project({"readiness.yml": f"version: 2\nchecks:\n{checks}", "tree.py": TREE})
    mark = str(uuid.uuid4())
    process = project.start("run", "--quiet", "--grace", "0.1", "--jobs", str(AT_ONCE), MARK=mark)
    ran = project.wait(process, timeout=180)
    assert marked(mark) == []
    assert {one["outcome"] for one in ran.report["checks"]} == {"timed_out"}
    assert all((project.root / f"up{n}").exists() for n in range(TIMES))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_none_is_left_after_a_signal_to_the_gate(make_project, wait_for, number, code):
    def once(index: int) -> tuple[int, list[int]]:
        project = make_project(
            {
                "readiness.yml": "version: 2\nchecks:\n  - {name: tree, lane: core, run: python tree.py up}\n",
                "tree.py": TREE,
            },
            name=f"p{index}",
        )
        mark = str(uuid.uuid4())
        process = project.start("run", "--quiet", "--grace", "0.1", MARK=mark)
        wait_for((project.root / "up").exists)
        process.send_signal(number)
        ran = project.wait(process)
        return ran.code, marked(mark)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        ended = list(threads.map(once, range(TIMES)))
    assert ended == [(code, [])] * TIMES


def test_none_is_left_after_the_gate_was_killed(make_project, wait_for):
    """Nobody is left to clean up but the workers, which see the gate's pipe close."""
    project = make_project(
        {
            "readiness.yml": "version: 2\nchecks:\n  - {name: tree, lane: core, run: python tree.py up}\n",
            "tree.py": TREE,
        }
    )
    mark = str(uuid.uuid4())
    process = project.start("run", "--quiet", MARK=mark)
    wait_for((project.root / "up").exists)
    process.kill()
    project.wait(process)
    wait_for(lambda: not marked(mark))
