"""One spelling for commands that do the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.config.commands import normal_form


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("pytest tests", "python -m pytest  tests"),
        ("pytest tests", ". .venv/bin/activate && pytest tests/ -q"),
        ("pytest tests", "source venv/bin/activate; .venv/bin/pytest ./tests --tb=short"),
        ("pytest -m 'a b' x y", 'pytest y x -m "a b"'),
        ("A=1 pytest tests", "pytest tests"),
        ("make t && x", "make t  &&\n x"),
        ("python3 scripts/x.py", "python scripts/x.py"),
    ],
)
def test_the_same(one: str, other: str) -> None:
    assert normal_form(one) == normal_form(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("pytest tests", "pytest tests/a"),
        ("pytest tests", "pytest tests -m nd"),
        ("pytest tests", "pytest tests -W error"),
        ("pytest tests", "pytest tests --lf"),
        ("a && b", "a || b"),
        ("x; A=1 pytest", "x; pytest"),
        ("x > a", "x > b"),
        ("echo 'a b'", "echo a  c"),
        ("python x.py", "python y.py"),
    ],
)
def test_not_the_same(one: str, other: str) -> None:
    assert normal_form(one) != normal_form(other)


@given(st.text(alphabet="ab =&|;'\"\n-", max_size=40))
def test_the_form_of_a_form_is_itself_for_plain_words(command: str) -> None:
    words = " ".join(word for word in command.split() if word.isalnum())
    assert normal_form(normal_form(words)) == normal_form(words)
    assert isinstance(normal_form(command), str)
