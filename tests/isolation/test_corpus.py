"""Each suite of the corpus: the right tests, the right class, polluter, state and line; and nobody else accused."""

from __future__ import annotations

from collections.abc import Callable

from readiness.record.finding import Report


def test_a_suite_of_the_corpus(corpus_name: str, python: str, isolate: Callable[..., Report], read_suite):
    suite = read_suite(corpus_name)
    report = isolate(suite, python)
    assert report.problems == ()
    found = {
        (finding.test, finding.kind): {
            (cause.polluter, cause.state, cause.where if cause.exact else "") for cause in finding.causes
        }
        for finding in report.findings
    }
    assert found == {(one.test, one.kind): set(one.causes) for one in suite.expected}
