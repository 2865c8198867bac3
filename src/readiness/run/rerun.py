"""A check's command once more, in a copy of the project, after all checks have ended: as hermetic as the check was."""

from __future__ import annotations

import os
import selectors
import signal

from readiness.record.value import replace, value
from readiness.run.check_job import network_of, prepare
from readiness.run.homes import Homes
from readiness.run.job import Ended
from readiness.run.pool import Pool
from readiness.run.probe_files import runs
from readiness.run.removal import remove_tree
from readiness.run.signals import Signals
from readiness.run.worker import OPEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Self

    from readiness.config.model import Check
    from readiness.run.context import Context
    from readiness.run.pool import Worker
    from readiness.run.probe_files import Run


class Interrupted(Exception):
    """A signal ended the run meanwhile; the message is its name."""


@value
class Again:
    """What the probe recorded, and how the command ended."""

    runs: tuple[Run, ...]
    ended: Ended


class Rerun:
    """Runs commands in workers of its own. A context manager: while it is open, signals are heard, not obeyed."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._pool = Pool()
        self._selector = selectors.DefaultSelector()
        self._seen: list[int] = []
        self._signals = Signals(self._selector, self._seen)
        scratch = os.path.join(context.scratch, "patch")
        os.makedirs(scratch, exist_ok=True)
        self._homes = Homes(scratch)
        self.scratch = scratch

    def __enter__(self) -> Self:
        self._signals.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()
        self._selector.close()
        self._signals.__exit__(kind, error, trace)

    def run(
        self,
        check: Check,
        folder: str,
        seconds: float,
        adapt: Callable[[Mapping[str, str]], Mapping[str, str]],
    ) -> Again:
        """The command of a check with `folder` in place of the project's root; `adapt` has the last word on its
        environment. It is ended after `seconds`.

        Raises Interrupted when a signal comes, OSError or ValueError when the command cannot be prepared.
        """
        context = self._context
        network = network_of(check, hermetic=self._pool.hermetic)
        home = self._homes.take()
        guard = network == OPEN
        prepared = prepare(check, context, {}, relay_env={}, home=home, guard=guard, copy_of=context.root)
        remove_tree(prepared.events)
        job = replace(
            prepared.job,
            argv=tuple(one.replace(context.root, folder) for one in prepared.job.argv),
            cwd=os.path.join(folder, check.cwd),
            env=dict(adapt(prepared.job.env)),
            deadline=seconds,
        )
        worker = self._pool.take(network)
        worker.start(job)
        ended = self._wait(worker)
        self._pool.give_back(worker)
        again = Again(runs(prepared.events), ended)
        remove_tree(prepared.events)
        self._homes.give_back(home)
        return again

    def _wait(self, worker: Worker) -> Ended:
        self._selector.register(worker.descriptor, selectors.EVENT_READ, worker)
        try:
            while True:
                if self._seen:
                    worker.kill()
                    raise Interrupted(signal.Signals(self._seen[0]).name)
                for _ in self._selector.select(1.0):
                    pass
                if not self._seen and (ended := self._heard(worker)):
                    return ended
        finally:
            self._selector.unregister(worker.descriptor)

    def _heard(self, worker: Worker) -> Ended | None:
        """How its job ended, once it has said so."""
        ready = [key for key, _ in self._selector.select(0) if key.data is worker]
        for message in worker.messages() if ready else ():
            if message["event"] == "gone":
                self._pool.drop(worker)
                raise OSError("the worker in which a patch was tried was killed")
            if message["event"] == "ended":
                return Ended.from_message(message)
        return None
