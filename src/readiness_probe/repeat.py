"""Runs a test as often as the gate wants to see it: forked copies side by side where that is sound, else in turn."""

from __future__ import annotations

import os
import random
import sys
from typing import TYPE_CHECKING

import pytest
from _pytest import runner

from readiness_probe import forked, trial_outcome, upper
from readiness_probe.clock import clock
from readiness_probe.course import LOOK_SECONDS, Course
from readiness_probe.deadline import Deadline
from readiness_probe.orders import Orders
from readiness_probe.trial_variables import Changed, Trial, variables

if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

    from readiness_probe.recorder import Recorder
    from readiness_probe.trial import TrialFixture

IDLE_SECONDS = 0.2


class Repeater:
    """The trials of one session's tests."""

    def __init__(self, recorder: Recorder, fixture: TrialFixture) -> None:
        self._recorder = recorder
        self._fixture = fixture
        self._orders = Orders(recorder.options.trials, recorder.options.out, recorder.events)
        self._trust = forked.Trust()
        self._shown: Dict[str, List[Any]] = {}
        self._inside: Optional[List[Any]] = None
        self._left = ""

    # --- what pytest's hooks ask for

    def collected(self, items: List[Any]) -> None:
        """Tell the gate which tests there are, and what zone a marker gives to one."""
        tests = {item.nodeid: _marked(item) for item in items if self._can_be_repeated(item)}
        self._orders.say("trials", tests=tests)

    def repeat(self, item: Any) -> None:
        """Run all trials of a test; what pytest is to show of them is kept for `inside`."""
        if not self._can_be_repeated(item):
            return
        course = Course(item, self._orders)
        if not course.wanted():
            return
        self._recorder.deadline.hold()
        try:
            item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
            self._run_all(item, course)
        finally:
            self._recorder.deadline.release()
        self._shown[item.nodeid] = course.shown() or trial_outcome.no_trial(item)
        if self._left:
            raise pytest.exit.Exception(self._left)

    def inside(self, item: Any, nextitem: Any) -> Optional[bool]:
        """Stands for pytest's own way to run a test: one trial, or what is to be shown once all are over."""
        if self._inside is not None:
            self._inside += runner.runtestprotocol(item, log=False, nextitem=nextitem)
            return True
        reports = self._shown.pop(item.nodeid, None)
        if reports is None:
            return None
        broken = upper.tear_down_above(item, nextitem)
        if broken is not None:
            report, call = broken
            self._recorder.made(item, call, call.excinfo.value, report)
            reports = [one for one in reports if one.when != "teardown"] + [report]
        for report in reports:
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    # --- one test

    def _can_be_repeated(self, item: Any) -> bool:
        return item.get_closest_marker("xfail") is None

    def _run_all(self, item: Any, course: Course) -> None:
        running: Dict[forked.Child, Trial] = {}
        why_not = self._trust.why_not()
        if not why_not:
            upper.set_up_above(item)
            why_not = self._trust.why_not()
        try:
            while course.goes_on(len(running)) and not self._left:
                slots = 1 if why_not else course.slots
                while course.queue and len(running) < slots:
                    trial = course.queue.pop(0)
                    self._orders.say("trial_start", id=item.nodeid, number=trial.number, seed=trial.seed)
                    if why_not:
                        self._in_process(item, trial, course, why_not)
                    else:
                        running[self._fork(item, trial)] = trial
                self._collect(item, running, course)
        except BaseException:
            for child in running:
                child.end()
            raise

    def _collect(self, item: Any, running: Dict[forked.Child, Trial], course: Course) -> None:
        if not running:
            if course.waits:
                clock.sleep(LOOK_SECONDS)
            return
        for child in forked.wait(list(running), LOOK_SECONDS if course.waits else IDLE_SECONDS):
            trial = running.pop(child)
            answer = child.answer or {"reports": [], "took": clock.time() - child.began}
            reports = [_revived(item.config, data) for data in answer["reports"]]
            facts = self._facts(child, reports, answer)
            self._left = self._left or str(answer.get("left", ""))
            facts.update(began=child.began, forked=True)
            self._heard(item, trial, course, reports, facts)

    def _heard(
        self, item: Any, trial: Trial, course: Course, reports: List[Any], facts: Dict[str, Any]
    ) -> None:
        """Put a trial's outcome on record before anything else is done with it."""
        told = {"id": item.nodeid, "number": trial.number, "seed": trial.seed, "ended": clock.time()}
        self._orders.say("trial", **told, **facts)
        course.heard(trial, facts["outcome"], reports)

    def _facts(self, child: forked.Child, reports: List[Any], answer: Dict[str, Any]) -> Dict[str, Any]:
        stack = trial_outcome.taken(self._stack_of(child.pid))
        if "problem" in answer:
            self._recorder.problem(RuntimeError(f"in a trial: {answer['problem']}"))
            return {"outcome": "not_run", "seconds": 0.0, "message": str(answer["problem"])}
        if reports:
            return trial_outcome.of_reports(reports, self._recorder.places, answer["took"])
        return trial_outcome.of_its_end(child, stack, self._recorder.options.test_timeout)

    def _stack_of(self, pid: int) -> str:
        return os.path.join(self._recorder.options.out, f"{pid}.trial-stack")

    # --- one trial

    def _fork(self, item: Any, trial: Trial) -> forked.Child:
        sys.stdout.flush()
        sys.stderr.flush()
        return forked.start(lambda: self._in_child(item, trial))

    def _in_child(self, item: Any, trial: Trial) -> Dict[str, Any]:
        """What goes wrong here is the probe's, not the test's."""
        try:
            return self._copy_runs(item, trial)
        except Exception as error:  # noqa: BLE001 - sent to the parent, which puts it on record
            return {"reports": [], "took": 0.0, "problem": f"{type(error).__name__}: {error}"}

    def _copy_runs(self, item: Any, trial: Trial) -> Dict[str, Any]:
        config = item.config
        upper.own_capture(config)
        self._recorder.deadline = Deadline(
            self._recorder.options.test_timeout, self._stack_of(os.getpid()), config
        )
        _seed_numbers(trial.seed)
        os.environ.update(variables(trial, os.environ))
        before = upper.finalizers(item)
        answer = self._run_one(item, trial)
        upper.undo_since(item, before)
        self._recorder.deadline.close()
        answer["reports"] = [_as_data(config, report) for report in answer["reports"]]
        return answer

    def _in_process(self, item: Any, trial: Trial, course: Course, why: str) -> None:
        if hasattr(item, "_initrequest"):
            item._initrequest()
        began = clock.time()
        self._recorder.deadline.release()
        try:
            with Changed(os.environ, variables(trial, os.environ)):
                answer = self._run_one(item, trial)
        finally:
            self._recorder.deadline.hold()
        self._left = answer["left"]
        reports = answer["reports"]
        facts = trial_outcome.of_reports(reports, self._recorder.places, answer["took"])
        facts.update(began=began, forked=False, why=why)
        self._heard(item, trial, course, reports, facts)

    def _run_one(self, item: Any, trial: Trial) -> Dict[str, Any]:
        """Through pytest's own hook, so that every plugin that stands around a test stands around a trial."""
        began = clock.monotonic()
        reports: List[Any] = []
        self._inside = reports
        self._fixture.current = trial
        self._recorder.deadline.start()
        left = ""
        try:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=upper.sibling_of(item))
        except pytest.exit.Exception as error:
            left = str(error) or "pytest.exit"
        finally:
            self._recorder.deadline.stop()
            self._inside = None
            self._fixture.current = None
        return {"reports": reports, "took": clock.monotonic() - began, "left": left}


def _marked(item: Any) -> Dict[str, float]:
    """The zone that `@pytest.mark.trials(good=…, bad=…)` gives; numbers alone."""
    marker = item.get_closest_marker("trials")
    if marker is None:
        return {}
    named = {**dict(zip(("good", "bad"), marker.args)), **marker.kwargs}
    return {name: value for name, value in named.items() if isinstance(value, (int, float))}


def _as_data(config: Any, report: Any) -> Any:
    return config.hook.pytest_report_to_serializable(config=config, report=report)


def _revived(config: Any, data: Any) -> Any:
    return config.hook.pytest_report_from_serializable(config=config, data=data)


def _seed_numbers(seed: int) -> None:
    """In a forked child alone: what it draws at random differs from trial to trial, and can be had again."""
    random.seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy is not None and hasattr(numpy, "random"):
        numpy.random.seed(seed % 2**32)
