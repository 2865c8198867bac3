"""The edge: when each check that did not pass, and each test that failed, last passed: on which code, in which setting.

Runs that are still on disk are read first, as they say most; then the history, which knows older ones.
"""

from __future__ import annotations

import os

from readiness.gate.cause_class import LastPass
from readiness.record.outcome import Outcome
from readiness.record.value import replace
from readiness.report.json_report import from_json
from readiness.run.artifacts import RunFolder
from readiness.run.past_runs import chosen
from readiness.run.test_results import read_tests

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Final

    from readiness.record.record import Header, Record
    from readiness.record.result import CheckResult
    from readiness.review.git import Git
    from readiness.store.last_pass import LastPass as Known

MOST_RUNS: Final = 50
MOST_TESTS: Final = 20
"""Failed tests of a check that are looked up."""

Key = tuple[str, str]
"""A check and a test of it; the test is empty for the check as a whole."""


def last_passes(
    root: str, record: Record, git: Git, environ: Mapping[str, str]
) -> tuple[dict[Key, LastPass], tuple[str, ...]]:
    """By check and test, and what could not be read. A run whose report is damaged or of another format counts as none."""
    wanted = {key for check in record.checks for key in _keys(check)}
    found: dict[Key, LastPass] = {}
    for folder, earlier in _earlier(root, record.header.run_id):
        if not wanted:
            break
        passed = _passed(folder, earlier, wanted)
        found |= {key: _compared(earlier, record, key) for key in passed}
        wanted -= passed
    if not wanted:
        return found, ()
    older, problems = _from_history(root, record, wanted, git, environ)
    return found | older, problems


def _keys(check: CheckResult) -> Iterator[Key]:
    if check.outcome is not Outcome.PASSED:
        yield check.name, ""
        yield from ((check.name, one.test) for one in check.failures[:MOST_TESTS] if one.test)


def _earlier(root: str, run_id: str) -> Iterator[tuple[RunFolder, Record]]:
    runs = os.path.join(root, ".readiness", "runs")
    older = sorted((name for name in os.listdir(runs) if name < run_id), reverse=True)
    for name in older[:MOST_RUNS]:
        folder = RunFolder(root, name)
        try:
            with open(folder.inside("report.json"), encoding="utf-8") as file:
                yield folder, from_json(file.read())
        except (OSError, ValueError):
            continue


def _passed(folder: RunFolder, earlier: Record, wanted: set[Key]) -> set[Key]:
    """What of the wanted passed in that run. Of a check that was not run again, its tests are in the run it comes from."""
    whole = {(one.name, "") for one in earlier.checks if one.outcome is Outcome.PASSED}
    asked = {check for check, test in wanted if test}
    tests = {(check, test) for check in asked for test in _passed_tests(folder, check)}
    return wanted & (whole | tests)


def _passed_tests(folder: RunFolder, check: str) -> list[str]:
    try:
        return [one.test for one in read_tests(folder, check) if one.outcome in ("passed", "xpassed")]
    except (OSError, ValueError):
        return []


def _compared(earlier: Record, now: Record, key: Key) -> LastPass:
    before, after = earlier.header.provenance, now.header.provenance
    changed = "; ".join(_changes(earlier.header, now.header))
    return LastPass(
        run_id=earlier.header.run_id,
        commit=before.commit,
        what="the test" if key[1] else "the check",
        same_code=_same_inputs(earlier, now, key[0])
        or (
            (before.commit, before.dirty_digest) == (after.commit, after.dirty_digest)
            if before.commit
            else None
        ),
        same_setting=not changed,
        changed=changed,
        on_disk=True,
    )


def _same_inputs(earlier: Record, now: Record, check: str) -> bool:
    """Whether the check ran on the same content, whatever the commit was."""
    before, after = earlier.by_name.get(check), now.by_name.get(check)
    return bool(before and after and before.inputs and before.inputs == after.inputs)


def _changes(earlier: Header, now: Header) -> Iterator[str]:
    """What differs between the settings of two runs."""
    if earlier.interpreter_version != now.interpreter_version:
        yield f"Python went from {earlier.interpreter_version} to {now.interpreter_version}"
    if earlier.platform != now.platform:
        yield f"the platform went from {earlier.platform} to {now.platform}"
    for name in sorted(set(earlier.packages) | set(now.packages)):
        before, after = earlier.packages.get(name, "nothing"), now.packages.get(name, "nothing")
        if before != after:
            yield f"{name} went from {before} to {after}"


def _from_history(
    root: str, record: Record, wanted: set[Key], git: Git, environ: Mapping[str, str]
) -> tuple[dict[Key, LastPass], tuple[str, ...]]:
    """Only a history that is there is asked, and only what git still knows the commit of is told."""
    from readiness.store.address import HistoryError
    from readiness.store.last_pass import last_pass_of_check, last_pass_of_test
    from readiness.store.opening import open_history

    address = chosen(root, environ, "")
    if address.is_file and not os.path.exists(address.place):
        return {}, ()
    found: dict[Key, LastPass] = {}
    try:
        database = open_history(address)
        try:
            for check, test in sorted(wanted):
                before = record.header
                known = (
                    last_pass_of_test(database, check, test, before=before)
                    if test
                    else last_pass_of_check(database, check, before=before)
                )
                if known and git.has(known.commit):
                    found[check, test] = _remembered(known, record, test)
        finally:
            database.close()
    except HistoryError as error:
        return found, (str(error),)
    return found, ()


def _remembered(known: Known, record: Record, test: str) -> LastPass:
    now = record.header.provenance
    clean = not known.dirty and not now.dirty_digest
    what = "the test" if test else "the check"
    told = LastPass(known.run_id, known.commit, what, same_code=None if known.dirty else False)
    return replace(told, same_code=True) if clean and known.commit == now.commit else told
