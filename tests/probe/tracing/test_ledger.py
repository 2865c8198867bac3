"""Which leaks nobody makes as a matter of course: what `isolation: strict` holds against a test."""

from __future__ import annotations

import pytest

from readiness_probe.tracing.holders import ClassHolder, ModuleHolder
from readiness_probe.tracing.ledger import TEST, Author, Change, Leak
from readiness_probe.tracing.values import MISSING


class Kept:
    """Stands for a class whose attributes are watched."""


def leak(holder, before, after, *, own):
    holder.own = own
    return Leak([Change(0, holder, "name", before, after, Author(TEST, "t"))])


@pytest.mark.parametrize("holder", [ModuleHolder("app", pytest), ClassHolder("app.Kept", Kept)])
@pytest.mark.parametrize(
    ("before", "after", "of_the_user", "of_a_package"),
    [
        (len, lambda one: 0, True, True),
        (Kept, object, True, True),
        (staticmethod(len), len, True, True),
        (len, MISSING, True, True),
        (1, 2, True, False),
        (False, True, True, False),
        ({}, {"a": Kept}, True, False),
        (None, 1, False, False),
        (MISSING, len, False, False),
    ],
)
def test_a_package_may_write_its_own_flags_and_tables(holder, before, after, of_the_user, of_a_package):
    assert leak(holder, before, after, own=True).is_plain is of_the_user
    assert leak(holder, before, after, own=False).is_plain is of_a_package
