"""Checks whose tests other checks run as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from readiness.record.result import LintFinding

    Look = Callable[..., list[LintFinding]]

RULE = "contained-command"
FILES = {
    "tests/smoke/test_a.py": "",
    "tests/smoke/test_b.py": "",
    "tests/smoke_optional/test_c.py": "",
    "tests/unit/x_test.py": "",
}


def checks(*commands: str, **keys: str) -> str:
    """A configuration with checks c0, c1, … of these commands; `c1="optional: true"` adds keys to one."""
    lines = ["version: 2", "checks:"]
    for number, command in enumerate(commands):
        lines += [f"  - name: c{number}", "    lane: core", f"    run: {command!r}"]
        lines += [f"    {keys[f'c{number}']}"] if f"c{number}" in keys else []
    return "\n".join(lines)


def named(found: list[LintFinding]) -> list[str]:
    return [one.message.split("`")[1] for one in found]


@pytest.mark.parametrize(
    ("commands", "superfluous"),
    [
        (("pytest tests/smoke", "pytest tests/smoke/test_a.py"), ["c1"]),
        (("pytest tests/smoke/test_a.py::T::t", "pytest tests/smoke/test_a.py::T"), ["c0"]),
        (("pytest tests/smoke/test_a.py::t[1]", "pytest tests/smoke/test_a.py::t"), ["c0"]),
        (("pytest tests", "pytest tests/smoke -m fast"), ["c1"]),
        (("pytest tests -m fast", "pytest tests/smoke -m fast"), ["c1"]),
        (("pytest", "pytest tests/smoke"), ["c1"]),
        (
            ("pytest tests/smoke tests/smoke_optional", "pytest tests/smoke", "pytest tests/smoke_optional"),
            ["c0"],
        ),
        (("pytest tests", "pytest tests/smoke tests/unit", "pytest tests/smoke_optional/test_c.py"), ["c0"]),
        (("pytest tests/smoke", "pytest tests/smoke/test_a.py", "pytest tests/smoke/test_b.py"), ["c0"]),
        (
            ("pytest tests", "pytest tests/smoke/test_a.py tests/unit", "pytest tests/smoke_optional"),
            ["c1", "c2"],
        ),
        (("cd tests && pytest smoke", "pytest tests"), ["c0"]),
        (("A=1 pytest tests/smoke", "A=1 pytest tests"), ["c0"]),
        (("pytest tests --ignore tests/smoke", "pytest tests/unit", "pytest tests/smoke_optional"), ["c0"]),
        (("pytest", "pytest tests"), ["c1"]),
    ],
)
def test_found(look: Look, commands: tuple[str, ...], superfluous: list[str]) -> None:
    found = look(RULE, checks(*commands), FILES)
    assert named(found) == superfluous
    assert {one.severity for one in found} == {"warning"}


@pytest.mark.parametrize(
    "commands",
    [
        ("pytest tests/smoke", "pytest tests/smoke_optional"),
        ("pytest tests/smoke -m fast", "pytest tests/smoke/test_a.py"),
        ("pytest tests -m fast", "pytest tests/smoke -m slow"),
        ("pytest tests --ignore tests/smoke", "pytest tests/smoke"),
        ("cd tests && pytest --ignore smoke", "pytest tests/smoke"),
        ("pytest tests", "pytest tests/smoke -W error"),
        ("pytest tests", "A=1 pytest tests/smoke"),
        ("pytest tests --co", "pytest tests/smoke"),
        ("pytest tests || true", "pytest tests/smoke"),
        ("pytest tests", "pytest tests/smoke && ruff check"),
        ("pytest tests", "pytest tests/smoke && ./deploy_probe"),
        ("pytest tests/smoke tests/smoke_optional", "pytest tests/smoke"),
        ("pytest --pyargs a", "pytest tests"),
        ("pytest tests/smoke", "ruff check tests/smoke"),
    ],
)
def test_not_found(look: Look, commands: tuple[str, ...]) -> None:
    found = named(look(RULE, checks(*commands), FILES))
    narrower = ["c1"] if commands[0].startswith("pytest tests/smoke tests") else []
    assert found == narrower


def test_the_tests_of_a_make_target_are_seen(look: Look) -> None:
    files = {**FILES, "Makefile": "all_smokes:\n\tpytest tests/smoke\n\tpytest tests/smoke_optional\n"}
    (one,) = look(RULE, checks("make all_smokes", "pytest tests/smoke", "pytest tests/smoke_optional"), files)
    assert one.where == "readiness.yml:5"
    assert "`c0` is also run by `c1` (readiness.yml:6), `c2` (readiness.yml:9)" in one.message


@pytest.mark.parametrize(
    ("keys", "superfluous"),
    [
        ({"c0": "optional: true"}, []),
        ({"c0": "optional: true", "c1": "optional: true"}, ["c1"]),
        ({"c1": "optional: true"}, ["c1"]),
        ({"c0": "env: {A: 1}"}, []),
        ({"c0": "python: other/bin/python"}, []),
    ],
)
def test_a_check_stands_in_only_if_it_decides_as_much(
    look: Look, keys: dict[str, str], superfluous: list[str]
) -> None:
    found = look(RULE, checks("pytest tests", "pytest tests/smoke", **keys), FILES)
    assert named(found) == superfluous


def test_checks_of_different_lanes_do_not_stand_in_for_each_other(look: Look) -> None:
    text = checks("pytest tests", "pytest tests/smoke").replace("lane: core", "lane: nd", 1)
    assert look(RULE, text, FILES) == []


@pytest.mark.parametrize(
    ("settings", "superfluous"),
    [
        ("[pytest]\ntestpaths = tests/smoke\n", ["c1"]),
        ("[pytest]\ntestpaths = tests/unit\n", []),
        ("[pytest]\naddopts = -m 'not slow'\n", []),
        ("[pytest]\naddopts = -ra\n", ["c1"]),
        ("[pytest]\nno equals sign\n", ["c1"]),
    ],
)
def test_the_settings_of_pytest_count(look: Look, settings: str, superfluous: list[str]) -> None:
    text = checks("pytest", "pytest tests/smoke/test_a.py -k x")
    assert named(look(RULE, text, {**FILES, "pytest.ini": settings})) == superfluous
