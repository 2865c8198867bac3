from __future__ import annotations

import re

from readiness.config.fields import KINDS, PATTERNS, SECTIONS, TITLES


def test_every_field_says_what_it_is_for() -> None:
    for fields in SECTIONS.values():
        for field in fields.values():
            assert field.doc.endswith("."), field
            assert field.kind in KINDS


def test_every_kind_is_used() -> None:
    assert {field.kind for fields in SECTIONS.values() for field in fields.values()} == set(KINDS)


def test_every_nested_section_is_declared_and_has_a_title() -> None:
    nested = {field.section for fields in SECTIONS.values() for field in fields.values() if field.section}
    assert nested | {"root", "old_root"} == set(SECTIONS) == set(TITLES)


def test_every_pattern_is_one() -> None:
    assert all(re.compile(pattern) for pattern in PATTERNS.values())


def test_a_required_key_has_no_default_but_the_version() -> None:
    fields = [field for section in SECTIONS.values() for field in section.values()]
    assert [field.name for field in fields if field.required and field.default is not None] == ["version"]
