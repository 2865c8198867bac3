"""One recorded pytest session: what the hooks see, written down as events."""

from __future__ import annotations

import os
import platform
import traceback
from typing import TYPE_CHECKING

import pytest

from readiness_probe import workers
from readiness_probe.deadline import Deadline, StackOnRequest
from readiness_probe.environment import PLUGIN_NAME
from readiness_probe.events import FORMAT, EventFile
from readiness_probe.evidence import (
    FACTS,
    MESSAGE_LIMIT,
    facts_of,
    said_by,
    shortened,
    skip_told,
    take_facts,
    told,
)
from readiness_probe.outcomes import Outcomes
from readiness_probe.places import Places
from readiness_probe.swallowed import AssertionWatch, into_a_skip

if TYPE_CHECKING:
    from typing import Any, Dict, Optional, Sequence, Tuple

    from readiness_probe.environment import Options

WARNINGS_LIMIT = 100
PROBLEMS_LIMIT = 20
BLOCKED_LIMIT = 200


class Recorder:
    """Writes the events of one session; what its methods raise, the hooks contain."""

    def __init__(self, options: Options, config: Any) -> None:
        self.options = options
        self.config = config
        self.events = EventFile(options.out)
        self.places = Places(str(config.rootpath))
        self.outcomes = Outcomes(self.places)
        self.watch = AssertionWatch(self.places, self.problem)
        self.deadline = Deadline(
            options.test_timeout, os.path.join(options.out, self.events.name + ".deadline"), config
        )
        self.stack = StackOnRequest(options.out)
        self.controls_workers = False
        self._process = os.getpid()
        self._running = ""
        self._collected = False
        self._deselected = 0
        self._to_select_from = 0
        self._finished = False
        self._problems = 0
        self._warnings: Dict[Tuple[str, str, str, int], int] = {}
        self._blocked: Dict[Tuple[str, str, str], int] = {}

    # --- the session

    def begin(self) -> None:
        """Everything that imports code of the project comes after this."""
        plugins = {
            str(dist.project_name): str(dist.version)
            for plugin, dist in self.config.pluginmanager.list_plugin_distinfo()
            if self.config.pluginmanager.get_name(plugin) != PLUGIN_NAME
        }
        self.events.write(
            "session",
            format=FORMAT,
            pid=os.getpid(),
            python=platform.python_version(),
            pytest=pytest.__version__,
            rootdir=self.places.root,
            args=[str(argument) for argument in self.config.invocation_params.args],
            plugins=plugins,
            worker=self.options.worker,
            controller=self.options.controller,
            test_timeout=None if self.deadline.off else self.options.test_timeout,
            test_timeout_off=self.deadline.off,
        )
        if self.options.guard:
            self._begin_guard()
        if not self._pass_hook_is_used():
            self.watch.install()

    def _begin_guard(self) -> None:
        from readiness_probe.guard import GUARD

        self.events.write("guard", active=GUARD.switch_on())
        GUARD.blocked = self.blocked

    def _pass_hook_is_used(self) -> bool:
        """With `enable_assertion_pass_hook`, pytest words the asserts that hold, too."""
        try:
            return bool(self.config.getini("enable_assertion_pass_hook"))
        except (KeyError, ValueError):
            return False

    def finish(self, exitstatus: Optional[int]) -> None:
        """The session is over; `exitstatus` is None when it never got to its tests."""
        if self._finished:
            return
        self._finished = True
        for event in self.outcomes.flush():
            self.events.write(event.pop("event"), **event)
        if self.options.copy_of:
            from readiness_probe.copies import loaded_from

            self.events.write("elsewhere", modules=loaded_from(self.options.copy_of))
        repeated = [[number, count] for number, count in enumerate(self._warnings.values()) if count > 1]
        self.events.write(
            "finish",
            exitstatus=exitstatus,
            seconds=self.events.seconds(),
            counts=dict(self.outcomes.counts),
            warnings_repeated=repeated[:WARNINGS_LIMIT],
            warnings_left_out=max(len(self._warnings) - WARNINGS_LIMIT, 0),
            events=self.events.count + 1,
            lost=self.events.lost,
        )

    def close(self) -> None:
        """Give back everything that was taken. A forked child gives nothing back: it all is its parent's."""
        if os.getpid() != self._process:
            return
        if self.options.guard:
            from readiness_probe.guard import GUARD

            GUARD.switch_off()
        self.watch.remove()
        self.finish(None)
        self.deadline.close()
        self.stack.close()
        self.events.close()

    def problem(self, error: BaseException) -> None:
        """Something went wrong in the probe itself."""
        self._problems += 1
        if self._problems <= PROBLEMS_LIMIT:
            details = "".join(traceback.format_exception(type(error), error, error.__traceback__))
            self.events.write(
                "probe_error", message=said_by(error), details=shortened(details, MESSAGE_LIMIT)
            )

    # --- collection

    def could_not_load(self, error: BaseException) -> None:
        """A conftest at the start cannot be imported, or the arguments cannot be used."""
        details = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        path = str(getattr(error, "path", "") or "")
        self.events.write(
            "collect_error",
            id=self.places.relative(path),
            message=shortened(said_by(error), MESSAGE_LIMIT),
            where=self.places.of_exception(error),
            details=shortened(details, 10 * MESSAGE_LIMIT) if path else "",
        )

    def collect_made(self, report: Any) -> None:
        call = report.__dict__.get("call")
        if report.failed and call is not None and call.excinfo is not None:
            report.__dict__[FACTS] = facts_of(report, call.excinfo.value, self.places)

    def collect_reported(self, report: Any) -> None:
        facts = report.__dict__.get(FACTS, {}) if self.options.worker else take_facts(report)
        if report.failed:
            self.events.write("collect_error", id=report.nodeid, **told(report, facts, self.places))
        elif report.skipped:
            self.events.write("collect_skip", id=report.nodeid, **skip_told(report, self.places))

    def before_selection(self, number: int) -> None:
        self._to_select_from = number

    def deselected(self, number: int) -> None:
        self._deselected += number

    def after_selection(self, number: int) -> None:
        """A conftest may drop tests without telling pytest: what is gone is deselected, told or not."""
        self._deselected = max(self._deselected, self._to_select_from - number)

    def collected(self, names: Sequence[str]) -> None:
        """The tests that are going to run. xdist's workers all collect the same: the first speaks for all."""
        if not self._collected:
            self._collected = True
            only = bool(self.config.getoption("collectonly", False))
            self.events.write("collected", ids=list(names), deselected=self._deselected, collect_only=only)

    # --- tests

    def started(self, name: str) -> None:
        if self.controls_workers:
            return
        self._running = name
        self.events.write("start", id=name)
        self.deadline.start()

    def ended(self) -> None:
        self.deadline.stop()
        self._running = ""

    def made(self, item: Any, call: Any, raised: Optional[BaseException], report: Any) -> None:
        """A report was made of a phase; `raised` is what it raised, before pytest gave that another form."""
        if call.excinfo is None and raised is None and not self.watch.noticed:
            return
        facts: Dict[str, Any] = {}
        error = call.excinfo.value if call.excinfo is not None else None
        if report.failed and error is not None:
            facts = facts_of(report, error, self.places)
        if call.when == "call":
            swallowed = self._swallowed(item, report, [one for one in (error, raised) if one is not None])
            if swallowed:
                facts["swallowed"] = swallowed
        self.watch.forget()
        if facts:
            report.__dict__[FACTS] = facts

    def _swallowed(self, item: Any, report: Any, errors: Sequence[BaseException]) -> Sequence[Dict[str, str]]:
        if hasattr(report, "wasxfail") or item.get_closest_marker("xfail") is not None:
            return ()
        if report.passed:
            return self.watch.into_a_pass(item)
        found = [into_a_skip(error, self.places) for error in errors] if report.skipped else []
        return [one for one in found if one is not None][:1]

    def reported(self, report: Any) -> None:
        """Recorded where the user's reports are made: in a worker of xdist the facts travel on."""
        if self.options.worker:
            return
        for event in self.outcomes.add(report, take_facts(report)):
            self.events.write(event.pop("event"), **event)

    def warned(self, message: Any, name: str) -> None:
        """A warning of a worker of xdist reaches the controller, too."""
        if self.options.worker:
            return
        key = (message.category.__name__, str(message.message), str(message.filename), int(message.lineno))
        self._warnings[key] = self._warnings.get(key, 0) + 1
        if self._warnings[key] > 1 or len(self._warnings) > WARNINGS_LIMIT:
            return
        category, text, file, line = key
        where = self.places.at(file, line)
        self.events.write(
            "warning", category=category, message=shortened(text, MESSAGE_LIMIT), where=where, id=name
        )

    def blocked(self, what: str, host: str) -> None:
        """The guard refused a connection; each test, kind and host once."""
        key = (self._running, what, host)
        if key not in self._blocked and len(self._blocked) < BLOCKED_LIMIT:
            self._blocked[key] = 1
            self.events.write("guard_blocked", id=self._running, what=what, host=host)

    # --- the end, otherwise

    def interrupted(self, error: BaseException) -> None:
        said = str(error) or type(error).__name__
        self.events.write("interrupted", message=shortened(said, MESSAGE_LIMIT))

    def internal_error(self, error: BaseException, details: str) -> None:
        self.events.write(
            "internal_error",
            message=shortened(said_by(error), MESSAGE_LIMIT),
            where=self.places.of_exception(error),
            details=shortened(details, 10 * MESSAGE_LIMIT),
        )

    # --- workers of pytest-xdist

    def worker_starts(self, node: Any) -> None:
        self.controls_workers = True
        probed = workers.prepare(node, self.options, self.events.name)
        self.events.write("worker", worker=str(node.gateway.id), probed=probed)
