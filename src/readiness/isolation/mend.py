"""From findings to verified patches: what is tried, in which order, until the whole suite is no worse for it."""

from __future__ import annotations

from readiness.isolation.patch.candidates import candidates
from readiness.isolation.patch.diff import unified
from readiness.isolation.patch.edit import Conflict, edited
from readiness.isolation.patch.lines import in_original
from readiness.record.finding import Patch
from readiness.record.value import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Final, Self

    from readiness.isolation.outcomes import Ran
    from readiness.isolation.patch.edit import Candidate
    from readiness.isolation.patch.files import Files
    from readiness.record.finding import Cause, Finding

    Key = tuple[str, str, str, str]
    Trial = Callable[[Mapping[str, bytes]], Ran]

MENDABLE: Final = frozenset({"victim", "brittle"})
NOT_BY_ITSELF: Final = "it fails by itself, too: a patch of the leak alone cannot be shown to mend it"
TOO_LATE: Final = "the time for patches was over before one was verified; allow more with --patch-seconds"


@value
class Mended:
    """What came of it: the findings with their patches, and every file of the one patch before and after."""

    findings: tuple[Finding, ...]
    before: Mapping[str, bytes]
    after: Mapping[str, bytes]
    diff: str = ""
    runs: int = 0

    @classmethod
    def refused(cls, findings: Sequence[Finding], why: str) -> Self:
        """None of the findings with a cause gets a patch."""
        return cls(tuple(replace(one, no_patch=why) if one.causes else one for one in findings), {}, {})


NOT_MENDED: Final = Mended((), {}, {})


@value
class Tried:
    """One trial: the files it changed, the findings' tests it mended, and the tests that it broke."""

    texts: Mapping[str, bytes]
    chosen: Mapping[Key, Candidate]
    ran: Ran
    mended: frozenset[str]
    harmed: tuple[str, ...]


class Mending:
    """Chooses a candidate for each cause and goes on to the next where a trial says no.

    `trial` runs the whole suite in a copy of the project with the given files; `worse` names the tests that ended
    worse there than in the run in which the findings were made. `left` tells how many seconds may still be spent, and
    `expected` what one trial will take.
    """

    def __init__(
        self,
        findings: Sequence[Finding],
        files: Files,
        trial: Trial,
        worse: Callable[[Ran], Iterable[str]],
        left: Callable[[], float],
        expected: float,
    ) -> None:
        self._findings = findings
        self._files = files
        self._worse = worse
        self._expected = expected
        self._trial = trial
        self._left = left
        self._ways: dict[Key, list[Candidate]] = {}
        self._victims_first: set[Key] = set()
        self._why: dict[str, str] = {}
        self._best: Tried | None = None
        self._further: dict[str, tuple[Cause, ...]] = {}
        self._runs = 0
        self._compared = False

    def mend(self) -> Mended:
        """Try until every finding is mended, nothing is left to try, or time is over."""
        wanted = [one for one in self._findings if self._prepare(one)]
        while wanted and self._time_is_there():
            tried = self._try(wanted)
            if tried is None:
                break
            if not tried.harmed and (self._best is None or tried.mended > self._best.mended):
                self._best = tried
            if not tried.harmed and all(one.test in tried.mended for one in wanted):
                break
            if not self._advance(wanted, tried):
                break
        self._leave_out_what_mends_nothing(wanted)
        return self._result()

    def _prepare(self, finding: Finding) -> bool:
        """Collect what can be tried for a finding; whether there is anything."""
        if finding.kind not in MENDABLE:
            if finding.kind == "broken_and_polluted":
                self._why[finding.test] = NOT_BY_ITSELF
            return False
        reasons = self._collect(finding, finding.causes)
        if not finding.causes:
            reasons.append("no cause is known")
        if any(not why for why in reasons):
            return True
        self._why[finding.test] = "; ".join(dict.fromkeys(filter(None, reasons)))
        return False

    def _collect(self, finding: Finding, causes: Iterable[Cause]) -> list[str]:
        """Of each cause, why there is no candidate; empty where there is one."""
        reasons = []
        for cause in causes:
            made, why = candidates(finding.test, cause, self._files, brittle=finding.kind == "brittle")
            self._ways.setdefault(shared(cause), [one for one in made if one.side != "victim"])
            self._ways[own(finding, cause)] = [one for one in made if one.side == "victim"]
            if made and made[0].side == "victim":
                self._victims_first.add(own(finding, cause))
            reasons.append(why)
        return reasons

    def _time_is_there(self) -> bool:
        """A first trial is made in any case where there is time at all."""
        return self._left() > (self._expected if self._runs else 0.0)

    def _causes(self, finding: Finding) -> tuple[Cause, ...]:
        """Those that were found, and those that came to light when they were mended."""
        return (*finding.causes, *self._further.get(finding.test, ()))

    def _key(self, finding: Finding, cause: Cause) -> Key:
        """Of the candidates that are next for a cause: those for every test that it breaks, or this test's own."""
        everybody, mine = shared(cause), own(finding, cause)
        first, second = (mine, everybody) if mine in self._victims_first else (everybody, mine)
        return first if self._ways.get(first) else second

    def _try(self, wanted: Iterable[Finding]) -> Tried | None:
        names = dict.fromkeys(self._key(one, cause) for one in wanted for cause in self._causes(one))
        chosen = {name: ways[0] for name in names if (ways := self._ways.get(name))}
        while chosen:
            try:
                texts = self._texts(chosen)
            except Conflict:
                # The last one gives way: its next candidate, or none in this trial.
                name = list(chosen)[-1]
                self._ways[name].pop(0)
                if self._ways[name]:
                    chosen[name] = self._ways[name][0]
                else:
                    del chosen[name]
                continue
            return self._tried(texts, chosen)
        return None

    def _texts(self, chosen: Mapping[Key, Candidate]) -> dict[str, bytes]:
        edits = [edit for candidate in chosen.values() for edit in candidate.edits]
        texts = {}
        for path in dict.fromkeys(edit.path for edit in edits):
            source = self._files.read(path)
            assert source is not None
            texts[path] = edited(source, edits)
        return texts

    def _tried(self, texts: Mapping[str, bytes], chosen: Mapping[Key, Candidate]) -> Tried:
        ran = self._trial(texts)
        self._runs += 1
        harmed = tuple(sorted(self._worse(ran)))
        if ran.elsewhere:
            harmed = harmed or ("",)
        mended = frozenset(
            one.test for one in self._findings if one.test in ran.passed and one.test not in ran.found
        )
        return Tried(texts, chosen, ran, mended, harmed)

    def _advance(self, wanted: Sequence[Finding], tried: Tried) -> bool:
        """Let go of the candidates that a trial speaks against; whether something new can be tried."""
        if not tried.ran.outcomes:
            for one in wanted:
                self._why[one.test] = (
                    "not verified, because the command recorded no test in a copy of the project"
                )
            return False
        if tried.ran.elsewhere:
            for one in wanted:
                self._why[one.test] = (
                    f"not verified, because the copy did not use its own {tried.ran.elsewhere[0]}"
                )
            return False
        if tried.harmed and not self._blames_an_edit(tried) and (alone := self._fails_without_edits()):
            for one in wanted:
                self._why[one.test] = (
                    f"nothing can be tried in a copy: {alone} fails there without any edit, too"
                )
            return False
        guilty = self._guilty(wanted, tried)
        for one in wanted:
            if tried.harmed or one.test not in tried.mended:
                self._why[one.test] = _said(one.test, tried)
        if not tried.harmed and self._learn(wanted, tried):
            return True
        for name in guilty:
            self._ways[name].pop(0)
        return bool(guilty) and any(self._ways.values())

    def _learn(self, wanted: Sequence[Finding], tried: Tried) -> bool:
        """Take over the causes for which tests fail now that what was known is mended; whether any is new."""
        now = {one.test: one for one in tried.ran.findings}
        learned = False
        for one in wanted:
            found = now.get(one.test) if one.test not in tried.mended else None
            known = {shared(cause)[:2] for cause in self._causes(one)}
            causes = [
                in_original(cause, tried.texts, self._files) for cause in (found.causes if found else ())
            ]
            new = tuple(cause for cause in causes if shared(cause)[:2] not in known)
            if any(not why for why in self._collect(one, new)):
                self._further[one.test] = (*self._further.get(one.test, ()), *new)
                learned = True
        return learned

    def _blames_an_edit(self, tried: Tried) -> bool:
        """Whether a test that is worse is a polluter, or lies in a file that was edited."""
        files = {edit.path for way in tried.chosen.values() for edit in way.edits}
        polluters = {name[0] for name in tried.chosen}
        return any(test in polluters or test.partition("::")[0] in files for test in tried.harmed)

    def _fails_without_edits(self) -> str:
        """A test that passed before and does not in a copy that is just that; tried once."""
        if self._compared:
            return ""
        self._compared = True
        victims = {one.test for one in self._findings}
        self._runs += 1
        return next(iter(sorted(set(self._worse(self._trial({}))) - victims)), "")

    def _guilty(self, wanted: Sequence[Finding], tried: Tried) -> list[Key]:
        harmed = {test.partition("[")[0] for test in tried.harmed}
        files = {test.partition("::")[0] for test in tried.harmed}
        by_test = [name for name in tried.chosen if name[0].partition("[")[0] in harmed]
        by_file = [
            name for name, way in tried.chosen.items() if any(edit.path in files for edit in way.edits)
        ]
        unmended = [
            name
            for one in wanted
            if one.test not in tried.mended
            for cause in self._causes(one)
            if (name := self._key(one, cause)) in tried.chosen
        ]
        if tried.harmed:
            return by_test or by_file or unmended or list(tried.chosen)
        return list(dict.fromkeys(unmended))

    def _leave_out_what_mends_nothing(self, wanted: Sequence[Finding]) -> None:
        """What is shown is what was verified: one more trial where edits for tests that stay unmended were in it."""
        best = self._best
        if best is None:
            return
        mended = [one for one in wanted if one.test in best.mended]
        needed = {
            name for one in mended for cause in self._causes(one) for name in (shared(cause), own(one, cause))
        }
        chosen = {name: way for name, way in best.chosen.items() if name in needed}
        if len(chosen) == len(best.chosen):
            return
        self._best = None
        if chosen and self._left() > 0:
            tried = self._tried(self._texts(chosen), chosen)
            if not tried.harmed and tried.mended >= {one.test for one in mended}:
                self._best = tried

    def _result(self) -> Mended:
        best = self._best
        if best is None or not best.mended:
            return Mended(tuple(self._without(one) for one in self._findings), {}, {}, runs=self._runs)
        before = {path: source.data for path in best.texts if (source := self._files.read(path))}
        diff = unified(before, best.texts)
        findings = tuple(self._with(one, best, diff) for one in self._findings)
        return Mended(findings, before, best.texts, diff, self._runs)

    def _with(self, finding: Finding, best: Tried, diff: str) -> Finding:
        if finding.test not in best.mended or finding.kind not in MENDABLE:
            return self._without(finding)
        names = [name for cause in self._causes(finding) for name in (own(finding, cause), shared(cause))]
        sides = [best.chosen[name].side for name in names if name in best.chosen]
        patch = Patch(
            diff=diff,
            side=sides[0] if sides else "polluter",
            verified=True,
            command=best.ran.command,
            mended=tuple(one.test for one in self._findings if one.test in best.mended),
            tests=len(best.ran.outcomes),
        )
        return replace(finding, patch=patch, no_patch="")

    def _without(self, finding: Finding) -> Finding:
        if finding.kind not in (*MENDABLE, "broken_and_polluted"):
            return finding
        return replace(finding, patch=None, no_patch=self._why.get(finding.test, TOO_LATE))


def shared(cause: Cause) -> Key:
    """The same leak behind several tests is mended once."""
    return (cause.polluter, cause.state, cause.where, "")


def own(finding: Finding, cause: Cause) -> Key:
    """What is done on the side of the test that fails is done for each of them."""
    return (cause.polluter, cause.state, cause.where, finding.test)


def _said(test: str, tried: Tried) -> str:
    """Why the last candidate was no good."""
    if tried.harmed:
        others = [one for one in tried.harmed if one != test] or list(tried.harmed)
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        return f"an edit was made and tried, and made {others[0]}{more} fail"
    if tried.ran.problems:
        return f"an edit was made and tried, and then {tried.ran.problems[0]}"
    return "an edit was made and tried, and the test failed all the same"
