"""One run: offers checks to the machine, hears the workers, keeps the journal, and ends cleanly whatever happens.

A single thread around one selector. Nothing in it waits for a check: deadlines tick in the workers.
"""

from __future__ import annotations

import os
import selectors
import signal
import time

from readiness.record.outcome import Outcome
from readiness.record.value import as_json, replace
from readiness.run import cache, scheduler
from readiness.run.check_job import network_of, prepare
from readiness.run.flaky_seen import digest_of, inputs_to_remember
from readiness.run.homes import Homes
from readiness.run.hosting import Hosting
from readiness.run.job import Ended
from readiness.run.measured import MeteringError
from readiness.run.metering import Metering
from readiness.run.observe import Surroundings, conclude, not_started, now, said
from readiness.run.pool import Pool, Worker
from readiness.run.removal import remove_tree
from readiness.run.repeating import Repeating
from readiness.run.running import Running, overdue_at
from readiness.run.signals import Signals
from readiness.run.worker import OPEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

    from readiness.config.model import Check
    from readiness.gate.plan import Item
    from readiness.record.result import CheckResult, ServiceResult
    from readiness.run.context import Context
    from readiness.run.inputs import Inputs
    from readiness.run.journal import Journal
    from readiness.run.listener import Listener
    from readiness.run.measured import Measured

TICK: Final = 0.2
"""Seconds between looks at logs and clocks while something runs."""
OVERDUE: Final = 12.0
"""Seconds and the grace beyond that after which a worker is given up: a tree that resists takes up to eleven."""
KILL_GRACE: Final = 8.0
"""Seconds beyond a check's own grace after which an interrupted run stops waiting for its workers."""


class Conductor:
    """Runs the items of a plan. `known` says of a check whether it owes test records and why it is toothless."""

    def __init__(
        self,
        context: Context,
        journal: Journal,
        progress: Listener,
        inputs: Inputs,
        known: Mapping[str, tuple[bool, str]],
    ) -> None:
        self._context = context
        self._journal = journal
        self._progress = progress
        self._keys = cache.Keys(inputs, context.environ)
        self._known = known
        self._waiting: dict[str, Item] = {}
        self._running: dict[Worker, Running] = {}
        self._overdue: set[Worker] = set()
        self._outcomes: dict[str, Outcome] = {}
        self._selector = selectors.DefaultSelector()
        self._signals: list[int] = []
        self._interrupted = ""
        self._give_up_at = 0.0
        self._pool = Pool()
        self._homes = Homes(context.scratch)
        self._hosting = Hosting(context, self._pool, self._watch, self._service_changed)
        self._metering = Metering(context, self._hosting)
        self._repeating = Repeating(context, self._selector, self._metering, journal, self._keys, known)

    def conduct(self, items: tuple[Item, ...], already: Mapping[str, Outcome]) -> str:
        """Run everything that has no outcome yet; what interrupted the run, or an empty string.

        Raises JournalWriteError when the journal can no longer be written; every process is ended first.
        """
        self._outcomes = dict(already)
        self._waiting = {
            item.check.name: self._locked(item) for item in items if item.check.name not in already
        }
        self._repeating.plan(items)
        with Signals(self._selector, self._signals):
            try:
                self._loop()
            finally:
                self._hosting.stop_all(at_once=bool(self._running))
                for worker in self._running:
                    worker.kill()
                self._pool.close()
                self._selector.close()
        return self._interrupted

    def _locked(self, item: Item) -> Item:
        locks = self._metering.locks_of(item.check)
        return item if locks == item.check.locks else replace(item, check=replace(item.check, locks=locks))

    def _loop(self) -> None:
        while True:
            if not self._interrupted:
                self._offer()
            self._release_services()
            if not self._running and not self._hosting.running and (not self._waiting or self._interrupted):
                return
            for key, _ in self._selector.select(self._patience()):
                if key.data is None:
                    self._take_signals(key.fd)
                elif isinstance(key.data, Worker):
                    self._hear(key.data)
            self._repeating.look([running.repetition for running in self._running.values()])
            self._wake_overdue()
            self._progress.beat([running.item.check.name for running in self._running.values()])
            if self._give_up_at and time.monotonic() > self._give_up_at:
                return

    def _patience(self) -> float | None:
        if self._running or self._interrupted:
            return TICK
        # With nothing under way, an outcome that needed no process may have freed what waits.
        return None if self._hosting.running else 0.0

    def _offer(self) -> None:
        """Start what can be started; settle what cannot be any more."""
        settled = True
        while settled:
            settled = any([self._settle(item) for item in self._unsettled()])  # noqa: C419 (settle all)
        slots = self._context.slots
        for item in scheduler.candidates(self._waiting.values(), self._outcomes):
            checks = [running.item.check for running in self._running.values()]
            now_free = scheduler.machine(checks, slots)
            if not now_free.free_cores:
                return
            if not scheduler.fits(item.check, now_free, slots):
                continue
            if self._has_its_services(item):
                self._start(item)

    def _has_its_services(self, item: Item) -> bool:
        """Whether all that a check needs beside it is ready; starts what is missing."""
        check, network = item.check, self._network(item)
        try:
            metered = self._metering.wanted(check)
            if metered and not self._metering.services_ready(check, network):
                return False
            if check.services and not self._hosting.ready_for(check, network):
                return False
            if metered:
                if not self._metering.ready_for(check, network):
                    return False
                if lacking := self._metering.lacking_for(check):
                    reason = f"cannot measure: its server lacks {lacking}"
                    self._finish(not_started(item, Outcome.INCONCLUSIVE, reason))
                    return False
        except (OSError, MeteringError) as error:
            self._finish(not_started(item, Outcome.ERROR, f"its relay could not be prepared: {said(error)}"))
            return False
        return True

    def _unsettled(self) -> list[Item]:
        """Waiting checks that something else may have ruled out."""
        return [
            item
            for item in self._waiting.values()
            if item.skip or item.check.needs or item.check.services or self._metering.wanted(item.check)
        ]

    def _network(self, item: Item) -> str:
        return network_of(item.check, hermetic=item.check.lane != "core" or self._pool.hermetic)

    def _settle(self, item: Item) -> bool:
        """Give an outcome to a check that will not be started; whether it got one."""
        blocked = scheduler.blocked_by(item.check, self._outcomes)
        if not blocked and item.check.services:
            blocked = self._hosting.failure_for(item.check, self._network(item))
        if not blocked and self._metering.wanted(item.check):
            blocked = self._metering.failure_for(item.check)
        if blocked:
            self._finish(not_started(item, Outcome.NOT_RUN, blocked))
        elif item.skip:
            self._finish(not_started(item, Outcome.SKIPPED, item.skip))
        else:
            return False
        return True

    def _start(self, item: Item) -> None:
        check = item.check
        key, miss = None, ""
        cached = check.lane == "core" and check.cache and self._context.use_cache
        if cached and not (check.services or check.trials):
            key = self._keys.of(check, self._context.interpreter(check))
            earlier, miss = cache.look_up(self._context.root, check, key)
            if earlier:
                self._finish(earlier)
                return
        network = self._network(item)
        service_env = self._hosting.env_for(check.services, network) if check.services else {}
        guard = check.lane == "core" and network == OPEN
        try:
            repetition = self._repeating.of(check)
            home = self._homes.take() if check.lane == "core" else ""
            prepared = prepare(
                check,
                self._context,
                service_env,
                relay_env=self._metering.env_for(check),
                home=home,
                guard=guard,
                trials=repetition.told if repetition else "",
            )
            # Of an attempt that the gate did not outlive: its records are not this attempt's.
            remove_tree(prepared.events)
            prepared = self._repeating.begin(repetition, prepared)
            worker = self._pool.take(network)
        except (OSError, ValueError) as error:
            self._finish(not_started(item, Outcome.ERROR, f"could not be prepared: {said(error)}"))
            return
        running = Running(
            item,
            prepared,
            network,
            home,
            now(),
            key,
            miss,
            repetition,
            overdue_at(check, timeouts=self._context.settings.timeouts),
        )
        del self._waiting[check.name]
        self._journal.write(
            "check_started",
            name=check.name,
            started_at=running.started_at,
            guard=guard,
            log=self._context.folder.relative(prepared.log),
        )
        self._running[worker] = running
        self._watch(worker)
        self._metering.began(check)
        worker.start(prepared.job)
        self._progress.started(check, prepared.log)

    def _wake_overdue(self) -> None:
        """A worker that its check has stopped cannot keep the deadline: wake it, and end it when that is no help."""
        late = time.monotonic()
        for worker, running in self._running.items():
            if late > running.overdue_at + self._context.grace + OVERDUE and worker not in self._overdue:
                self._overdue.add(worker)
                worker.destroy()
            elif late > running.overdue_at:
                worker.wake()

    def _watch(self, worker: Worker) -> None:
        if worker.descriptor not in self._selector.get_map():
            self._selector.register(worker.descriptor, selectors.EVENT_READ, worker)

    def _hear(self, worker: Worker) -> None:
        for message in worker.messages():
            if message["event"] == "gone":
                self._worker_gone(worker)
            elif message["event"] == "ended":
                self._job_ended(worker, Ended.from_message(message))
            elif hosted := self._hosting.of(worker):
                self._hosting.hear(hosted, message)

    def _job_ended(self, worker: Worker, ended: Ended) -> None:
        running = self._running.pop(worker, None)
        if running and not self._interrupted:
            job = self._repeating.next_job(running.repetition, running.prepared.job, ended)
            if job:
                self._running[worker] = running
                worker.start(job)
                return
        self._pool.give_back(worker)
        if running:
            self._check_ended(worker, running, ended)
        elif hosted := self._hosting.of(worker):
            self._hosting.ended(hosted, ended)

    def _worker_gone(self, worker: Worker) -> None:
        """A worker died: whatever it held could not be judged, and what it left behind is ended."""
        self._selector.unregister(worker.descriptor)
        self._pool.drop(worker)
        running = self._running.pop(worker, None)
        if running:
            why = "stopped answering and was ended" if worker in self._overdue else "was killed while it ran"
            self._check_ended(worker, running, Ended(None, start_error=f"its worker {why}"))
        elif hosted := self._hosting.of(worker):
            self._hosting.ended(hosted, None)

    def _check_ended(self, worker: Worker, running: Running, ended: Ended) -> None:
        check = running.item.check
        calls_pytest, toothless = self._known.get(check.name, (False, ""))
        trials = self._repeating.end(running.repetition)
        around = Surroundings(
            network=worker.proved or OPEN,
            started_at=running.started_at,
            guard=check.lane == "core" and running.network == OPEN,
            stand_ins=self._hosting.stand_ins(check) if check.services else (),
            died=self._hosting.failure_for(check, running.network) if check.services else "",
            calls_pytest=calls_pytest,
            toothless=toothless,
            cache_miss=running.cache_miss,
            measured=self._measured(check, ended),
            ran_on=digest_of(running.key),
            inputs=inputs_to_remember(check, ended, running.key, self._keys, self._context),
            trials=trials,
            trial_failures=running.repetition.failures() if running.repetition else (),
        )
        try:
            result = conclude(running.item, running.prepared, ended, around, self._context)
        except OSError as error:
            why = f"its test records cannot be read: {said(error)}"
            result = not_started(running.item, Outcome.ERROR, why)
        self._finish(result)
        self._put_away(running, result)
        self._end_lane(result)

    def _end_lane(self, result: CheckResult) -> None:
        """Start no further trials in a lane that is decided."""
        if why := self._repeating.ends_lane(result, (one.repetition for one in self._running.values())):
            lane = [item for item in self._waiting.values() if item.check.lane == result.lane]
            for item in [item for item in lane if item.check.trials]:
                self._finish(not_started(item, Outcome.NOT_RUN, why))

    def _measured(self, check: Check, ended: Ended) -> Measured | None:
        """What the check's relay counted; None for one without a relay, or when its calls cannot be read."""
        try:
            return self._metering.measure(check, ended)
        except MeteringError as error:
            self._journal.write("problem", message=f"{check.name}: its calls cannot be counted: {error}")
            return None

    def _put_away(self, running: Running, result: CheckResult) -> None:
        """What decides nothing: the raw test records, the home for the next check, the pass for the next run."""
        what = "its private folders"
        try:
            # They hold what tests compared, secrets included; the record has it all without those.
            remove_tree(running.prepared.events)
            if running.home:
                self._homes.give_back(running.home)
            what = "its pass"
            if running.key and not result.counts.failed:
                cache.keep(self._context.root, self._context.folder.run_id, running.key, result)
        except OSError as error:
            self._journal.write(
                "problem", message=f"{result.name}: {what} could not be put away: {said(error)}"
            )

    def _finish(self, result: CheckResult) -> None:
        self._waiting.pop(result.name, None)
        self._outcomes[result.name] = result.outcome
        self._journal.write("check_finished", result=as_json(result))
        self._progress.finished(result)

    def _service_changed(self, service: ServiceResult) -> None:
        self._journal.write("service", service=as_json(service))
        self._progress.service(service)

    def _release_services(self) -> None:
        if not self._hosting.running:
            return
        items = [*self._waiting.values(), *(running.item for running in self._running.values())]
        needed = {(name, self._network(item)) for item in items for name in item.check.services}
        for item in items:
            needed |= self._metering.services_of(item.check)
        self._hosting.release(set() if self._interrupted and not self._running else needed)

    def _take_signals(self, descriptor: int) -> None:
        os.read(descriptor, 512)
        for number in self._signals:
            if self._interrupted:
                self._kill_all()
            else:
                self._interrupt(signal.Signals(number).name)
        self._signals.clear()

    def _interrupt(self, why: str) -> None:
        self._interrupted = why
        self._progress.interrupted(why)
        grace = self._context.grace
        self._give_up_at = time.monotonic() + grace + KILL_GRACE
        for worker in self._running:
            worker.stop()

    def _kill_all(self) -> None:
        for worker in self._running:
            worker.kill()
        self._hosting.stop_all(at_once=True)
