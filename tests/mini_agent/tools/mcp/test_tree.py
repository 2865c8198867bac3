"""Finding and ending everything that a process started."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time

import pytest

from mini_agent.tools.mcp.tree import MARK, Member, Tree, end_tree, members, parse_stat, processes

BODY = "import os,sys,time; print(os.getpid(), flush=True); time.sleep(600)"
SCRIPTS = {
    "a child": f"import subprocess,sys; subprocess.Popen([sys.executable, '-S', '-c', {BODY!r}]).wait()",
    "a child in another session": "import subprocess,sys\n"
    f"subprocess.Popen([sys.executable, '-S', '-c', {BODY!r}], start_new_session=True).wait()",
    "an orphan in another session": f"import os,time\nif os.fork():\n time.sleep(600)\nos.setsid()\nif os.fork():\n os._exit(0)\n{BODY}",
    "an orphan of a leader that is gone": f"import os\nif os.fork():\n os._exit(0)\nos.setsid()\n{BODY}",
}


@pytest.fixture
def started():
    """Starts a script as the leader of a tree; gives the tree, and the process that says it is deepest."""
    leaders = []

    def start(script: str):
        mark = f"test-{os.getpid()}-{len(leaders)}-{time.monotonic_ns()}"
        leader = subprocess.Popen(
            [sys.executable, "-S", "-c", script],
            stdout=subprocess.PIPE,
            env={**os.environ, MARK: mark},
            start_new_session=True,
        )
        leaders.append(leader)
        tree = Tree.of(leader.pid, mark)
        return tree, int(leader.stdout.readline())

    yield start
    for leader in leaders:
        leader.kill()
        leader.wait()
        leader.stdout.close()


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_nothing_of_a_tree_is_left(started, is_alive, script):
    tree, deepest = started(script)
    assert is_alive(deepest)
    assert deepest in members(tree)
    assert asyncio.run(end_tree(tree)) is True
    assert not is_alive(deepest)
    assert members(tree) == set()


def test_a_stranger_is_left_alone(started, is_alive):
    (older, _), (tree, _), (younger, _) = started(BODY), started(BODY), started(BODY)
    assert members(tree) == {tree.leader}
    assert asyncio.run(end_tree(tree)) is True
    assert is_alive(older.leader)
    assert is_alive(younger.leader)
    assert is_alive(os.getpid())


def test_a_number_that_was_given_to_another_is_not_struck(started, is_alive):
    stranger, _ = started(BODY)
    gone = Tree(stranger.leader, "no such mark", stranger.start - 1)
    assert members(gone) == set()
    assert asyncio.run(end_tree(gone)) is True
    assert is_alive(stranger.leader)


def test_a_tree_that_forks_without_end_is_ended(started, is_alive):
    tree, _ = started(
        "import os,time\nprint(os.getpid(), flush=True)\nfor _ in range(5): os.fork()\n"
        "while True:\n if os.fork() == 0: os.setsid()\n else: time.sleep(0.05); os.waitpid(-1, os.WNOHANG)\n"
        " if len(os.listdir('/proc')) > 800: os._exit(0)\n"
    )
    time.sleep(0.1)
    assert asyncio.run(end_tree(tree)) is True
    assert members(tree) == set()


def test_one_scan_that_finds_nobody_is_no_proof(monkeypatch):
    """It misses a process that forks and exits while it looks."""
    found = [True, False, True, False, False, True]
    monkeypatch.setattr("mini_agent.tools.mcp.tree.strike", lambda tree: found.pop(0))
    assert asyncio.run(end_tree(Tree(0, "", 0))) is True
    assert found == [True]


def test_a_name_may_hold_anything():
    text = "12 (a) S 1 (b)) R 7 12 9 " + " ".join(map(str, range(7, 60)))
    assert parse_stat(text) == Member(12, "R", 7, 9, 22)


def test_this_process_is_among_the_living():
    own = next(one for one in processes() if one.pid == os.getpid())
    assert own.parent == os.getppid()
    assert own.session == os.getsid(0)
