"""What a project tells pytest, in each of the files that pytest reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from readiness.config.pytest_settings import (
    DEFAULT_FILES,
    PytestSettings,
    UnreadableSettings,
    read_pytest_settings,
)

if TYPE_CHECKING:
    from pathlib import Path

TOML = """
[tool.pytest.ini_options]
testpaths = ["tests", "more tests"]
pythonpath = "src"
markers = ["nd: real model", "live(provider): outside"]
addopts = ["-ra", "-m", "not slow"]
python_files = ["check_*.py"]
"""
INI = """
[{section}]
testpaths = tests testing
pythonpath = src
markers =
    nd: real model
    slow
addopts = -ra  # shown
"""


def test_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(TOML)
    assert read_pytest_settings(str(tmp_path)) == PytestSettings(
        file="pyproject.toml",
        testpaths=("tests", "more tests"),
        pythonpath=("src",),
        markers=("nd", "live"),
        addopts=("-ra", "-m", "not slow"),
        python_files=("check_*.py",),
        options=("addopts", "markers", "python_files", "pythonpath", "testpaths"),
    )


def test_the_table_of_pytest_9(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.pytest]\ntestpaths = ["t"]\n')
    assert read_pytest_settings(str(tmp_path)).testpaths == ("t",)


@pytest.mark.parametrize(
    ("name", "section"),
    [
        ("pytest.ini", "pytest"),
        (".pytest.ini", "pytest"),
        ("tox.ini", "pytest"),
        ("setup.cfg", "tool:pytest"),
    ],
)
def test_ini_files(tmp_path: Path, name: str, section: str) -> None:
    (tmp_path / name).write_text(INI.format(section=section))
    settings = read_pytest_settings(str(tmp_path))
    assert (settings.file, settings.testpaths, settings.markers) == (
        name,
        ("tests", "testing"),
        ("nd", "slow"),
    )
    assert (settings.pythonpath, settings.addopts, settings.python_files) == (
        ("src",),
        ("-ra",),
        DEFAULT_FILES,
    )


def test_the_first_file_that_speaks_of_pytest_counts(tmp_path: Path) -> None:
    (tmp_path / "setup.cfg").write_text(INI.format(section="tool:pytest"))
    (tmp_path / "tox.ini").write_text("[tox]\nenvlist = py\n")
    (tmp_path / "pyproject.toml").write_text("[tool.other]\nx = 1\n")
    assert read_pytest_settings(str(tmp_path)).file == "setup.cfg"
    (tmp_path / "pytest.ini").write_text("")
    assert read_pytest_settings(str(tmp_path)) == PytestSettings(file="pytest.ini")


def test_a_quote_that_is_never_closed_is_a_letter(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -k it's -ra\n")
    assert read_pytest_settings(str(tmp_path)).addopts == ("-k", "it's", "-ra")


def test_a_project_without_settings(tmp_path: Path) -> None:
    assert read_pytest_settings(str(tmp_path)) == PytestSettings()


@pytest.mark.parametrize(
    ("name", "text"),
    [("pyproject.toml", "[tool.pytest\nx"), ("pytest.ini", "[pytest]\nno equals sign\n")],
)
def test_a_file_that_pytest_would_refuse(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UnreadableSettings, match=name):
        read_pytest_settings(str(tmp_path))


@pytest.mark.parametrize(
    ("addopts", "narrowed"),
    [
        (("-ra",), False),
        (("-m", "not slow"), True),
        (("-k=x",), True),
        (("--ignore=x",), True),
        (("--lf",), True),
    ],
)
def test_options_that_leave_tests_out(addopts: tuple[str, ...], narrowed: bool) -> None:
    assert PytestSettings(addopts=addopts).narrowed is narrowed
