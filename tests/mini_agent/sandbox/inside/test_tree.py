"""Ending a tree: each case in a forked process of its own, because it ends every descendant there is."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

import pytest

from mini_agent.sandbox.inside import kernel, tree

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def apart(work: Callable[[], bool]) -> bool:
    """Whether `work` says yes in a process that is a subreaper."""
    child = os.fork()
    if child == 0:
        try:
            kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
            os._exit(0 if work() else 1)
        finally:
            os._exit(2)
    return os.waitpid(child, 0)[1] == 0


def sleeper(*, session: bool = False, ignoring: bool = False) -> None:
    """Start a child that sleeps; returns in the caller alone."""
    if os.fork() == 0:
        if session:
            os.setsid()
        if ignoring:
            import signal

            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
        time.sleep(20)
        os._exit(0)


def test_no_child_is_none():
    assert apart(lambda: tree.end(1) and tree.descendants(os.getpid()) == [])


def test_all_generations_end_whatever_they_ignore():
    def work() -> bool:
        if os.fork() == 0:
            os.setsid()
            sleeper(session=True, ignoring=True)
            sleeper(ignoring=True)
            time.sleep(20)
        while len(tree.descendants(os.getpid())) < 3:
            time.sleep(0.005)
        return tree.end(3) and tree.descendants(os.getpid()) == []

    assert apart(work)


def test_an_orphan_is_found():
    def work() -> bool:
        if os.fork() == 0:
            sleeper(session=True)
            os._exit(0)
        time.sleep(0.05)
        return len(tree.descendants(os.getpid())) >= 1 and tree.end(3) and tree.descendants(os.getpid()) == []

    assert apart(work)


def test_one_that_forks_while_it_is_ended_does_not_escape():
    def work() -> bool:
        for _ in range(3):
            if os.fork() == 0:
                for _ in range(3000):
                    if os.fork() == 0:
                        time.sleep(0.002)
                        os._exit(0)
                    tree.reap()
                os._exit(0)
        time.sleep(0.05)
        return tree.end(5) and tree.descendants(os.getpid()) == []

    assert apart(work)


def test_it_says_so_when_it_could_not():
    def work() -> bool:
        sleeper()
        said_no = not tree.end(0)
        # It has stopped the sleeper by then, which would stay so for good.
        return said_no and tree.end(5)

    assert apart(work)


def test_tasks_of_a_user_count_threads():
    import threading

    event = threading.Event()
    before = tree.tasks_of(os.geteuid())
    threads = [threading.Thread(target=event.wait) for _ in range(40)]
    for one in threads:
        one.start()
    after = tree.tasks_of(os.geteuid())
    event.set()
    for one in threads:
        one.join()
    assert after - before > 20
