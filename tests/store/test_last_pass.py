from __future__ import annotations

import pytest

from readiness.record.record import Header
from readiness.record.value import replace
from readiness.store.adding import add_run
from readiness.store.last_pass import LastPass, last_pass_of_check, last_pass_of_test


@pytest.fixture
def filled(database, run_of):
    add_run(database, run_of(1, commit="a" * 40, test_a="passed"))
    add_run(database, run_of(2, commit="b" * 40, dirty="d", test_a="passed", test_b="failed"))
    third = run_of(3, commit="c" * 40, test_a="failed")
    add_run(database, replace(third, checks=(replace(third.checks[0], inputs="0f"),)))
    return database


def before(number: int, run_of) -> Header:
    run = run_of(number)
    return Header(run.id, run.started_at, (), "dev", (), False, "", "", "")


def test_the_newest_pass_of_a_test_and_of_its_check(filled):
    assert last_pass_of_test(filled, "unit", "test_a") == LastPass(
        "run-0002", "b" * 40, "2026-01-01T00:02:00Z", True
    )
    assert last_pass_of_check(filled, "unit") == LastPass("run-0001", "a" * 40, "2026-01-01T00:01:00Z")


def test_what_never_passed_or_never_ran_has_none(filled):
    assert last_pass_of_test(filled, "unit", "test_b") is None
    assert last_pass_of_test(filled, "other", "test_a") is None
    assert last_pass_of_check(filled, "other") is None


def test_only_runs_before_a_run_on_a_commit_or_on_the_same_inputs(filled, run_of):
    found = last_pass_of_test(filled, "unit", "test_a", before=before(2, run_of))
    assert found
    assert found.run_id == "run-0001"
    assert last_pass_of_test(filled, "unit", "test_a", before=before(1, run_of)) is None
    assert last_pass_of_test(filled, "unit", "test_a", commit="b" * 40) is None, "its files differed"
    assert last_pass_of_test(filled, "unit", "test_a", commit="a" * 40)
    assert last_pass_of_test(filled, "unit", "test_a", inputs="0f") is None, "on these it failed"
    add_run(filled, replace(run_of(4, test_a="passed"), checks=(
        replace(run_of(4, test_a="passed").checks[0], inputs="0f"),)))  # fmt: skip
    assert last_pass_of_test(filled, "unit", "test_a", inputs="0f")
