"""Core tests that pass and fail on the same inputs: seen here, kept in the store, and what quarantine does for them."""

from __future__ import annotations

import time

from readiness.record.redact import Redactor
from readiness.record.value import replace
from readiness.run.flaky_seen import Flaky
from readiness.store.flakes import FlakeStore
from readiness.trials.flakes import Flake, FlakesError, as_data, effect, from_data
from readiness.trials.zone import Zone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

    from readiness.config.model import Quarantine
    from readiness.gate.judge import Observed
    from readiness.run.context import Context
    from readiness.run.probe_events import ProbeSummary

ZONE: Final = Zone(0.95, 0.80)
"""What quarantine goes by: it hides no test that may pass as seldom as `bad`."""
MOST_TESTS: Final = 2000
"""Tests that are kept; those that failed longest ago are forgotten."""
TESTS_FAILED: Final = 1


def remember(context: Context, tests: ProbeSummary, inputs: str) -> Flaky:
    """Add what the tests did to what is kept, and say what it makes of those that failed."""
    failed = {name for name, passed in tests.ended if not passed}
    again = {name for name, passed in tests.ended if passed}
    names = tuple(dict.fromkeys(name for name, _ in tests.ended))
    # A parameter in a test's name may be a key.
    kept = dict(zip(names, Redactor(context.secrets).value(names), strict=True))
    try:
        with FlakeStore(context.root) as store:
            flakes = from_data(store.data) if store.data is not None else {}
            changed = _added(flakes, tests, inputs, kept)
            if changed != flakes:
                store.write(as_data(changed))
    except (OSError, ValueError, FlakesError) as error:
        return Flaky(notes=(f"what is known of flaky tests cannot be used: {error}",))
    return _weighed(context, {name: changed[kept[name]] for name in failed - again})


def _added(
    flakes: Mapping[str, Flake], tests: ProbeSummary, inputs: str, kept: Mapping[str, str]
) -> dict[str, Flake]:
    """`kept` has the name under which each test is kept."""
    found = dict(flakes)
    failed = {kept[name] for name, passed in tests.ended if not passed}
    for test, passed in tests.ended:
        name = kept[test]
        if name in found or name in failed:
            flake = found.pop(name, Flake())
            found[name] = flake.seen(inputs, passed)
    return dict(list(found.items())[-MOST_TESTS:])


def _weighed(context: Context, failed: Mapping[str, Flake]) -> Flaky:
    entries = {one.test: one for one in context.config.quarantine}
    today = time.strftime("%Y-%m-%d", time.gmtime())
    hidden: set[str] = set()
    notes: list[str] = []
    for name, flake in failed.items():
        entry: Quarantine | None = entries.get(name)
        if entry:
            found = effect(entry, flake, ZONE, today)
            notes.append(f"{name}: {found.why}")
            hidden |= {name} if found.hidden else set()
        elif flake.flaky:
            seen = flake.evidence
            notes.append(
                f"{name} passes and fails on the same inputs: {seen.fails} of {seen.trials} runs failed"
            )
    seen_before = frozenset(name for name, flake in failed.items() if flake.flaky)
    return Flaky(frozenset(hidden), seen_before, tuple(notes))


def without_hidden(seen: Observed, flaky: Flaky) -> Observed:
    """What was observed, had the tests in quarantine not been there: everything else decides as ever."""
    tests = seen.tests
    if not flaky.hidden:
        return seen
    failures = tuple(one for one in tests.failures if one.test not in flaky.hidden)
    left = max(0, tests.counts.failed - (len(tests.failures) - len(failures)))
    excused = seen.exit_code == TESTS_FAILED and not failures and not tests.failures_left_out
    return replace(
        seen,
        exit_code=0 if excused else seen.exit_code,
        tests=replace(tests, failures=failures, counts=replace(tests.counts, failed=left)),
    )
