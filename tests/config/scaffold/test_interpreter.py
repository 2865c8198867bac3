"""Which interpreter the checks get, and what it has."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from readiness.config.scaffold.interpreter import ask_interpreter

if TYPE_CHECKING:
    from collections.abc import Callable


def link(root: str, name: str) -> None:
    path = Path(root, name)
    path.parent.mkdir(parents=True)
    path.symlink_to(sys.executable)


def test_the_projects_own_environment_comes_first(project: Callable[[dict[str, str]], str]) -> None:
    root = project({})
    link(root, "venv/bin/python")
    assert ask_interpreter(root, [], {}).configured == "venv/bin/python"
    link(root, ".venv/bin/python")
    found = ask_interpreter(root, ["json", "pytest_of_nobody"], {})
    assert (found.configured, found.path) == (".venv/bin/python", os.path.join(root, ".venv/bin/python"))
    assert not found.lacks("json")
    assert found.lacks("pytest_of_nobody")


def test_else_the_active_one_and_nothing_is_written(
    project: Callable[[dict[str, str]], str], environ: dict[str, str]
) -> None:
    root = project({"pytest.py": "raise SystemExit('imported')", "readiness_of_nobody.py": ""})
    found = ask_interpreter(root, ["pytest", "readiness_of_nobody"], environ)
    assert (found.path, found.configured) == (os.path.join(sys.prefix, "bin", "python"), "")
    origin = found.origins["pytest"]
    assert origin
    assert not origin.startswith(root)
    assert found.lacks("readiness_of_nobody")


def test_else_the_one_on_path_or_our_own(project: Callable[[dict[str, str]], str]) -> None:
    root = project({})
    link(root, "bin/python3")
    assert ask_interpreter(root, [], {"PATH": os.path.join(root, "bin")}).path == os.path.join(
        root, "bin/python3"
    )
    assert ask_interpreter(root, [], {"PATH": "/nowhere"}).path == sys.executable


def test_one_that_does_not_answer_is_said_to(project: Callable[[dict[str, str]], str]) -> None:
    root = project({".venv/bin/python": "#!/bin/sh\nexit 3\n"})
    os.chmod(os.path.join(root, ".venv/bin/python"), 0o755)
    found = ask_interpreter(root, ["pytest"], {})
    assert found.trouble.startswith(".venv/bin/python could not be asked: ")
    assert not found.lacks("pytest")
