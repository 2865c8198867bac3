"""In a copy of the process: put state back, run tests again, and say how the last one ended."""

from __future__ import annotations

import faulthandler
import pathlib
import re
import sys
import tempfile
from typing import TYPE_CHECKING

import pytest
from _pytest import runner

from readiness_probe import upper
from readiness_probe.clock import clock
from readiness_probe.tracing import locate
from readiness_probe.tracing.files import note_writes
from readiness_probe.tracing.ledger import TEST, Author

if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

    from readiness_probe.places import Places
    from readiness_probe.tracing.tracker import Tracker

_KIND = re.compile(r"[\w.]+(?=:|$)")
"""The name of an exception at the start of a message; a rewritten assertion may have none."""
_LINE_LIMIT = 300


class Replayer:
    """`items` are the session's, `inside` is the hook that runs a test in place of pytest's own."""

    def __init__(self, items: List[Any], tracker: Tracker, places: Places) -> None:
        self.items = items
        self._tracker = tracker
        self._places = places
        self.reports: Optional[List[Any]] = None
        self.watch: Optional[locate.Watch] = None

    def inside(self, item: Any, nextitem: Any) -> Optional[bool]:
        """Stands for pytest's own way to run a test while a replay goes on."""
        if self.reports is None:
            return None
        self.reports += runner.runtestprotocol(item, log=False, nextitem=nextitem)
        return True

    def answer(self, question: Dict[str, Any]) -> Dict[str, Any]:
        """`undo` and `put` name changes by number, `run` tests by index; the last one's outcome is the answer. With
        `each`, what every one of them changed is answered too."""
        self._use_folder(question.get("basetemp"))
        broken = self._put_back(question)
        if broken:
            return {"outcome": "lost", "error": broken}
        return self._tracker.context.run(lambda: self._answer(question))

    def _answer(self, question: Dict[str, Any]) -> Dict[str, Any]:
        wrote = note_writes()
        began = clock.monotonic()
        with tempfile.TemporaryFile() as stack:
            faulthandler.dump_traceback_later(question["seconds"], file=stack)
            result = self._each(question["run"]) if question.get("each") else self._last(question)
            faulthandler.cancel_dump_traceback_later()
        result["seconds"] = clock.monotonic() - began
        result["wrote"] = sorted(wrote)
        return result

    def _last(self, question: Dict[str, Any]) -> Dict[str, Any]:
        *before, last = question["run"]
        put_back = self._kept(question.get("keep", ()))
        for index in before:
            self.run(self.items[index])
        put_back()
        self.watch = watch = self._watch(question.get("locate"))
        if watch is not None:
            watch.start()
        result = self.run(self.items[last])
        if watch is not None:
            result["where"], result["stack"] = watch.stop()
        return result

    def _each(self, tests: List[int]) -> Dict[str, Any]:
        """Index, title and name of every binding that one of `tests` changed, and whether it is as it was at first."""
        tracker, changed, result = self._tracker, [], {}
        first: Dict[Tuple[int, Any], Any] = {}
        tracker.look(Author(TEST, "what was asked"))
        for index in tests:
            result = self.run(self.items[index])
            start = len(tracker.ledger.changes)
            end = tracker.look(Author(TEST, self.items[index].nodeid, index))
            for change in tracker.ledger.since(start, end):
                before = first.setdefault((id(change.holder), change.name), change.before)
                put_back = change.holder.same(before, change.after)
                changed.append((index, change.holder.title, change.name, put_back))
        return {**result, "changed": changed}

    def run(self, item: Any) -> Dict[str, Any]:
        """Run one test as a new one, through every plugin that stands around a test."""
        self.reports = []
        try:
            _ready(item)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=upper.sibling_of(item))
        except (KeyboardInterrupt, pytest.exit.Exception) as error:
            return {"outcome": "failed", "error": f"call {type(error).__name__}"}
        finally:
            reports, self.reports = self.reports, None
        return outcome_of(reports)

    def _put_back(self, question: Dict[str, Any]) -> str:
        ledger = self._tracker.ledger
        own = [ledger.changes[number] for number in question.get("undo", ())]
        chosen = [ledger.changes[number] for number in question.get("put", ())]
        for change in sorted([*own, *chosen], key=lambda one: -one.number):
            try:
                change.holder.put(change.name, change.before)
            except Exception as error:  # noqa: BLE001 - told as what it is: state that cannot be put back
                if change in chosen and not question.get("lenient"):
                    return f"{change.state} cannot be put back: {type(error).__name__}: {error}"
        return ""

    def _use_folder(self, folder: Any) -> None:
        """The session's own folder for temporary files, where this copy is older than that."""
        factory = getattr(self.items[0].config, "_tmp_path_factory", None)
        if folder and factory is not None and getattr(factory, "_basetemp", folder) is None:
            factory._basetemp = pathlib.Path(folder)

    def _kept(self, wanted: Sequence[Tuple[str, Any]]) -> Callable[[], None]:
        """Read some bindings, by the title of their holder and their name; what puts them back as they are now."""
        holders = [(self._tracker.titled(title), name) for title, name in wanted]
        kept = [(holder, name, holder.get(name)) for holder, name in holders if holder is not None]

        def put_back() -> None:
            for holder, name, value in kept:
                holder.put(name, value)

        return put_back

    def _watch(self, wanted: Any) -> Optional[locate.Watch]:
        if wanted is None:
            return None
        return locate.Watch(wanted, self._tracker, self._places)


def _ready(item: Any) -> None:
    item.session._setupstate.teardown_exact(upper.sibling_of(item))
    if hasattr(item, "_initrequest"):
        item._initrequest()


def outcome_of(reports: List[Any]) -> Dict[str, Any]:
    """`outcome` is passed, failed or skipped; a failure has an `error` by which two of them can be told apart."""
    for report in reports:
        if report.failed:
            return {"outcome": "failed", "error": error_of(report), "said": message_of(report)}
    skipped = any(report.skipped for report in reports)
    return {"outcome": "skipped" if skipped else "passed", "error": "", "said": ""}


def error_of(report: Any) -> str:
    """Phase, exception and place: the same for the same failure, whatever values it speaks of."""
    kind = _KIND.match(message_of(report))
    return f"{report.when} {kind[0] if kind else 'AssertionError'} {place_of(report)}".rstrip()


def message_of(report: Any) -> str:
    """The first line of what went wrong."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = str(crash.message if crash is not None else report.longrepr)
    first = next((line for line in text.splitlines() if line.strip()), "")
    return first[:_LINE_LIMIT]


def place_of(report: Any) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return "" if crash is None else f"{crash.path}:{crash.lineno}"


def flush() -> None:
    """Before a fork: what is buffered would be written twice."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
