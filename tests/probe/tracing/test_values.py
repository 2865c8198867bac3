"""Nothing of other people's code runs when their values are compared and shown."""

from __future__ import annotations

import types

import pytest

from readiness_probe.tracing.values import MISSING, module_names, same, shown, shown_variable


class Hostile:
    def __eq__(self, other):
        raise RuntimeError("compared")

    def __repr__(self):
        raise RuntimeError("shown")

    def __getattribute__(self, name):
        raise RuntimeError("touched")

    __hash__ = None


class Deceiving(int):
    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (1000, int("1000"), True),
        ("a" * 50, "".join(["a"] * 50), True),
        (1, True, False),
        (1, 1.0, False),
        ((1, ("x",)), (1, ("".join("x"),)), True),
        ([1], [1], False),
        (Deceiving(1), Deceiving(2), False),
        (MISSING, None, False),
        (float("nan"), float("nan"), False),
    ],
)
def test_same(one, other, expected):
    assert same(one, other) is expected


def test_a_hostile_object_is_compared_by_identity_and_shown_by_its_class():
    one = Hostile()
    assert same(one, one)
    assert not same(one, Hostile())
    assert shown(one).endswith("test_values.Hostile object>")
    assert "Hostile" in shown([one, {"x": one}])


def test_long_values_are_cut_and_containers_counted():
    assert len(shown("x" * 1000)) == 100
    assert shown(list(range(9))) == "[0, 1, 2, 3, … 5 more]"
    assert shown({"a": (1, [2])}) == "{'a': (1, list of 1)}"
    assert shown(MISSING) == "absent"
    assert shown(Hostile).startswith("class ")


def test_what_looks_secret_is_not_shown():
    assert shown_variable("API_KEY", "sk-123") == "***"
    assert shown_variable("MODE", "x") == "'x'"
    assert shown_variable("API_KEY", MISSING) == "absent"


def test_the_names_of_a_lazy_module_are_read_without_waking_it():
    class Lazy(types.ModuleType):
        def __getattribute__(self, name):
            raise RuntimeError("touched")

    assert module_names(Lazy("x"))["__name__"] == "x"
