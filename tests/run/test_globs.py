from __future__ import annotations

import pytest

from readiness.run.globs import matches


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("src/**", "src/a/b.py", True),
        ("src/**", "src2/a.py", False),
        ("src/**/*.py", "src/a.py", True),
        ("src/**/*.py", "src/x/y/a.py", True),
        ("src/*.py", "src/x/a.py", False),
        ("src/", "src/x/a.py", True),
        ("*.toml", "pyproject.toml", True),
        ("*.toml", "sub/pyproject.toml", False),
        ("**/*.toml", "pyproject.toml", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("a.c", "abc", False),
        ("[x]", "[x]", True),
    ],
)
def test_what_a_pattern_covers(pattern, path, expected):
    assert matches(path, (pattern,)) is expected
