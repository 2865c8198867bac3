"""Each suite of the corpus: the right tests, the right class, polluter, state and line; and nobody else accused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from readiness.record.finding import Report


def test_a_suite_of_the_corpus(
    corpus_name: str, python: str, isolate: Callable[..., Report], mend: Callable[..., Report], read_suite
):
    suite = read_suite(corpus_name)
    if not suite.can_run(python):
        pytest.skip(f"this interpreter has no {suite.plugin}")
    report = mend(suite, python) if suite.speaks_of_patches else isolate(suite, python)
    assert report.problems == ()
    found = {
        (finding.test, finding.kind): {
            (cause.polluter, cause.state, cause.where if cause.exact else "") for cause in finding.causes
        }
        for finding in report.findings
    }
    assert found == {(one.test, one.kind): set(one.causes) for one in suite.expected}
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
