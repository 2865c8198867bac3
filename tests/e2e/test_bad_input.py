"""Bad input that takes its time: half a gigabyte of output, and a check that stops the very worker that times it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

MEGABYTE = 1 << 20

STOP_AGAIN_AND_AGAIN = """
import os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
worker = os.getppid()
while True:
    os.kill(worker, signal.SIGSTOP)
"""


def config(**checks: tuple[str, float]) -> str:
    entries = [
        {"name": name, "lane": "core", "run": run, "timeout": timeout}
        for name, (run, timeout) in checks.items()
    ]
    return json.dumps({"version": 2, "checks": entries})


MEASURE = """
import resource, subprocess, sys
code = subprocess.run([sys.executable, "-m", "readiness", "run", *sys.argv[1:]], stdout=subprocess.DEVNULL).returncode
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
"""


def measured(project, *words: str) -> tuple[int, float, int]:
    """Run the gate; its exit code, seconds, and the largest resident size in bytes that it or a child of it had.

    By way of a small process: the kernel counts the size of whoever starts a program as the program's own.
    """
    began = time.monotonic()
    command = [sys.executable, "-c", MEASURE, *words]
    ended = subprocess.run(command, cwd=project.root, env=project.environ, capture_output=True, text=True)
    code, largest = ended.stdout.split()
    return int(code), time.monotonic() - began, int(largest)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("head -c 500000000 /dev/zero | tr '\\0' x; test 1", ["--quiet"]),
        ("yes | head -c 500000000; test 1", []),
    ],
    ids=["without a newline", "of two-byte lines"],
)
def test_half_a_gigabyte_of_output(make_project, command, words):
    project = make_project({"readiness.yml": config(big=(command, 300))})
    code, seconds, largest = measured(project, *words)
    assert code == 0
    log = project.root / ".readiness/latest/logs/big.log"
    assert log.stat().st_size == 500_000_000
    log.unlink()
    assert largest < 100 * MEGABYTE
    assert seconds < 120


def marked(mark: str) -> list[int]:
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if mark.encode() in Path(f"/proc/{name}/environ").read_bytes():
                found.append(int(name))
        except OSError:
            continue
    return found


def test_a_check_that_stops_its_own_worker_is_timed_out_all_the_same(make_project):
    project = make_project(
        {"readiness.yml": config(stops=("kill -STOP $PPID; sleep 300", 0.5), after=("test 1", 5))}
    )
    mark = str(uuid.uuid4())
    process = project.start("run", "--quiet", "--grace", "0.1", "--jobs", "1", MARK=mark)
    ran = project.wait(process, timeout=60)
    assert ran.code == 1
    assert ran.check("stops")["outcome"] == "timed_out"
    assert ran.check("after")["outcome"] == "passed"
    assert marked(mark) == []


def test_a_check_that_stops_its_worker_again_and_again_does_not_hang_the_run(make_project):
    """Woken, the worker has a few instructions each time: it ends the check, or is ended with it."""
    project = make_project(
        {
            "readiness.yml": config(stops=("exec python stop.py", 0.5)),
            "stop.py": STOP_AGAIN_AND_AGAIN,
        }
    )
    mark = str(uuid.uuid4())
    process = project.start("run", "--quiet", "--grace", "0.1", MARK=mark)
    ran = project.wait(process, timeout=60)
    check = ran.check("stops")
    assert ran.code == 1
    assert check["outcome"] == "timed_out" or check["reason"] == "its worker stopped answering and was ended"
    assert marked(mark) == []


def test_ctrl_c_ends_a_run_whose_worker_was_stopped(make_project, wait_for):
    project = make_project({"readiness.yml": config(stops=("touch up; kill -STOP $PPID; sleep 300", 600))})
    mark = str(uuid.uuid4())
    process = project.start("run", "--quiet", "--grace", "0.1", MARK=mark)
    wait_for((project.root / "up").exists)
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    ran = project.wait(process, timeout=60)
    assert time.monotonic() - began < 5
    assert ran.code == 130
    assert ran.check("stops")["outcome"] == "interrupted"
    assert marked(mark) == []
