"""Selection, order, and why a check is left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.config.model import Check, Config, Gate, Place
from readiness.gate.plan import make_plan
from readiness.gate.settings import Settings

HERE = Place("readiness.yml", 1, 1)


def plan_names(config, settings, seconds=None, environ=None):
    return [item.check.name for item in make_plan(config, settings, seconds or {}, environ or {}).items]


def test_lanes_of_the_gate_select(make_check, make_config):
    config = make_config(make_check("a"), make_check("b", "nd"))
    plan = make_plan(config, Settings("dev", ("core",), False), {}, {})
    assert [item.check.name for item in plan.items] == ["a"]
    assert plan.left_out[0].name == "b"
    assert "does not need lane nd" in plan.left_out[0].why


def test_names_select_whatever_their_lane_and_require(make_check, make_config):
    config = make_config(make_check("a"), make_check("b", "nd", optional=True))
    (item,) = make_plan(config, Settings("dev", ("core",), False, expect=("b",)), {}, {}).items
    assert (item.check.name, item.required, item.why) == ("b", True, "asked for by name")


def test_what_a_selected_check_needs_comes_along_and_first(make_check, make_config):
    config = make_config(make_check("late", needs=("early",)), make_check("early", "nd"))
    assert plan_names(config, Settings("dev", ("core",), False)) == ["early", "late"]


def test_longest_first_and_unknown_before_known(make_check, make_config):
    config = make_config(make_check("short"), make_check("long"), make_check("new"))
    assert plan_names(config, Settings("dev", ("core",), False), {"short": 1, "long": 9}) == [
        "new",
        "long",
        "short",
    ]


def test_a_chain_weighs_as_much_as_all_that_waits_for_it(make_check, make_config):
    config = make_config(make_check("alone"), make_check("first"), make_check("then", needs=("first",)))
    seconds = {"alone": 5, "first": 1, "then": 6}
    assert plan_names(config, Settings("dev", ("core",), False), seconds) == ["first", "then", "alone"]


def test_a_missing_variable_is_known_before_anything_starts(make_check, make_config):
    config = make_config(make_check("live", "live", requires_env=("API_KEY",)))
    settings = Settings("release", ("live",), True)
    assert make_plan(config, settings, {}, {}).items[0].skip == "needs API_KEY, which is not set"
    assert make_plan(config, settings, {}, {"API_KEY": "k"}).items[0].skip == ""


def test_providers_limit_the_live_lane(make_check, make_config):
    config = make_config(make_check("a", "live", provider="openai"), make_check("b", "live"))
    settings = Settings("release", ("live",), True, providers=("openai",))
    plan = make_plan(config, settings, {}, {})
    assert [item.check.name for item in plan.items] == ["a"]
    assert "LIVE_PROVIDERS" in plan.left_out[0].why


@st.composite
def graphs(draw):
    """Checks that may need any earlier one."""
    size = draw(st.integers(1, 8))
    checks = []
    for number in range(size):
        needs = draw(st.sets(st.integers(0, number - 1))) if number else set()
        names = tuple(f"c{one}" for one in sorted(needs))
        lane = draw(st.sampled_from(["core", "nd"]))
        checks.append(Check(f"c{number}", lane, "true", HERE, HERE, needs=names))
    order = draw(st.permutations(checks))
    return Config("readiness.yml", 2, "", (Gate("dev", ("core",), False, HERE),), (), tuple(order))


@given(graphs(), st.dictionaries(st.sampled_from([f"c{n}" for n in range(8)]), st.floats(0, 100)))
def test_nothing_is_offered_before_what_it_needs_and_nothing_twice(config, seconds):
    names = plan_names(config, Settings("dev", ("core",), False), seconds)
    assert len(names) == len(set(names))
    for place, name in enumerate(names):
        assert set(config.check(name).needs) <= set(names[:place])


@given(graphs())
def test_every_check_is_either_planned_or_left_out_with_a_reason(config):
    plan = make_plan(config, Settings("dev", ("core",), False), {}, {})
    planned = {item.check.name for item in plan.items}
    left = {one.name for one in plan.left_out}
    assert planned | left == {check.name for check in config.checks}
    assert not planned & left
    assert all(one.why for one in plan.left_out)


@pytest.mark.parametrize("lanes", [("core",), ("nd",), ("core", "nd")])
def test_an_optional_check_is_planned_but_not_required(make_check, make_config, lanes):
    config = make_config(make_check("a", lanes[0], optional=True))
    assert [item.required for item in make_plan(config, Settings("dev", lanes, False), {}, {}).items] == [
        False
    ]
