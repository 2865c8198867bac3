"""A test that does not end is ended, with the stack of every thread on record; and stacks on request."""

from __future__ import annotations

import os
import re
import signal
import sys

import pytest

HANGS = """
import threading, time

def test_quick(): pass

def test_hangs():
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start(); wait()

def wait():
    open("waiting", "w").close()
    time.sleep(60)  # here

def test_never_run(): pass
"""
HERE = "test_a.py:11"
STARTED = re.compile(r'"event":"start".*test_hangs')


def test_the_process_ends_at_the_tests_deadline(project):
    probed = project({"test_a.py": HANGS}).pytest(test_timeout=0.8)
    (one,) = probed.summary.timed_out
    assert (one.test, one.kind, one.where) == ("test_a.py::test_hangs", "timeout", HERE)
    assert one.message == "still running after 0.8 s, its own deadline"
    assert one.details.count("Thread 0x") == 2
    assert probed.code == 1
    assert probed.summary.running == ("test_a.py::test_hangs",)
    assert probed.summary.counts.passed == 1


def test_a_deadlock_that_holds_the_interpreter(project):
    suite = "import ctypes\ndef test_hangs():\n    ctypes.PyDLL(None).sleep(60)"
    (one,) = project({"test_a.py": suite}).pytest(test_timeout=0.5).summary.timed_out
    assert one.where == "test_a.py:3"


def test_a_teardown_that_hangs_after_a_failure(project):
    """pytest stops the one timer that there is when a phase has failed."""
    suite = """
import time, pytest
@pytest.fixture
def slow():
    yield
    time.sleep(60)
def test_fails(slow): assert 0
"""
    (one,) = project({"test_a.py": suite}).pytest(test_timeout=0.5).summary.timed_out
    assert one.where == "test_a.py:6"


def test_each_test_has_its_own_deadline_and_leaves_no_file(project):
    suite = "import time\n" + "".join(f"def test_{i}(): time.sleep(0.3)\n" for i in range(4))
    probed = project({"test_a.py": suite}).pytest(test_timeout=0.9)
    assert probed.summary.counts.passed == 4
    assert [path.suffix for path in probed.out.iterdir()] == [".jsonl"]


def test_pytests_own_timer_is_left_alone(project):
    suite = "import time\ndef test_a(): time.sleep(1)"
    probed = project({"test_a.py": suite}).pytest("-o", "faulthandler_timeout=30", test_timeout=0.3)
    assert probed.outcomes == {"test_a": "passed"}
    assert probed.summary.notes == ("the tests' own deadline is not in force: faulthandler_timeout is set",)


@pytest.fixture
def hanging(project, wait_for):
    """A pytest process in the middle of a test that hangs."""
    made = project({"test_a.py": HANGS})
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:hypothesispytest")
    process = made.start(*command, env=made.environ())
    wait_for(lambda: any(STARTED.search(file.read_text()) for file in made.out.glob("*.jsonl")))
    wait_for((made.root / "waiting").exists)
    return made, process


def test_the_stack_on_request(hanging):
    made, process = hanging
    assert (made.out / f"{process.pid}.stack").exists()
    process.send_signal(signal.SIGUSR2)
    probed = made.wait(process)
    ((pid, stack),) = probed.summary.stacks
    assert pid == str(process.pid)
    assert '/test_a.py", line 11 in wait' in stack
    assert probed.code == -signal.SIGUSR2, "the signal does what it did before"
    assert probed.summary.running == ("test_a.py::test_hangs",)


def test_killed_without_a_word(hanging):
    made, process = hanging
    process.kill()
    probed = made.wait(process)
    assert probed.summary.running == ("test_a.py::test_hangs",)
    assert probed.summary.counts.passed == 1
    assert probed.summary.stacks == ()


def test_a_signal_that_the_project_uses_is_left_alone(project):
    suite = """
import os, signal
seen = []
def test_a():
    signal.signal(signal.SIGUSR2, lambda *_: seen.append(1))
    os.kill(os.getpid(), signal.SIGUSR2)
    assert seen == [1]
"""
    script = "import signal, sys, pytest\nsignal.signal(signal.SIGUSR2, signal.SIG_IGN)\nsys.exit(pytest.main(['-q']))"
    made = project({"test_a.py": suite, "run.py": script})
    assert made.pytest().outcomes == {"test_a": "passed"}
    made.shell(f"{sys.executable} run.py")
    assert sorted({path.suffix for path in made.out.iterdir()}) == [".jsonl"]


def test_the_handler_is_given_back(project):
    script = """
import os, signal, sys, pytest
code = pytest.main(["-q", "-p", "no:hypothesispytest"])
os.kill(os.getpid(), signal.SIGUSR2)
"""
    made = project({"test_a.py": "def test_a(): pass", "run.py": script})
    process = made.start(sys.executable, "run.py", env=made.environ())
    probed = made.wait(process)
    assert probed.code == -signal.SIGUSR2
    assert probed.summary.stacks == ()
    assert not os.path.exists(made.out / f"{process.pid}.stack")
