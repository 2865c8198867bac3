"""One command from its start to the end of its last descendant."""

from __future__ import annotations

import os
import select
import signal
import time

from readiness.run import tree
from readiness.run.job import Ended
from readiness.run.log import Log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from readiness.run.control import Control
    from readiness.run.job import Job
    from readiness.run.service_ready import Prober

TICK: Final = 0.05
"""Seconds between looks at the clock where the kernel cannot announce the end of a process."""
CHUNK: Final = 1 << 18
STACK_SECONDS: Final = 0.3
LEFTOVER_GRACE: Final = 1.0


class Supervision:
    """Runs `job`: output to its log, deadline, commands of the gate, and the end of the whole tree.

    Stopping is a ladder: TERM to the leader, TERM to its group, KILL to everything, each after a part of the
    grace period; a second request or the gate's death jumps to its end. Output is read all the way, but its
    end-of-file is never waited for: a process that survived could hold the pipe open for ever.
    """

    def __init__(self, job: Job, control: Control) -> None:
        self._job = job
        self._control = control
        self._log = Log(job.log, job.secrets, job.output_limit)
        self._began = time.monotonic()
        self._leader = 0
        self._exit_code: int | None = None
        self._ended = False
        self._stopped = ""
        self._ladder: list[tuple[float, str]] = []
        self._survivors: list[str] = []
        self._left: list[str] = []
        self._prober: Prober | None = None
        self._poll = select.poll()
        self._output = -1
        self._process = -1

    def run(self) -> Ended:
        """Run to the end. Never raises for anything the command does."""
        try:
            self._launch()
        except OSError as error:
            self._log.close()
            return Ended(None, start_error=_start_error(self._job, error))
        try:
            # What came with the job itself makes the pipe readable no more.
            self._hear()
            while not self._ended:
                self._step()
            self._clean_up()
        finally:
            self._close()
        return self._summary()

    def _launch(self) -> None:
        os.chdir(self._job.cwd)
        self._output, writes_to = os.pipe2(os.O_CLOEXEC) if hasattr(os, "pipe2") else os.pipe()
        os.set_blocking(self._output, False)
        try:
            self._leader = os.posix_spawn(
                self._job.argv[0],
                self._job.argv,
                self._job.env,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, writes_to, 1),
                    (os.POSIX_SPAWN_DUP2, writes_to, 2),
                ],
                setsid=True,
                setsigmask=(),
                setsigdef=(signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ),
            )
        finally:
            os.close(writes_to)
        self._poll.register(self._output, select.POLLIN)
        self._poll.register(self._control.descriptor, select.POLLIN)
        if hasattr(os, "pidfd_open"):
            self._process = os.pidfd_open(self._leader)
            self._poll.register(self._process, select.POLLIN)
        if self._job.ready:
            from readiness.run.service_ready import Prober

            self._prober = Prober(self._job.ready, self._job.log, self._job.env)

    def _step(self) -> None:
        for descriptor, _ in self._poll.poll(self._patience() * 1000):
            if descriptor == self._output:
                self._pump()
            elif descriptor == self._control.descriptor:
                self._obey()
        self._reap()
        now = time.monotonic()
        if not self._stopped:
            self._watch(now)
        self._climb(now)

    def _patience(self) -> float:
        """Seconds until something is due without an event."""
        due = [self._ladder[0][0]] if self._ladder else []
        if self._job.deadline is not None and not self._stopped:
            due.append(self._began + self._job.deadline)
        if self._process < 0 or self._prober:
            due.append(time.monotonic() + TICK)
        return max(0.0, min(due) - time.monotonic()) if due else 3600.0

    def _watch(self, now: float) -> None:
        """Ask for a stop when the deadline, the output's limit or the time to get ready has passed."""
        if self._job.deadline is not None and now >= self._began + self._job.deadline:
            self._ask_for_stacks()
            self._stop("deadline")
        elif self._log.over_limit:
            self._stop("output")
        elif self._prober and not self._ended:
            message = self._prober.look(now - self._began)
            if message:
                self._control.say(message)
                self._prober = None

    def _obey(self) -> None:
        self._control.read()
        if self._control.gone:
            # Nobody is left to hear of a polite end.
            self._poll.unregister(self._control.descriptor)
            self._stopped = self._stopped or "gate gone"
            self._ladder = [(0.0, "kill")]
        self._hear()

    def _hear(self) -> None:
        for command in self._control.commands():
            if command == "kill":
                self._stopped = self._stopped or "asked"
                self._ladder = [(0.0, "kill")]
            else:
                self._stop("asked")

    def _stop(self, why: str) -> None:
        if self._stopped:
            return
        now = time.monotonic()
        self._stopped = why
        self._ladder = [
            (now, "leader"),
            (now + self._job.grace / 2, "group"),
            (now + self._job.grace, "kill"),
        ]

    def _climb(self, now: float) -> None:
        while self._ladder and now >= self._ladder[0][0] and not self._ended:
            _, rung = self._ladder.pop(0)
            if rung == "leader":
                tree.send([self._leader], signal.SIGTERM)
            elif rung == "group":
                tree.send_group(self._leader, signal.SIGTERM)
            else:
                self._survivors = tree.kill_all(self._leader)
                self._ended = True
                self._exit_code = -signal.SIGKILL

    def _reap(self) -> None:
        ended, _ = tree.reap()
        if self._prober:
            self._prober.collect(ended)
        if self._leader in ended:
            self._exit_code = ended[self._leader]
            self._ended = True

    def _ask_for_stacks(self) -> None:
        """Let every pytest process of the tree that can do so write its stack, and give it a moment."""
        if not os.path.isdir(self._job.stacks):
            return
        below = {str(pid): pid for pid in tree.descendants(os.getpid())}
        asked = [
            below[stem]
            for name in os.listdir(self._job.stacks)
            if (stem := name.removesuffix(".stack")) in below
        ]
        tree.send(asked, signal.SIGUSR2)
        if asked:
            time.sleep(STACK_SECONDS)

    def _pump(self) -> None:
        try:
            chunk = os.read(self._output, CHUNK)
        except BlockingIOError:
            return
        if chunk:
            self._log.write(chunk)
        else:
            self._poll.unregister(self._output)

    def _clean_up(self) -> None:
        """End what the leader left behind, then take what is still in the pipe."""
        polite = 0.0 if self._stopped == "gate gone" else min(self._job.grace, LEFTOVER_GRACE)
        left, survivors = tree.sweep(self._leader, polite_seconds=polite)
        if not self._stopped:
            self._left = left
        self._survivors += survivors
        while True:
            try:
                chunk = os.read(self._output, CHUNK)
            except BlockingIOError:
                return
            if not chunk:
                return
            self._log.write(chunk)

    def _close(self) -> None:
        self._log.close()
        for descriptor in (self._output, self._process):
            if descriptor >= 0:
                os.close(descriptor)

    def _summary(self) -> Ended:
        return Ended(
            exit_code=self._exit_code,
            seconds=round(time.monotonic() - self._began, 4),
            stopped=self._stopped,
            output_bytes=self._log.size,
            last_output=self._log.tail,
            log_error=self._log.error,
            left_running=tuple(self._left),
            survivors=tuple(self._survivors),
        )


def _start_error(job: Job, error: OSError) -> str:
    what = error.filename or job.cwd
    return f"could not be started: {what}: {error.strerror}"
