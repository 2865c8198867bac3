"""Each test of this repository is in one check of its gate and in one part of `make test`: none is left out, none runs twice."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest

from readiness.config.load import parse_config

ROOT = Path(__file__).parents[1]
IN_NO_CHECK = {"tests/e2e", "tests/mini_agent/model/test_embedded_model.py"}
"""What downloads, or loads a model for minutes: `make test` runs it."""


def collected(words: list[str]) -> set[str]:
    """The test files under the paths that these words of pytest name, without the ignored ones."""
    ignored = {after for word, after in pairwise(words) if word == "--ignore"}
    named = [word for word in words if word.startswith("tests") and word not in ignored]
    assert all((ROOT / word).exists() for word in (*named, *ignored)), words
    return {file for word in named for file in files(word)} - {
        file for word in ignored for file in files(word)
    }


def files(path: str) -> set[str]:
    found = (ROOT / path).rglob("test_*.py") if (ROOT / path).is_dir() else [ROOT / path]
    return {str(file.relative_to(ROOT)) for file in found}


def commands_of_the_gate() -> dict[str, list[str]]:
    config = parse_config((ROOT / "readiness.yml").read_text(), "readiness.yml")
    return {one.name: shlex.split(one.run) for one in config.checks if one.run.startswith("pytest ")}


def parts_of_make() -> dict[str, list[str]]:
    """What each `WHAT` of the Makefile comes to, its `$(PROCESSES…)` written out."""
    text = (ROOT / "Makefile").read_text()
    processes = re.search(r"^PROCESSES := (.+)$", text, re.MULTILINE)[1].split()
    parts = re.findall(r"^(test-\w+): WHAT := (.+)$", text, re.MULTILINE)
    ignored = " ".join(f"--ignore {one}" for one in processes)
    return {
        name: what.replace("$(PROCESSES:%=--ignore %)", ignored)
        .replace("$(PROCESSES)", " ".join(processes))
        .split()
        for name, what in parts
    }


@pytest.mark.parametrize(
    ("commands", "left_out"), [(commands_of_the_gate, IN_NO_CHECK), (parts_of_make, set())]
)
def test_each_file_is_in_one_of_them(commands, left_out):
    where = {name: collected(words) for name, words in commands().items()}
    wanted = files("tests") - {file for path in left_out for file in files(path)}
    counts = {file: sorted(name for name, inside in where.items() if file in inside) for file in wanted}
    assert {file: names for file, names in counts.items() if len(names) != 1} == {}
    assert set().union(*where.values()) == wanted


def test_a_file_that_is_left_out_or_named_twice_is_noticed():
    run = commands_of_the_gate()["processes"]
    assert "tests/run/test_cache.py" in collected(run)
    assert "tests/run/test_cache.py" not in collected([*run, "--ignore", "tests/run/test_cache.py"])
    with pytest.raises(AssertionError):
        collected(["pytest", "tests/no_such_folder"])
