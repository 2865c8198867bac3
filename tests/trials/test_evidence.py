from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.trials.evidence import Evidence, gathered
from readiness.trials.zone import Zone


@settings(deadline=None)
@given(st.lists(st.booleans(), max_size=60))
def test_it_counts_and_forgets_the_order(path: list[bool]) -> None:
    found = gathered(path)
    assert (found.passes, found.fails, found.trials) == (sum(path), len(path) - sum(path), len(path))
    assert gathered(sorted(path)) == found == gathered(reversed(path))
    one_by_one = Evidence()
    for passed in path:
        one_by_one = one_by_one.add(passed)
    assert one_by_one == found


@settings(deadline=None)
@given(zone=..., runs=st.lists(st.builds(Evidence, st.integers(0, 50), st.integers(0, 50)), max_size=6))
def test_the_runs_merged_are_one_run(zone: Zone, runs: list[Evidence]) -> None:
    merged = Evidence().merge(*runs)
    assert merged == Evidence(sum(one.passes for one in runs), sum(one.fails for one in runs))
    assert math.isclose(
        merged.log_e(zone), math.fsum(one.log_e(zone) for one in runs), rel_tol=1e-9, abs_tol=1e-9
    )


def test_the_e_value_is_the_likelihood_ratio() -> None:
    zone = Zone(0.9, 0.5)
    expected = (0.9**7 * 0.1**2) / (0.5**7 * 0.5**2)
    assert math.exp(Evidence(7, 2).log_e(zone)) == pytest.approx(expected)


def test_its_mean_under_a_bad_rate_is_at_most_one() -> None:
    """What makes it an e-value: exact mean over all outcomes of 12 trials."""
    zone = Zone(0.9, 0.5)
    for rate, most in ((0.5, 1.0), (0.3, 1.0), (0.1, 1.0)):
        mean = math.fsum(
            math.comb(12, passes) * rate**passes * (1 - rate) ** (12 - passes)
            * math.exp(Evidence(passes, 12 - passes).log_e(zone))
            for passes in range(13)
        )  # fmt: skip
        assert mean <= most + 1e-12


@pytest.mark.parametrize("given_", [(-1, 0), (0, -1), (1.0, 0), (True, 0)])
def test_nonsense_is_refused(given_: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="whole number"):
        Evidence(*given_)
