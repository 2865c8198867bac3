from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.trials.many_checks import failing_by_e_bh, failing_by_holm

AGAINST = st.dictionaries(st.text("abcdefgh", min_size=1, max_size=3), st.floats(-20, 20), max_size=8)


def logs(**e_values: float) -> dict[str, float]:
    return {name: math.log(one) for name, one in e_values.items()}


def test_holm_lowers_the_bar_once_one_is_named() -> None:
    # Three checks at 0.05 need 60, 40, 20.
    assert failing_by_holm(logs(a=60, b=40, c=20), 0.05) == ("a", "b", "c")
    assert failing_by_holm(logs(a=59, b=40, c=20), 0.05) == ()
    assert failing_by_holm(logs(c=20, b=39, a=61), 0.05) == ("a",)


def test_e_bh_takes_the_largest_number_that_holds() -> None:
    # With three checks one needs 60, two need 30 each, three need 20 each.
    assert failing_by_e_bh(logs(a=21, b=22, c=20), 0.05) == ("b", "a", "c")
    assert failing_by_e_bh(logs(a=31, b=32, c=1), 0.05) == ("b", "a")
    assert failing_by_e_bh(logs(a=59, b=1, c=1), 0.05) == ()


def test_none_are_named_among_none() -> None:
    assert failing_by_holm({}, 0.05) == failing_by_e_bh({}, 0.05) == ()


@settings(deadline=None)
@given(AGAINST, st.floats(0.001, 0.4))
def test_e_bh_names_all_that_holm_names(against: dict[str, float], alpha: float) -> None:
    assert set(failing_by_holm(against, alpha)) <= set(failing_by_e_bh(against, alpha))


@settings(deadline=None)
@given(AGAINST, st.floats(0.001, 0.4), st.floats(0, 5))
def test_more_evidence_names_no_fewer(against: dict[str, float], alpha: float, more: float) -> None:
    raised = {name: one + more for name, one in against.items()}
    for procedure in (failing_by_holm, failing_by_e_bh):
        assert set(procedure(against, alpha)) <= set(procedure(raised, alpha))


@settings(deadline=None)
@given(AGAINST)
def test_evidence_for_being_good_names_nobody(against: dict[str, float]) -> None:
    good = {name: -abs(one) for name, one in against.items()}
    assert failing_by_holm(good, 0.05) == failing_by_e_bh(good, 0.05) == ()
