"""Zones, evidence and paths for property tests."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from readiness.trials.evidence import Evidence
from readiness.trials.zone import Zone


def _zones() -> st.SearchStrategy[Zone]:
    """Zones with some room between the two rates."""
    rates = st.floats(0.02, 0.98)
    risks = st.floats(0.001, 0.4)
    pairs = st.tuples(rates, rates).filter(lambda pair: pair[0] - pair[1] > 0.02)
    return st.builds(lambda pair, alpha, beta: Zone(pair[0], pair[1], alpha, beta), pairs, risks, risks)


ZONES = _zones()
EVIDENCE = st.builds(Evidence, st.integers(0, 300), st.integers(0, 300))
PATHS = st.lists(st.booleans(), max_size=120)

st.register_type_strategy(Zone, ZONES)
st.register_type_strategy(Evidence, EVIDENCE)


@pytest.fixture
def zone() -> Zone:
    return Zone()
