"""One pytest run, folded: which result of a test counts, what failed, what is missing."""

from __future__ import annotations

import os
import re
from collections import Counter

from readiness.record.result import Counts, Failure, Skip
from readiness.run.leaks_said import findings, leaks, left_over

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    from readiness.run.probe_files import Event, Run

_STACK_LINE: Final = re.compile(r'File "(?P<path>[^"]+)", line (?P<line>\d+)')


class Fold:
    """One pytest run, folded."""

    def __init__(self, run: Run, root: str, repeated: frozenset[str] = frozenset()) -> None:
        self.run = run
        self._repeated_tests = repeated
        self._root = os.path.realpath(root)
        session = run.main.first("session")
        self._rootdir = str(session.get("rootdir", root))
        self.args = " ".join(map(str, session.get("args", ())))
        collected = run.main.first("collected") or next(run.of("collected"), {})
        self._selected = Counter(name for name in map(str, collected.get("ids", ())) if name not in repeated)
        self._collect_only = bool(collected.get("collect_only"))
        self._deselected = max((int(event["deselected"]) for event in run.of("collected")), default=0)
        self._once = _deduplicated(run.of("collect_error", "collect_skip"))
        self.findings = tuple(findings(run, self.place))
        self._because = {one.test: one.because() for one in self.findings}
        self._results = self._results_by_test()
        self.running = self._unfinished()
        self.timed_out = tuple(self._timeouts())
        self.reruns = tuple(dict.fromkeys(self._repeated()))
        self.swallowed = tuple(self._failure(event, "call", "swallowed") for event in self._of("swallowed"))
        self.results = [
            (str(event["id"]), str(event["outcome"]), float(event["seconds"])) for event in self._counted()
        ]
        self.ended = list(self._ended())
        self._missing = self._without_result()
        self.leaks = tuple(leaks(run, self.place))
        self.left_over = tuple(left_over(run, self.place))
        self.failures = list(self._failures())
        self.skips = list(self._skips())
        self.counts = self._count()

    def place(self, where: str) -> str:
        """`path:line` relative to the project's root; absolute outside it."""
        path, colon, line = where.rpartition(":")
        if not line.isdecimal():
            path, colon, line = where, "", ""
        absolute = os.path.realpath(os.path.join(self._rootdir, path)) if path else ""
        inside = absolute.startswith(os.path.join(self._root, ""))
        return (os.path.relpath(absolute, self._root) if inside else absolute) + colon + line

    def _of(self, *kinds: str) -> Iterator[Event]:
        """Events of the tests that one run judges; of the others, their trials tell."""
        return (
            event for event in self.run.of(*kinds) if str(event.get("id", "")) not in self._repeated_tests
        )

    def _results_by_test(self) -> dict[str, list[Event]]:
        results: dict[str, list[Event]] = {}
        for event in self._of("test"):
            results.setdefault(str(event["id"]), []).append(event)
        return results

    def _counted(self) -> Iterator[Event]:
        """The results that count: as many of a test as it was collected times, the last ones."""
        for test, results in self._results.items():
            yield from results[-(self._selected[test] or 1) :]

    def _repeated(self) -> Iterator[str]:
        """Tests that failed and then passed on a repetition."""
        for event in self.run.of("rerun"):
            if self._last_outcome(event) == "passed":
                yield str(event["id"])
        for test, results in self._results.items():
            earlier = results[: -(self._selected[test] or 1)]
            if results[-1]["outcome"] == "passed" and any(one["outcome"] != "passed" for one in earlier):
                yield test

    def _ended(self) -> Iterator[tuple[str, bool]]:
        """Every execution of a test that passed or failed, repetitions included."""
        for event in self._of("rerun", "test"):
            outcome = str(event.get("outcome", "failed"))
            if outcome in ("passed", "xpassed", "failed", "error"):
                yield str(event["id"]), outcome in ("passed", "xpassed")

    def _last_outcome(self, event: Event) -> str:
        results = self._results.get(str(event["id"]), ())
        return str(results[-1]["outcome"]) if results else ""

    def _unfinished(self) -> tuple[str, ...]:
        started = Counter(str(event["id"]) for event in self.run.of("start"))
        ended = Counter(str(event["id"]) for event in self.run.of("test", "rerun"))
        return tuple(test for test, times in started.items() if times > ended[test])

    def _timeouts(self) -> Iterator[Failure]:
        for file in self.run.files:
            if file.deadline:
                started = [str(event["id"]) for event in file.of("start")]
                seconds = file.first("session").get("test_timeout") or 0
                said = f"still running after {seconds:g} s, its own deadline"
                where = self._place_in_stack(file.deadline)
                yield Failure((started or [""])[-1], "call", "timeout", said, where, details=file.deadline)

    def _place_in_stack(self, stack: str) -> str:
        """The innermost line of the project: faulthandler prints the most recent call first."""
        for match in _STACK_LINE.finditer(stack):
            where = self.place(f"{match['path']}:{match['line']}")
            if not os.path.isabs(where) and "site-packages" not in where:
                return where
        return ""

    def _without_result(self) -> int:
        """Selected tests that nobody spoke of again, where nothing else explains it."""
        told = any(event["outcome"] in ("failed", "error") for event in self._of("test"))
        explained = told or self.running or self.timed_out or self._collect_only
        unreadable = any(self.run.of("collect_error", "internal_error"))
        if explained or unreadable:
            return 0
        return sum(max(times - len(self._results.get(test, ())), 0) for test, times in self._selected.items())

    def _failures(self) -> Iterator[Failure]:
        for event in self._once:
            if event["event"] == "collect_error":
                yield self._failure(event, "collect", "error")
        counted = {id(event) for event in self._counted()}
        for event in self.run.of("test", "subtest", "teardown_error", "internal_error"):
            kind = event["event"]
            if kind in ("test", "subtest") and str(event["id"]) in self._repeated_tests:
                continue
            if kind == "teardown_error":
                yield self._failure(event, "teardown", "error")
            elif kind == "internal_error":
                yield self._failure(event, "command", "error")
            elif kind == "subtest" and event["outcome"] == "failed":
                yield self._failure(event, "call", "failure")
            elif id(event) in counted and event["outcome"] in ("failed", "error"):
                what = "failure" if event["outcome"] == "failed" else "error"
                yield self._failure(event, str(event["phase"]), what)
        if self._missing:
            yield Failure("", "command", "error", self._why_missing())

    def _why_missing(self) -> str:
        total = sum(self._selected.values())
        finished = self.run.main.first("finish")
        why = str(self.run.main.first("interrupted").get("message", "")) or (
            "pytest stopped before them" if finished else "the pytest process ended without finishing"
        )
        return f"{self._missing} of {total} selected tests have no result: {why}"

    def _failure(self, event: Event, phase: str, kind: str) -> Failure:
        test = " ".join(filter(None, (str(event.get("id", "")), str(event.get("subtest", "")))))
        message = str(event.get("message", ""))
        why = self._because.get(str(event.get("id", "")), "") if kind in ("failure", "error") else ""
        if why:
            message = f"{why}: {message}"
        return Failure(
            test,
            phase,
            kind,
            message,
            self.place(str(event.get("where", ""))),
            details=str(event.get("details", "")),
        )

    def _skips(self) -> Iterator[Skip]:
        skipped = [event for event in self._once if event["event"] == "collect_skip"]
        skipped += [event for event in self._counted() if event["outcome"] == "skipped"]
        skipped += [event for event in self._of("subtest") if event["outcome"] == "skipped"]
        for event in skipped:
            test = " ".join(filter(None, (str(event["id"]), str(event.get("subtest", "")))))
            yield Skip(test, str(event.get("message", "")), self.place(str(event.get("where", ""))))

    def _count(self) -> Counts:
        ends = Counter(str(event["outcome"]) for event in self._counted())
        collection = Counter(str(event["event"]) for event in self._once)
        broken = sum(1 for _ in self.run.of("teardown_error", "internal_error"))
        return Counts(
            collected=(sum(self._selected.values()) or sum(ends.values())) + self._deselected,
            deselected=self._deselected,
            passed=ends["passed"],
            failed=ends["failed"],
            errors=ends["error"] + broken + collection["collect_error"] + bool(self._missing),
            skipped=ends["skipped"] + collection["collect_skip"],
            xfailed=ends["xfailed"],
            xpassed=ends["xpassed"],
        )


def _deduplicated(events: Iterator[Event]) -> tuple[Event, ...]:
    """Each worker of xdist meets the same trouble in collection."""
    seen: dict[tuple[str, str], Event] = {}
    for event in events:
        seen.setdefault((str(event["event"]), str(event["id"])), event)
    return tuple(seen.values())
