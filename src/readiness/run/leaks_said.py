"""What tracing found out about a failed test, in the words of its failure; and leaks as failures of their own."""

from __future__ import annotations

from readiness.record.finding import Finding, LeftOver
from readiness.record.result import Failure
from readiness.record.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from readiness.run.probe_files import Run


def findings(run: Run, place: Callable[[str], str]) -> Iterator[Finding]:
    """What the probe found out about each test that failed, with places relative to the project's root."""
    for event in run.of("finding"):
        found = Finding.from_json(event)
        causes = (
            replace(one, where=place(one.where), stack=tuple(map(place, one.stack))) for one in found.causes
        )
        yield replace(found, causes=tuple(causes))


def left_over(run: Run, place: Callable[[str], str]) -> Iterator[LeftOver]:
    """What is changed at the end of the run."""
    for event in run.of("isolation"):
        for leak in event["leaks"]:
            said = LeftOver.from_json(leak)
            yield replace(said, where=place(said.where)) if said.where else said


def leaks(run: Run, place: Callable[[str], str]) -> Iterator[Failure]:
    """What `isolation: strict` holds against tests: leaks that made another test fail, and plain ones that are left.

    Plain is what programs do not change as a matter of course: a name rebound in a module or class, the environment,
    the working folder, the import path, a module removed.
    """
    proven = set()
    for event in run.of("finding"):
        for cause in event["causes"]:
            proven.add(str(cause["state"]))
            said = f"leaves {cause['state']} changed, which makes {event['id']} fail"
            yield Failure(str(cause["polluter"]), "teardown", "leak", said, place(str(cause["where"])))
    for event in run.of("isolation"):
        for leak in event["leaks"]:
            if leak.get("plain") and str(leak["state"]) not in proven:
                yield Failure(str(leak["by"]), "teardown", "leak", f"leaves {leak['state']} changed")
