"""From the cases of a session to what is reported of them. See docs/isolation.md for the form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from readiness_probe.tracing.causes import FLAKY, UNEXPLAINED, Court, author_of, can_be_put, left_by, within
from readiness_probe.tracing.files import TITLE as FILES
from readiness_probe.tracing.ledger import FIXTURE, IMPORT
from readiness_probe.tracing.minimise import OutOfBudget
from readiness_probe.tracing.mocks import NOTE, is_left_started

if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

    from readiness_probe.places import Places
    from readiness_probe.tracing.authors import Authors
    from readiness_probe.tracing.causes import Budget, Case
    from readiness_probe.tracing.holders import Holder
    from readiness_probe.tracing.ledger import Author, Change, Leak
    from readiness_probe.tracing.tracker import Tracker
    from readiness_probe.tracing.worlds import World

LEAKS_LIMIT = 100
UNWATCHED = (
    "files were not watched (the system does not tell of writes, or HOME lies in the project's folder): "
    "that it fails because of one is not ruled out"
)
STATES_LIMIT = 8
"""Bindings named for one cause; a module that is loaded anew has all of its names bound anew."""


class Findings:
    """`seconds` is the limit of one replay."""

    def __init__(
        self,
        items: List[Any],
        tracker: Tracker,
        places: Places,
        base: Optional[World],
        budget: Budget,
        seconds: float,
        authors: Authors,
    ) -> None:
        self._items = items
        self._tracker = tracker
        self._places = places
        self._base = base
        self._budget = budget
        self._seconds = seconds
        self._authors = authors

    def of(self, case: Case, why_not: str) -> Dict[str, Any]:
        """One finding, as it goes on record."""
        if case.world is None:
            why = why_not or "too many tests failed before it"
            return {**self._finding(case, "unjudged", [], [why]), "suspects": self._suspects(case)}
        court = self._court(case)
        try:
            kind, sets, said = court.judge()
        except OutOfBudget:
            return self._finding(case, "unjudged", [], ["the budget for replays ran out"])
        causes: List[Dict[str, Any]] = []
        if said == UNEXPLAINED:
            causes = within(lambda: self._by_tests(court), [])
            if court.passed_again and not causes:
                kind, said = "flaky", FLAKY
            if court.must_show and not causes:
                kind, said = "unjudged", f"a copy of the process has not what tests left: {court.must_show}"
        for group, leaks in enumerate(sets):
            causes += self._causes(court, leaks, group)
        notes = [*([said] if said else []), *court.notes, *_together(sets), *_mocked(sets)]
        if kind.startswith("broken") and not self._tracker.files.tree.is_watched:
            notes.append(UNWATCHED)
        found = self._finding(case, kind, causes, notes)
        return {**found, "suspects": self._suspects(case)} if kind == "unjudged" else found

    def _court(self, case: Case) -> Court:
        return Court(case, self._tracker.ledger, self._base, self._budget, self._seconds, self._authors)

    def _suspects(self, case: Case) -> List[Dict[str, Any]]:
        """What tests had left changed by then, for those who ask in new processes. What cannot be put back is first."""
        left = [leak for leak in self._tracker.ledger.leaks(case.start) if leak.last.author.kind != IMPORT]
        chosen = [leak for leak in left if not can_be_put(leak)]
        chosen += [leak for leak in left if can_be_put(leak) and not leak.is_quiet]
        self._authors.tell_apart(leak.last for leak in chosen[:LEAKS_LIMIT])
        return [self._suspect(leak) for leak in chosen[:LEAKS_LIMIT]]

    def _suspect(self, leak: Leak) -> Dict[str, Any]:
        change = leak.last
        return {
            **self._who(change.author),
            "state": leak.state,
            **self._before_and_after(leak.holder, change.name, leak.first_value, change.after),
            "where": self._place_of(change.author),
            "exact": False,
            "put_back": can_be_put(leak),
        }

    def _finding(
        self, case: Case, kind: str, causes: List[Dict[str, Any]], notes: List[str]
    ) -> Dict[str, Any]:
        return {
            "id": case.name,
            "class": kind,
            "error": case.said or case.error,
            "causes": causes,
            "notes": notes,
        }

    def brittle(self, case: Case) -> Dict[str, Any]:
        """A test that fails in the clean world and passed in the order of the session."""
        court = self._court(case)
        causes = within(lambda: [self._without_state(index) for index in court.brittle()], [])
        for cause in causes:
            left = self._tracker.ledger.left_by(cause["polluter"])
            states = {one.state for one in left if not one.is_quiet}
            cause.update(state=states.pop() if len(states) == 1 else "", lets_pass=True)
        note = "it passes only after what is named; alone it fails"
        return self._finding(case, "brittle", causes, [note])

    def leaks(self, *, by_name: bool) -> List[Dict[str, Any]]:
        """Everything that is still changed at the end, without a judgement. Without `by_name` no test is run again to
        find out which of several it was."""
        found = [leak for leak in self._tracker.ledger.leaks() if leak.last.author.kind != IMPORT]
        loud = [leak for leak in found if not leak.is_quiet]
        self._authors.tell_apart(leak.last for leak in loud if leak.is_plain and by_name)
        return [
            {"by": _called(leak.last.author), "state": leak.state, "where": "", "plain": leak.is_plain}
            for leak in loud[:LEAKS_LIMIT]
        ]

    def _causes(self, court: Court, leaks: List[Leak], group: int) -> List[Dict[str, Any]]:
        found = []
        for leak in leaks[:STATES_LIMIT]:
            changes = within(lambda leak=leak: court.polluters(leak), [leak.last])  # type: ignore[misc]
            found += [self._cause(court, leak, change, group) for change in changes]
        return found

    def _cause(self, court: Court, leak: Leak, change: Change, group: int) -> Dict[str, Any]:
        return {
            **self._who(change.author),
            "state": leak.state,
            **self._before_and_after(leak.holder, change.name, leak.first_value, change.after),
            **self._located(court, change),
            "proof": "forked",
            "set": group,
        }

    def _before_and_after(self, holder: Holder, name: Any, before: Any, after: Any) -> Dict[str, Any]:
        return {"before": holder.shown(name, before), "after": holder.shown(name, after)}

    def _located(self, court: Court, change: Change) -> Dict[str, Any]:
        located = within(lambda: court.locate(change.author, change), {})
        return {
            "where": located.get("where") or self._place_of(change.author),
            "exact": bool(located.get("where")),
            "stack": list(located.get("stack", ())),
        }

    def _without_state(self, index: int) -> Dict[str, Any]:
        """A test that has an effect, through what no holder shows."""
        return {
            "polluter": self._items[index].nodeid,
            "kind": "test",
            "state": "",
            "before": "",
            "after": "",
            "where": self._place_of_test(index),
            "exact": False,
            "stack": [],
            "proof": "forked",
            "set": 0,
            "put_back": False,
        }

    def _by_tests(self, court: Court) -> List[Dict[str, Any]]:
        """Causes where the polluters are found first, and then what they left."""
        polluters, causes = court.by_bisection(), []
        for index in polluters:
            unknown = court.is_mixed and not self._left_for_good(court, index)
            leaks = left_by(court, index, polluters) if court.must_show or unknown else []
            for leak in leaks[:STATES_LIMIT]:
                author = author_of(leak.last, index)
                causes.append(self._cause(court, leak, leak.last.by(author or leak.last.author), 0))
            causes += [] if leaks else [self._without_put(court, index)]
        return causes

    def _without_put(self, court: Court, index: int) -> Dict[str, Any]:
        """As `_without_state`, named by what cannot be put back, where that test left any."""
        left = self._left_for_good(court, index)
        cause = self._without_state(index)
        cause["state"] = ", ".join(change.state for change in left)
        if len(left) == 1:
            (change,) = left
            cause.update(self._before_and_after(change.holder, change.name, change.before, change.after))
            cause.update(self._located(court, change))
        return cause

    def _left_for_good(self, court: Court, index: int) -> List[Change]:
        """What that test left and cannot be put back, an open socket say."""
        left = [one.last for one in court.cannot_be_put() if not _may_be_anybodys(one)]
        self._authors.tell_apart(one for one in left if index in one.author.among)
        return [one for one in left if one.author.tests == (index,)]

    def _who(self, author: Author) -> Dict[str, Any]:
        who = {"polluter": _called(author), "kind": author.kind}
        if author.kind == FIXTURE:
            who.update(scope=author.scope, during=self._items[author.test].nodeid)
        return who

    def _place_of(self, author: Author) -> str:
        if author.kind == IMPORT:
            return author.name
        return self._place_of_test(author.test)

    def _place_of_test(self, index: int) -> str:
        path, line, _ = self._items[index].location
        return self._places.at(str(path), None if line is None else line + 1)


def _called(author: Author) -> str:
    """A test that could not be told apart is not accused by name."""
    number = len(author.among)
    return f"one of {number} tests, the last of them {author.name}" if number else author.name


def _may_be_anybodys(leak: Leak) -> bool:
    """A file outside of the project that came meanwhile, and that no test was seen to write."""
    return leak.holder.title == FILES and leak.is_quiet


def _mocked(sets: List[List[Leak]]) -> List[str]:
    said = []
    for leak in (leak for one in sets for leak in one):
        holder, last = leak.holder, leak.last
        if is_left_started(holder.target, last.name) and holder.same(holder.get(last.name), last.after):
            said.append(f"{leak.state}: {NOTE}")
    return said


def _together(sets: List[List[Leak]]) -> List[str]:
    said = []
    if len(sets) > 1:
        said.append("the leaks are harmful together only: to put back any one set is enough")
    if any(len(one) > 1 for one in sets):
        said.append("several leaks are each enough to make it fail: all of one set must be put back")
    return said
