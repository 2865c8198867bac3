"""Files that the gate needs and that are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from readiness.record.result import LintFinding

    Look = Callable[..., list[LintFinding]]

FILES = {
    "tests/smoke/test_a.py": "",
    "scripts/check.py": "",
    "scripts/check.sh": "#!/bin/sh\npytest tests/smoke\n",
    "Makefile": "t:\n\tpytest tests/smoke\nbroken:\n\tpytest tests/gone\n",
    "src/pkg/a.py": "",
    "src/.hidden/x.py": "",
    "empty/.keep": "",
}


@pytest.mark.parametrize(
    ("command", "where", "says"),
    [
        (
            "pytest tests/smokes",
            "readiness.yml:6",
            "`it` runs the tests of `tests/smokes`, which does not exist",
        ),
        ("pytest tests/smoke/test_b.py::t", "readiness.yml:6", "`tests/smoke/test_b.py`"),
        ("pytest tests/smoke/test_z*.py", "readiness.yml:6", "`tests/smoke/test_z*.py`"),
        ("python scripts/chek.py", "readiness.yml:6", "`it` needs `scripts/chek.py`"),
        ("python -X dev -u absent.py", "readiness.yml:6", "`absent.py`"),
        ("bash -x scripts/chek.sh", "readiness.yml:6", "`scripts/chek.sh`"),
        ("./smoke", "readiness.yml:6", "`it` needs `smoke`"),
        ("true\ncd scripts && python chek.py", "readiness.yml:7", "`scripts/chek.py`"),
        ("make broken", "Makefile:4", "`tests/gone`"),
        ("make -C src t", "readiness.yml:6", "`it` needs `src/Makefile`"),
        ("make -f absent.mk t", "readiness.yml:6", "`absent.mk`"),
    ],
)
def test_missing(look_at_run: Look, command: str, where: str, says: str) -> None:
    (one,) = look_at_run("missing-file", command, FILES)
    assert (one.where, one.severity) == (where, "error")
    assert says in one.message


@pytest.mark.parametrize(
    "command",
    [
        "pytest tests/smoke tests/smoke/test_a.py::t[x*]",
        "pytest tests/smoke/test_*.py",
        "pytest --pyargs pkg.tests",
        "pytest $TARGETS ${A:-tests} ../elsewhere /elsewhere ~/x",
        "pytest --junitxml out/x.xml --ignore tests/gone tests/smoke",
        "python scripts/check.py out/x.json",
        "python -m pkg.absent",
        "python -c 'x' absent.py",
        "python -",
        "bash -c 'exit 1' absent.sh",
        "./scripts/check.sh",
        ".venv/bin/ruff check",
        "mkdir -p out && python out/made.py",
        "git clone x vendored && pytest vendored/tests",
        "make t",
        "make $TARGET",
        "tool --config absent.toml",
    ],
)
def test_not_missing(look_at_run: Look, command: str) -> None:
    assert look_at_run("missing-file", command, FILES) == []


def test_the_folder_of_a_check(look_at_run: Look) -> None:
    (one,) = look_at_run("missing-file", "x", FILES, cwd="sub")
    assert "`it` runs in the folder `sub`, which does not exist" in one.message
    assert look_at_run("missing-file", "x", FILES, cwd="src") == []


def test_one_path_that_two_checks_need_is_told_once(look: Look) -> None:
    text = "version: 2\nchecks:\n- {name: a, lane: core, run: pytest t}\n- {name: b, lane: core, run: pytest t}\n"
    assert [one.where for one in look("missing-file", text)] == ["readiness.yml:3"]


@pytest.mark.parametrize(
    ("pattern", "advice"),
    [
        ("scr/**", "correct it"),
        ("src/**/*.pyi", "correct it"),
        ("pyproject.toml", "correct it"),
        ("src", "write `src/**`"),
        ("emtpy/", "correct it"),
    ],
)
def test_inputs_that_match_nothing(look_at_run: Look, pattern: str, advice: str) -> None:
    (one,) = look_at_run("missing-file", "x", FILES, inputs=f"['{pattern}']")
    assert one.severity == "error"
    assert f"`{pattern}` of the inputs of `it` matches no file" in one.message
    assert one.advice.startswith(advice)


@pytest.mark.parametrize(
    "pattern", ["src/**", "src/", "**/*.py", "Makefile", "src/*/a.py", "src/.hidden/**", "**"]
)
def test_inputs_that_match(look_at_run: Look, pattern: str) -> None:
    assert look_at_run("missing-file", "x", FILES, inputs=f"['{pattern}']") == []


def test_a_target_or_script_that_is_not_there(look_at_run: Look) -> None:
    (one,) = look_at_run("missing-target", "make tt", FILES)
    assert (one.where, one.severity) == ("readiness.yml:6", "error")
    assert "`it` runs `make tt`, and Makefile has no target `tt`" in one.message
    assert look_at_run("missing-target", "make t", FILES) == []
    assert look_at_run("missing-target", "make src", FILES) == []


def test_what_a_prerequisite_or_a_nested_make_lacks(look_at_run: Look) -> None:
    (one,) = look_at_run("missing-target", "make t", {"Makefile": "t:\n\t$(MAKE) gone\n"})
    assert one.where == "Makefile:2"
