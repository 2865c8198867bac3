"""One traced session: who is at work when, which worlds to freeze, and the questions once all tests have run."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import sys
from typing import TYPE_CHECKING

from readiness_probe.clock import clock
from readiness_probe.tracing.authors import Authors
from readiness_probe.tracing.causes import Budget, Case
from readiness_probe.tracing.disk import Disk, OnDisk
from readiness_probe.tracing.explore import Explorer, until_out_of_budget
from readiness_probe.tracing.findings import Findings
from readiness_probe.tracing.ledger import FIXTURE, IMPORT, TEST, Author
from readiness_probe.tracing.names import fixture_name
from readiness_probe.tracing.pace import Pace
from readiness_probe.tracing.patience import HANGS, Patient
from readiness_probe.tracing.replay import Replayer, error_of, flush, message_of
from readiness_probe.tracing.silence import silence
from readiness_probe.tracing.tracker import Tracker
from readiness_probe.tracing.worlds import World, freeze

if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional

    from readiness_probe.recorder import Recorder

WORLDS = 12
"""Failures whose world is kept; further ones are listed as not asked about."""
REPLAYS = 400
SECONDS = 60.0
SLOWEST = 10.0
"""Seconds that one replay may take at least."""


@contextlib.contextmanager
def _without_collections() -> Iterator[None]:
    """Thousands of objects are made that stay: each search for garbage among them, a third of the time, is in vain."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class Tracing:
    """The recorder's session, traced. `options` is the JSON object of READINESS_PROBE_ISOLATION."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._options: Dict[str, Any] = json.loads(recorder.options.isolation)
        self._hangs = float(self._options.get("hangs", 0.0))
        """Seconds after which the last test is taken to come to no end: it is run in copies alone."""
        self.tracker: Optional[Tracker] = None
        self.replayer: Optional[Replayer] = None
        self._why_not = ""
        self._base: Optional[World] = None
        self._disk: Optional[Disk] = None
        self._cases: List[Case] = []
        self._fixtures: Dict[int, Author] = {}
        self._index: Dict[int, int] = {}
        self._items: List[Any] = []
        self._current = -1
        self._pace = Pace()
        if self._options.get("all"):
            self._pace.exact()
        elif self._options.get("seldom"):
            self._pace.seldom()
        self._waiting: List[int] = []
        self._error = ""
        self._said = ""
        self._here: Optional[World] = None
        self._end = 0
        self._start = 0
        self._took: Dict[int, float] = {}
        self._explorer: Optional[Explorer] = None
        self._passed: List[int] = []
        self._began = 0.0

    # --- before the tests

    def configure(self, option: Any) -> None:
        """One process sees all tests, in their order, where that was asked for: no workers of pytest-xdist."""
        if self._options.get("serial") and hasattr(option, "numprocesses"):
            option.numprocesses, option.dist, option.tx = None, "no", []

    def begin(self) -> None:
        """Before the first test file is imported."""
        if not self._options.get("only") or self._options.get("hangs"):
            # A worker of pytest-xdist has siblings, whose tests may still run when its own are over.
            alone = bool(self._options.get("disk")) and not self._recorder.options.worker
            with _without_collections():
                self.tracker = Tracker(self._recorder.places, disk_is_ours=alone)

    def choose(self, items: List[Any]) -> None:
        """Where a question is asked in a new process: run the tests that it names, in that order, and trace nothing."""
        if self._options.get("only"):
            with open(self._options["only"], encoding="utf-8") as file:
                wanted = json.load(file)
            by_name = {item.nodeid: item for item in reversed(items)}
            items[:] = [by_name[name] for name in wanted if name in by_name]

    def imported(self, name: str) -> None:
        """A test file (or a package of them) was collected, and so imported."""
        if self.tracker is not None:
            self.tracker.look(Author(IMPORT, name))

    def collected(self, items: List[Any]) -> None:
        self._items = list(items)
        self._index = {id(item): number for number, item in enumerate(items)}

    def _first_test(self) -> None:
        assert self.tracker is not None
        self.tracker.ledger.tests_from = self.tracker.look(Author(IMPORT, "the start of the session"))
        self._disk = Disk(self.tracker.files, self.tracker.ledger)
        self.replayer = Replayer(self._items, self.tracker, self._recorder.places)
        self._base = self._freeze()
        if self._base is None or self._hangs:
            # Nobody could be asked which test it was, or one of those that are asked does not come to an end.
            self._pace.exact()
        self._pace.begin(self.tracker.seconds)
        if self._options.get("all"):
            self._explorer = Explorer(self.tracker.ledger, self._freeze)

    # --- around a test

    def before(self, item: Any) -> None:
        if self.tracker is None:
            return
        if self.replayer is None:
            self._first_test()
        self._current = self._index.get(id(item), -1)
        self._error = self._said = ""
        self._here = None
        self._start = len(self.tracker.ledger.changes)
        self._began = clock.monotonic()

    def is_for_copies(self, item: Any) -> bool:
        """Whether it came to no end in an earlier run. It is kept as it would begin."""
        if not self._hangs or self._current != len(self._items) - 1:
            return False
        said = f"still running after {self._hangs:g} s"
        world, start = self._freeze(), self._start
        self._cases.append(Case(self._current, item.nodeid, HANGS, world, start, start, said=said))
        return True

    def failed(self, report: Any) -> None:
        """One phase of the test went wrong, as pytest sees it in the end."""
        if not self._error:
            self._error, self._said = error_of(report), message_of(report)

    def after(self, item: Any) -> None:
        if self.tracker is None or self._current < 0:
            return
        self._took[self._current] = clock.monotonic() - self._began
        self._take_in()
        if self._error or len(self._waiting) + 1 >= self._pace.every:
            end = self._look_at_everything(item)
        else:
            end = self._look_after_each(item)
            self._waiting.append(self._current)
        self._pace.after(self.tracker.seconds)
        if self._error:
            self._failed_here(item.nodeid, end)
        else:
            self._passed.append(self._current)
        if self._explorer is not None:
            self._explorer.after(self._current, end)
        self._current = -1

    def ends(self, item: Any, nextitem: Any) -> None:
        """It is to be torn down. A failed test is kept with the fixtures that it saw; what a test changed is not to
        be taken for the doing of the fixtures that are torn down after it."""
        if self.tracker is None or self._current < 0:
            return
        leaves = nextitem is None or nextitem.parent is not item.parent
        if self._error or (leaves and self._fixtures):
            self._end = self._look_at_everything(item)
        if self._error and len(self._cases) < WORLDS:
            self._here = self._freeze()

    def _look_after_each(self, item: Any) -> int:
        """At all that does not wait for a look that several tests share."""
        assert self.tracker is not None
        author = Author(TEST, item.nodeid, self._current)
        return self.tracker.look(author, most=self._pace.each, deferred=False)

    def _look_at_everything(self, item: Any) -> int:
        """What waited was done by one of several tests, most likely before this one: so it is entered in the ledger."""
        tracker = self.tracker
        assert tracker is not None
        if not self._waiting:
            return tracker.look(Author(TEST, item.nodeid, self._current))
        author = Author(TEST, item.nodeid, self._current, among=(*self._waiting, self._current))
        before = len(tracker.ledger.changes)
        after = tracker.look(author, few=False, most=not self._pace.each)
        tracker.ledger.insert(self._start, tracker.ledger.changes[before:])
        self._start += after - before
        self._waiting = []
        return self._look_after_each(item)

    def _failed_here(self, name: str, end: int) -> None:
        world = self._here
        if world is None and len(self._cases) < WORLDS:
            world, self._end = self._freeze(), end
        self._cases.append(
            Case(self._current, name, self._error, world, self._start, self._end, said=self._said)
        )

    # --- around a fixture that outlives tests

    def fixture_begins(self) -> None:
        """What the test changed so far is its own doing."""
        if self.tracker is not None and self._current >= 0:
            self._look_at_everything(self._items[self._current])

    def fixture_made(self, definition: Any) -> None:
        if self.tracker is None or self._current < 0:
            return
        author = Author(FIXTURE, fixture_name(definition), self._current, str(definition.scope))
        self._fixtures[id(definition)] = author
        self._take_in()
        self.tracker.look(author)
        self.follow_value(definition)

    def _take_in(self) -> None:
        """The folder of pytest for temporary files, once somebody has asked for it."""
        factory = getattr(self._recorder.config, "_tmp_path_factory", None)
        folder = getattr(factory, "_basetemp", None)
        if self.tracker is not None and folder is not None and not self.tracker.files.tree.own:
            self.tracker.files.tree.take_in(str(folder))

    def fixture_replayed(self, definition: Any) -> None:
        """As `fixture_made`, in a copy of the process that answers a question."""
        self.follow_value(definition)
        if self.replayer is not None and self.replayer.watch is not None:
            self.replayer.watch.fixture_made()

    def follow_value(self, definition: Any) -> None:
        """What a fixture handed out lives in no namespace, and tests may change it."""
        result = getattr(definition, "cached_result", None)
        if self.tracker is not None and result is not None and result[-1] is None:
            self.tracker.follow(f"the value of fixture {definition.argname}", result[0])

    def fixture_ends(self, definition: Any) -> None:
        """It was torn down; what it changed and did not put back is a leak from here on."""
        author = self._fixtures.pop(id(definition), None)
        if author is not None and self.tracker is not None:
            if self._waiting and self._current >= 0:
                self._look_at_everything(self._items[self._current])
            author.ended = self.tracker.look(author)

    # --- worlds

    def _freeze(self) -> Optional[World]:
        if not self._options.get("fork", True):
            self._why_not = "no copies of the process were asked for"
            return None
        if not hasattr(os, "fork") or sys.platform == "darwin":
            self._why_not = f"fork cannot be trusted on {sys.platform}"
            return None
        assert self.replayer is not None
        assert self.tracker is not None
        assert self._disk is not None
        flush()
        replayer, keep = self.replayer, self.tracker.keep()

        def answer(question: Dict[str, Any]) -> Dict[str, Any]:
            keep()
            return replayer.answer(question)

        world = freeze(lambda: silence(self._recorder.config), answer)
        on_disk = OnDisk(world, self._disk, len(self.tracker.ledger.changes))
        return Patient(on_disk, self._took) if self._hangs else on_disk

    # --- after the tests

    def finish(self) -> None:
        """Ask what is to be asked, and put the answers on record."""
        if self.tracker is None or self.replayer is None:
            return
        budget = Budget(
            int(self._options.get("replays", REPLAYS)), float(self._options.get("seconds", SECONDS))
        )
        seconds = self._hangs or max(SLOWEST, 5 * max(self._took.values(), default=0.0))
        if self._waiting:
            self._current, self._start = self._waiting.pop(), len(self.tracker.ledger.changes)
            self._look_at_everything(self._items[self._current])
        authors = Authors(self._items, self.tracker.ledger, self._base, budget, seconds)
        findings = Findings(
            self._items, self.tracker, self._recorder.places, self._base, budget, seconds, authors
        )
        try:
            for case in self._cases:
                self._recorder.events.write("finding", **findings.of(case, self._why_not))
            unexplored = self._explore(findings, budget, seconds)
            self._recorder.events.write(
                "isolation",
                tests=len(self._items),
                watched=self.tracker.watched,
                seconds=round(self.tracker.seconds, 6),
                replays=budget.spent,
                leaks=findings.leaks(by_name=bool(self._cases or self._options.get("leaks"))),
                why_not=self._why_not,
                unexplored=unexplored,
            )
        finally:
            self.close()

    def _explore(self, findings: Findings, budget: Budget, seconds: float) -> str:
        """Look for victims among the tests that passed; what was left out, in words."""
        if self._explorer is None:
            return ""
        if self._base is None:
            return self._why_not
        names = [item.nodeid for item in self._items]
        cases = self._explorer.cases(self._passed, names, self._base, budget, seconds)

        def judge(case: Case) -> None:
            finding = findings.brittle(case) if case.world is None else findings.of(case, "")
            self._recorder.events.write("finding", **finding)

        if not until_out_of_budget(cases, judge):
            return "time ran out before each test was seen in each world"
        left_out = self._explorer.left_out
        return (
            f"{left_out} worlds of {left_out + len(self._explorer.worlds)} were left out" if left_out else ""
        )

    def close(self) -> None:
        if self._explorer is not None:
            self._explorer.close()
        for world in [self._base, *(case.world for case in self._cases)]:
            if world is not None:
                world.close()
