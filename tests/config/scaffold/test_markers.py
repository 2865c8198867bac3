"""Lanes told by markers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from readiness.config.pytest_settings import PytestSettings
from readiness.config.scaffold.markers import expression, needed_plugins, read_markers

if TYPE_CHECKING:
    from collections.abc import Callable

FILE = """\
import os
import pytest

@pytest.mark.nd
def test_a(): ...

@pytest.mark.skipif(not os.environ.get("OPENAI_API_KEY") or not os.getenv('HOME'), reason="no key")
@pytest.mark.live("openai")
def test_b(): ...

@pytest.mark.parametrize("x", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_c(x): ...

@pytest.mark.smoke
class TestD:
    pytestmark = [pytest.mark.fast]
    def test_d(self): ...
    def helper(self): ...
"""


def test_the_markers_of_each_test(project: Callable[[dict[str, str]], str]) -> None:
    root = project(
        {"a.py": FILE, "b.py": "pytestmark = pytest.mark.nd\ndef test_e(): ...\n", "bad.py": "def ("}
    )
    found = read_markers(root, ["a.py", "b.py", "bad.py"])
    names = [sorted(marks) for marks in found.of_tests]
    assert names == [["nd"], ["live", "skipif"], ["parametrize"], ["fast", "smoke"], ["nd"]]
    assert "slow" in found.used
    assert (found.of_lane("nd"), found.of_lane("live"), found.smoke) == (("nd",), ("live",), ("smoke",))
    assert found.gates == {"a.py": ("OPENAI_API_KEY",)}


def test_what_would_be_left(project: Callable[[dict[str, str]], str]) -> None:
    found = read_markers(project({"a.py": FILE}), ["a.py"])
    assert found.some_test_without(["nd", "live"])
    assert not found.some_test_without(["nd", "live", "parametrize", "smoke"])
    assert found.some_test_with(["smoke"], without=["nd"])
    assert not found.some_test_with(["smoke"], without=["fast"])


def test_a_conftest_can_mark_tests_too(project: Callable[[dict[str, str]], str]) -> None:
    root = project({"a.py": "def test_a(): ...\n", "conftest.py": "item.add_marker(pytest.mark.live)\n"})
    assert read_markers(root, ["a.py"], ["conftest.py"]).of_lane("live") == ("live",)
    assert read_markers(root, ["a.py"]).of_lane("live") == ()


@pytest.mark.parametrize(
    ("only", "without", "addopts", "expected"),
    [
        ([], [], (), ""),
        ([], ["nd"], (), "not nd"),
        ([], ["nd", "live"], (), "not (nd or live)"),
        (["smoke"], ["nd", "live"], (), "smoke and not (nd or live)"),
        (["a", "b"], [], (), "(a or b)"),
        ([], ["nd"], ("-ra", "-m", "not slow"), "not nd and (not slow)"),
        (["nd"], [], ("-m=not slow",), "nd and (not slow)"),
        ([], [], ("-m", "not slow"), ""),
    ],
)
def test_what_to_select(only: list[str], without: list[str], addopts: tuple[str, ...], expected: str) -> None:
    assert expression(PytestSettings(addopts=addopts), only=only, without=without) == expected


@pytest.mark.parametrize(
    ("mark", "settings", "plugins"),
    [
        ("asyncio", PytestSettings(), ("pytest_asyncio",)),
        ("other", PytestSettings(addopts=("--cov=src", "-n", "4", "-ra")), ("pytest_cov", "xdist")),
        ("other", PytestSettings(options=("asyncio_mode", "testpaths")), ("pytest_asyncio",)),
        ("other", PytestSettings(addopts=("--covert", "--no-cov")), ()),
    ],
)
def test_plugins_that_must_be_there(
    project: Callable[[dict[str, str]], str], mark: str, settings: PytestSettings, plugins: tuple[str, ...]
) -> None:
    root = project({"a.py": f"@pytest.mark.{mark}\ndef test_a(): ...\n"})
    assert needed_plugins(read_markers(root, ["a.py"]), settings) == plugins
