from __future__ import annotations

from dataclasses import fields

import pytest

from mini_agent.sandbox.bounds import Bounds


@pytest.mark.parametrize("name", [field.name for field in fields(Bounds)])
def test_a_bound_that_makes_no_sense_is_named(name: str):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, is 0"):
        Bounds(**{name: 0})


def test_the_default_stops_what_the_self_test_tries():
    assert Bounds().address_space < 1 << 30
    assert Bounds().memory < 6 * 150 << 20
    assert Bounds().processes < 150
