from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from readiness.store.adding import add_run
from readiness.store.pruning import beyond, prune

times = st.lists(st.integers(0, 30), max_size=12).map(
    lambda days: [f"2026-01-{day + 1:02}" for day in sorted(days)]
)
rule = st.none() | st.integers(0, 15)


@given(times, st.just("") | st.integers(0, 31).map(lambda day: f"2026-01-{day + 1:02}"), rule)
def test_only_what_both_rules_let_go_goes_and_never_a_newer_run(of_runs, keep_from, keep_runs):
    gone = beyond(of_runs, keep_from, keep_runs)
    kept = of_runs[gone:]
    if keep_runs is not None:
        assert len(kept) >= min(keep_runs, len(of_runs))
    if keep_from:
        assert [one for one in of_runs if one >= keep_from] == [one for one in kept if one >= keep_from]
    if keep_runs is None and not keep_from:
        assert gone == 0
    if gone:
        # One more would break a rule, so nothing is kept that neither rule keeps.
        by_number = keep_runs is not None and len(kept) == keep_runs
        by_time = bool(keep_from) and bool(kept) and kept[0] >= keep_from
        assert not kept or by_number or by_time


def test_pruning_removes_every_row_of_a_run_and_the_names_of_its_own_tests(database, run_of, content):
    add_run(database, run_of(1, test_old="passed", test_both="failed"))
    add_run(database, run_of(2, test_both="passed"))
    assert prune(database, "", 1) == (1, 1)
    found = content(database)
    assert [row[2] for row in found["tests"]] == ["test_both"]
    assert {table: len(rows) for table, rows in found.items()} == {
        "runs": 1,
        "checks": 1,
        "lanes": 1,
        "tests": 1,
        "results": 1,
        "trials": 0,
        "forgotten": 1,
    }
    assert not add_run(database, run_of(1, events=9, test_old="passed")), "its folder may still be there"
    assert content(database) == found
    assert prune(database, "", 0) == (1, 0)
