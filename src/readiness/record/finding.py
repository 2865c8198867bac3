"""What was found out about tests that failed, as values and in their JSON form."""

from __future__ import annotations

from readiness.record.value import as_json, field_names, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Final, Self

CLASSES: Final = {
    "victim": "fails because of what other tests left behind; alone it passes",
    "brittle": "passes only after what another test leaves behind; alone it fails",
    "broken": "fails by itself, with or without other tests",
    "broken_and_polluted": "fails by itself, and other tests hide why",
    "hanging": "did not come to an end",
    "flaky": "run again in the same state, it ended otherwise",
    "unjudged": "could not be judged",
}

PROOF: Final = {
    "forked": "run again in copies of the failed process: it fails as it is, and passes with this put back",
    "fresh": "run again in new processes: it fails after the polluter, and passes without",
}
BY_TEST: Final = "run again in copies of the process: it fails after this test, and passes without"
"""The proof where a polluter is known and the state that it changed is not."""
NEEDED: Final = "run again in copies of the process: it passes after this test, and fails without"
"""The proof of what a brittle test leans on."""

OPENINGS: Final = {
    "victim": "victim of",
    "broken": "broken by itself",
    "broken_and_polluted": "broken by itself, and hidden by",
    "hanging": "hangs by itself",
    "flaky": "flaky: run again in the same state it passed",
    "brittle": "passes only after",
}
CAUSES_SHOWN: Final = 2
LONGEST_NAME: Final = 400


@value
class Cause:
    """One binding that makes a test fail, and who left it so.

    `where` is `file:line` of the write when `exact`, else of the test (or the file) during which it was written.
    `proof` is `forked` (shown in copies of the failed process) or `fresh` (in new processes). Causes of one
    `set` make the test fail each by itself; several sets are harmful only together. `during` names the test that
    ran when a fixture that outlives tests was set up.
    """

    polluter: str
    state: str
    before: str
    after: str
    where: str
    proof: str
    exact: bool = True
    kind: str = "test"
    scope: str = ""
    during: str = ""
    set: int = 0
    stack: tuple[str, ...] = ()
    put_back: bool = True
    """False where it was shown that the polluter does it, and `state`, which cannot be put back, is what that left."""
    lets_pass: bool = False
    """Of a brittle test: what it is that lets it pass."""

    @property
    def proved(self) -> str:
        """How it was shown, in words."""
        if self.lets_pass:
            return NEEDED
        if self.proof == "forked" and not (self.state and self.put_back):
            return BY_TEST
        return PROOF.get(self.proof, self.proof)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        known: dict[str, Any] = {name: str(data.get(name, "")) for name in field_names(cls)}
        known.update(exact=bool(data.get("exact")), set=int(data.get("set", 0)))
        known.update(put_back=bool(data.get("put_back", True)), lets_pass=bool(data.get("lets_pass")))
        known.update(stack=tuple(map(str, data.get("stack", ()))))
        return cls(**known)


@value
class Patch:
    """A change of the project's source that undoes a cause.

    `diff` is a unified diff with paths relative to the project's root. `side` is where it mends: `polluter`,
    `fixture`, `victim` or `guard` (a fixture that restores for every test). `verified` is true only where the whole
    suite was run again in a copy with the diff applied and was no worse; `command` is what ran there, `mended` the
    tests that failed before and passed then, `tests` how many ran.
    """

    diff: str
    side: str = "polluter"
    verified: bool = False
    command: str = ""
    mended: tuple[str, ...] = ()
    tests: int = 0

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(
            diff=str(data["diff"]),
            side=str(data.get("side", "polluter")),
            verified=bool(data.get("verified")),
            command=str(data.get("command", "")),
            mended=tuple(map(str, data.get("mended", ()))),
            tests=int(data.get("tests", 0)),
        )


@value
class Finding:
    """One test. `kind` is one of CLASSES, `error` the phase and first line of its failure without numbers.

    `patch` is shown as a fix only when verified; where there is none, `no_patch` says why.
    """

    test: str
    kind: str
    error: str = ""
    causes: tuple[Cause, ...] = ()
    notes: tuple[str, ...] = ()
    patch: Patch | None = None
    no_patch: str = ""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """From the probe's event (`id`, `class`), from a report of `readiness isolate`, or from the record's own form."""
        return cls(
            test=str(data.get("id", data.get("test", ""))),
            kind=str(data.get("class") or data["kind"]),
            error=str(data.get("error", "")),
            causes=tuple(map(Cause.from_json, data.get("causes", ()))),
            notes=tuple(map(str, data.get("notes", ()))),
            patch=Patch.from_json(data["patch"]) if data.get("patch") else None,
            no_patch=str(data.get("no_patch", "")),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "test": self.test,
            "class": self.kind,
            "causes": [as_json(one) for one in self.causes],
            "patch": as_json(self.patch),
            "no_patch": self.no_patch,
            "error": self.error,
            "notes": list(self.notes),
        }

    def because(self) -> str:
        """`victim of tests/a.py::test_x, which leaves app.NAME changed (tests/a.py:7)`; empty when not judged."""
        opening = OPENINGS.get(self.kind, "")
        causes = [_because(one) for one in self.causes]
        more = f" and {len(causes) - CAUSES_SHOWN} more" if len(causes) > CAUSES_SHOWN else ""
        return f"{opening} {'; '.join(causes[:CAUSES_SHOWN])}{more}".strip() if opening else ""


def _because(cause: Cause) -> str:
    state = f", which leaves {_named(cause.state)} changed" if cause.state else ""
    return f"{_named(cause.polluter)}{state} ({_named(cause.where)})"


def _named(text: str) -> str:
    """In a sentence, which nobody reads to its end otherwise."""
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"


@value
class LeftOver:
    """State that is changed at the end of a run. No judgement: that something changed is no fault."""

    by: str
    state: str
    where: str = ""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(*(str(data.get(name, "")) for name in field_names(cls)))


@value
class Report:
    """One traced run of pytest. `seconds` is what tracing took, `watched` how many objects were looked at."""

    tests: int
    findings: tuple[Finding, ...] = ()
    leaks: tuple[LeftOver, ...] = ()
    replays: int = 0
    seconds: float = 0.0
    watched: int = 0
    problems: tuple[str, ...] = ()
    unexplored: tuple[str, ...] = ()
    """What `--all` did not come to."""

    @property
    def judged(self) -> bool:
        """Whether every test that failed was understood, and nothing else went wrong."""
        return not self.problems and all(one.kind != "unjudged" for one in self.findings)

    def to_json(self) -> dict[str, Any]:
        return {
            "tests": self.tests,
            "findings": [one.to_json() for one in self.findings],
            "leaks": [as_json(one) for one in self.leaks],
            "replays": self.replays,
            "problems": list(self.problems),
            "unexplored": list(self.unexplored),
        }
