"""Each suite of the corpus: the right tests, the right class, polluter, state and line; and nobody else accused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from readiness.record.finding import Report


def test_a_suite_of_the_corpus(
    corpus_name: str,
    python: str,
    isolate: Callable[..., Report],
    mend: Callable[..., Report],
    read_suite,
    found_in,
):
    suite = read_suite(corpus_name)
    found = suite.interpreter(python)
    if not found:
        pytest.skip(f"no interpreter has {suite.plugin}")
    python = found
    report = mend(suite, python) if suite.speaks_of_patches else isolate(suite, python)
    assert report.problems == ()
    assert found_in(report) == suite.wanted
    notes = {finding.test: finding.notes for finding in report.findings}
    for one in suite.expected:
        if one.stack:
            assert any(f"{one.stack} in " in note for note in notes[one.test]), notes[one.test]
    patches = {finding.test: (finding.patch, finding.no_patch) for finding in report.findings}
    for one in suite.expected:
        patch, why = patches[one.test]
        if one.patch:
            assert patch is not None, why
            assert patch.verified
            assert one.test in patch.mended
            lines = [
                line[1:].partition("  # ")[0].strip() for line in patch.diff.splitlines() if line[:1] == "+"
            ]
            assert (patch.side, one.patch[1] in lines) == (one.patch[0], True), patch.diff
        elif one.no_patch:
            assert patch is None
            assert why.startswith(one.no_patch)


@pytest.mark.parametrize(
    "name",
    [
        *("class-rebound-on-module", "cleaner-in-between", "closure", "file-read-into-a-module"),
        *("modules-purged-by-prefix", "mutable-default", "two-leaks-both-needed", "random-seeded"),
        *("victim-broken-by-itself-too", "broken-alone", "flaky-by-a-counter-in-shared-memory"),
    ],
)
def test_a_suite_that_is_looked_at_seldom(name: str, isolate: Callable[..., Report], read_suite, found_in):
    suite = read_suite(name)
    assert found_in(isolate(suite, seldom=True)) == suite.wanted
