"""What a worker hears from the gate, whole or in pieces, in time or too late."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Iterator
from typing import IO

import pytest

from readiness.run.control import Control
from readiness.run.job import Job
from readiness.run.pool import Pool
from readiness.run.worker import OPEN


@pytest.fixture
def pipes() -> Iterator[tuple[IO[bytes], Control]]:
    """The gate's writing end, and the worker's side."""
    down_read, down_write = os.pipe()
    up_read, up_write = os.pipe()
    with open(down_write, "wb", buffering=0) as gate:
        yield gate, Control(down_read, up_write)
    for descriptor in (down_read, up_read, up_write):
        os.close(descriptor)


def test_a_command_for_a_job_that_has_ended_is_not_taken_for_a_job(pipes):
    gate, control = pipes
    gate.write(b'{"command": "stop"}\n{"command": "kill"}\n{"argv": []}\n')
    assert control.next_job() == b'{"argv": []}'


def test_commands_for_the_job_that_runs_are_heard_in_order(pipes):
    gate, control = pipes
    gate.write(b'{"command": "stop"}\n{"comm')
    control.read()
    assert control.commands() == ["stop"]
    gate.write(b'and": "kill"}\n')
    control.read()
    assert control.commands() == ["kill"]
    assert not control.gone


def test_a_gate_that_is_gone_ends_the_wait(pipes):
    gate, control = pipes
    gate.write(b'{"command": "stop"}\n')
    gate.close()
    assert control.next_job() is None
    assert control.gone


def test_a_stop_that_comes_together_with_its_job_is_heard(tmp_path):
    """One read takes both in, and the pipe is not readable again: the job went on until something else was said."""
    job = Job(("/bin/sleep", "60"), str(tmp_path), {}, str(tmp_path / "log"))
    pool = Pool()
    try:
        worker = pool.take(OPEN)
        os.kill(worker.pid, signal.SIGSTOP)
        worker.start(job)
        os.write(worker.descriptors[1], b'{"command": "stop"}\n')
        worker.wake()
        began = time.monotonic()
        ready, _, _ = select.select([worker.descriptor], [], [], 20)
        assert ready, "the stop was lost"
        (message,) = worker.messages()
    finally:
        pool.close()
    assert (message["event"], message["stopped"]) == ("ended", "asked")
    assert time.monotonic() - began < 20
