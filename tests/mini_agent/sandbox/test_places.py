from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_agent.sandbox import folder
from mini_agent.sandbox.launch import Sandbox
from mini_agent.sandbox.places import below, outermost, places, program_path, this_interpreter

PATHS = st.lists(st.sampled_from("ab"), max_size=4).map(lambda names: "/" + "/".join(names))


def test_the_interpreter_is_the_one_behind_a_virtual_environment():
    found = this_interpreter()
    assert os.path.realpath(found.path) == found.path
    assert found.path in found.readable
    assert any(Path(path, "os.py").exists() for path in found.readable)
    told = subprocess.run(
        [found.path, "-I", "-S", "-c", "import sys; print(sys.prefix)"], capture_output=True, text=True
    )
    assert os.path.realpath(told.stdout.strip()) == os.path.realpath(sys.base_prefix)


@pytest.mark.skipif(sys.prefix == sys.base_prefix, reason="runs in no virtual environment")
def test_the_service_s_own_packages_are_not_shown():
    assert not any(below(path, sys.prefix) for path in places().readable)


def test_nothing_of_a_home_or_of_etc_is_shown():
    shown = places(["cat"]).readable
    assert not any(below(path, "/etc") and not path.startswith("/etc/ld") for path in shown)
    assert not any(
        path in ("/", "/home", "/root", "/tmp", "/proc", "/sys", "/usr", "/usr/bin") for path in shown
    )


def test_a_program_that_is_missing_is_named():
    with pytest.raises(ValueError, match="no-such-program is not installed"):
        places(["no-such-program"])
    assert os.path.isabs(program_path("cat"))


@pytest.mark.parametrize("python", ["/bin/false", "/no/such/python"])
def test_an_interpreter_that_does_not_answer_is_named(python: str):
    with pytest.raises(ValueError, match=f"{python} cannot serve as the interpreter"):
        places(python=python)


@given(st.lists(PATHS, max_size=8))
def test_outermost_covers_everything_once(paths: list[str]):
    kept = outermost(paths)
    assert all(any(below(path, outer) for outer in kept) for path in paths)
    assert not any(below(one, other) for one in kept for other in kept if one != other)
    assert set(kept) <= set(paths)


@pytest.mark.parametrize(
    ("path", "outer", "inside"), [("/a/b", "/a", True), ("/ab", "/a", False), ("/a", "/", True)]
)
def test_below_goes_by_whole_names(path: str, outer: str, inside: bool):
    assert below(path, outer) is inside


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """One that everybody may walk to, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as made:
        os.chmod(made, 0o755)
        yield Path(made).resolve()


@pytest.mark.parametrize("copies", [False, True], ids=["links", "copies"])
def test_a_virtual_environment_brings_its_packages(each_way: Sandbox, open_folder: Path, copies: bool):
    venv.create(open_folder / "env", symlinks=not copies, with_pip=False)
    python = open_folder / "env/bin/python"
    [packages] = (open_folder / "env/lib").glob("python3*/site-packages")
    (packages / "own_package.py").write_text("ANSWER = 42")
    sandbox = replace(each_way, places=places(python=str(python)))
    own = folder.make(sandbox.way, sandbox.places)
    argv = [sandbox.places.python, "-s", "-E", "-c", "import own_package; print(own_package.ANSWER)"]
    try:
        result = asyncio.run(sandbox.run(argv, folder=own, timeout=20))
    finally:
        folder.remove(own)
    assert (result.stdout, result.stderr) == ("42\n", "")
