"""What is known of programs by their name."""

from __future__ import annotations

import pytest

from readiness.config.commands.programs import (
    can_fail,
    is_judge,
    may_judge,
    powerless_option,
    program,
    unwrapped,
)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        (".venv/bin/python3.12", "python"),
        ("pypy3", "python"),
        ("python-config", "python-config"),
        ("py.test", "pytest"),
        ("./scripts/smoke.sh", "smoke.sh"),
    ],
)
def test_names(word: str, name: str) -> None:
    assert program(word) == name


@pytest.mark.parametrize(
    ("command", "env", "expected"),
    [
        ("pytest -q", [], "pytest -q"),
        (".venv/bin/pytest -q", [], "pytest -q"),
        ("python -X dev -W error -m pytest -q", [], "pytest -q"),
        ("python -Im pytest", [], "pytest"),
        ("python3 -m coverage run --branch -m pytest x", [], "pytest x"),
        ("coverage run --source src scripts/x.py", [], "python scripts/x.py"),
        ("coverage report --fail-under 90", [], "coverage report --fail-under 90"),
        ("env -u HOME A=1 B=2 pytest", [("A", "1"), ("B", "2")], "pytest"),
        ("timeout -k 5 60 nice -n 5 pytest", [], "pytest"),
        ("uv run --with x python -m pytest", [], "pytest"),
        ("uv run -m pytest -x", [], "pytest -x"),
        ("uv pip install x", [], "uv pip install x"),
        ("poetry run -- pytest", [], "pytest"),
        ("command -v pytest", [], "command -v pytest"),
        ("command pytest", [], "pytest"),
        ("python -c 'x'", [], "python -c 'x'"),
        ("python scripts/x.py -m y", [], "python scripts/x.py -m y"),
        ("./smoke.sh -m y", [], "./smoke.sh -m y"),
        ("env", [], "env"),
        ("python -m", [], "python -m"),
    ],
)
def test_wrappers_are_taken_off(command: str, env: list[tuple[str, str]], expected: str) -> None:
    assert unwrapped(command.split()) == (env, expected.split())


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("true", False),
        (": x", False),
        ("echo pytest", False),
        ("wait", False),
        ("wait 1", True),
        ("pytest", True),
    ],
)
def test_what_can_fail(command: str, expected: bool) -> None:
    assert can_fail(tuple(command.split())) is expected


def test_no_words_cannot_fail() -> None:
    assert not can_fail(())
    assert not is_judge(())
    assert not may_judge(())


@pytest.mark.parametrize(
    ("command", "judges", "may"),
    [
        ("pytest", True, True),
        ("npm test", True, True),
        ("npm install", False, True),
        ("go vet ./...", True, True),
        ("python scripts/smoke.py", False, True),
        ("./smoke.sh", False, True),
        ("docker network create x", False, False),
        ("rm -rf x", False, False),
    ],
)
def test_what_judges(command: str, judges: bool, may: bool) -> None:
    words = tuple(command.split())
    assert (is_judge(words), may_judge(words)) == (judges, may)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("pytest --co tests", "--co"),
        ("pytest --exitfirst tests", ""),
        ("pytest --continue-on-collection-errors", ""),
        ("pytest -- --co", ""),
        ("make -n test", "-n"),
        ("make -k test", ""),
        ("pytest -n 4", ""),
        ("ruff check --exit-zero", "--exit-zero"),
        ("myprog --exit-zero", ""),
    ],
)
def test_options_that_keep_a_program_from_judging(command: str, expected: str) -> None:
    assert powerless_option(tuple(command.split())) == expected
