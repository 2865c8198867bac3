"""Makefiles, as far as targets and ignored failures go."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from readiness.config.commands.makefile import Makefile, find_makefile, read_makefile


def read(tmp_path: Path, text: str, **others: str) -> Makefile:
    (tmp_path / "Makefile").write_text(dedent(text).replace("    ", "\t"))
    for name, content in others.items():
        (tmp_path / f"{name}.mk").write_text(content)
    return read_makefile(str(tmp_path / "Makefile"), "Makefile")


def recipe(makefile: Makefile, goal: str, **overrides: str) -> list[tuple[str, bool, int]]:
    rule, stem = makefile.rule(goal)
    assert rule is not None
    return [(line.text, line.ignored, line.number) for line in makefile.lines(rule, goal, overrides, stem)]


def needed(makefile: Makefile, goal: str) -> list[str]:
    rule, stem = makefile.rule(goal)
    assert rule is not None
    return makefile.prerequisites(rule, goal, {}, stem)


def test_recipes_prerequisites_and_prefixes(tmp_path: Path) -> None:
    makefile = read(
        tmp_path,
        """\
        # a comment
        .PHONY: all smokes
        all: smokes lint | folder

        smokes: ; pytest tests/smoke
        lint:
            @echo linting
            -ruff check
            @-mypy

            ruff format --check # still the recipe
        """,
    )
    assert makefile.default_goal == "all"
    assert needed(makefile, "all") == ["smokes", "lint", "folder"]
    assert recipe(makefile, "smokes") == [("pytest tests/smoke", False, 5)]
    assert recipe(makefile, "lint") == [
        ("echo linting", False, 7),
        ("ruff check", True, 8),
        ("mypy", True, 9),
        ("ruff format --check # still the recipe", False, 11),
    ]
    assert makefile.rule("nothing") == (None, "")


def test_variables(tmp_path: Path) -> None:
    makefile = read(
        tmp_path,
        """\
        PY ?= python
        PYTEST = $(PY) -m pytest $(OPTS)
        OPTS := -q
        OPTS += -x
        export ROOT := $(shell pwd)
        t: OPTS = -v
        t u:
            $(PYTEST) $@ $$HOME $(UNKNOWN)| tee $(ROOT)
        %.out: %.in
            run $* > $@
        """,
    )
    assert recipe(makefile, "u")[0][0] == "python -m pytest -q -x u $HOME | tee $(shell pwd)"
    assert recipe(makefile, "t", PY="py")[0][0] == "py -m pytest -v t $HOME | tee $(shell pwd)"
    assert recipe(makefile, "a.out")[0][0] == "run a > a.out"
    assert needed(makefile, "a.out") == ["a.in"]


def test_a_line_that_goes_on_is_one_line_for_the_shell(tmp_path: Path) -> None:
    makefile = read(tmp_path, "t: a \\\n  b\n\tpytest \\\n\t  tests || true\n\techo\n")
    assert needed(makefile, "t") == ["a", "b"]
    assert recipe(makefile, "t") == [("pytest \\\n  tests || true", False, 3), ("echo", False, 5)]


def test_conditionals_are_read_on_both_sides_and_definitions_passed_over(tmp_path: Path) -> None:
    makefile = read(
        tmp_path,
        """\
        define HELP
        t: not a rule
        endef
        t:
        ifdef CI
            one
        else
            two
        endif
        """,
    )
    assert [text for text, _, _ in recipe(makefile, "t")] == ["one", "two"]


@pytest.mark.parametrize(
    ("text", "ignored"),
    [
        (".IGNORE:\nt:\n\tx\n", True),
        (".IGNORE: t\nt:\n\tx\n", True),
        (".IGNORE: other\nt:\n\tx\n", False),
        ("MAKEFLAGS += -i\nt:\n\tx\n", True),
        ("MAKEFLAGS += --no-builtin-rules -s\nt:\n\tx\n", False),
    ],
)
def test_ways_to_ignore_every_failure(tmp_path: Path, text: str, ignored: bool) -> None:
    assert recipe(read(tmp_path, text), "t") == [("x", ignored, text.count("\n"))]


def test_one_shell_for_the_whole_recipe(tmp_path: Path) -> None:
    makefile = read(tmp_path, ".ONESHELL:\n.SHELLFLAGS = -e -c\nt:\n\t@a\n\tb\n")
    assert recipe(makefile, "t") == [("a\nb", False, 4)]
    assert makefile.shell_options() == "-e -c"


def test_included_files_name_themselves(tmp_path: Path) -> None:
    makefile = read(tmp_path, "include more.mk\n-include absent.mk\n", more="t:\n\tx\n")
    rule, _ = makefile.rule("t")
    assert rule is not None
    assert rule.recipe == [("more.mk", 2, "x")]
    assert not makefile.whole


def test_variables_made_of_each_other_come_to_an_end(tmp_path: Path) -> None:
    text = "".join(f"V{number} = $(V{number + 1})$(V{number + 1})$(V{number + 1})\n" for number in range(40))
    makefile = read(tmp_path, text + "t:\n\t$(V0) $(SELF)\nSELF = $(SELF)\n")
    assert len(recipe(makefile, "t")) == 1


def test_the_makefile_that_make_would_take(tmp_path: Path) -> None:
    assert find_makefile(str(tmp_path)) == ""
    (tmp_path / "Makefile").write_text("")
    (tmp_path / "other.mk").write_text("")
    assert find_makefile(str(tmp_path)) == str(tmp_path / "Makefile")
    assert find_makefile(str(tmp_path), "other.mk") == str(tmp_path / "other.mk")
    (tmp_path / "GNUmakefile").write_text("")
    assert find_makefile(str(tmp_path)) == str(tmp_path / "GNUmakefile")


def test_bytes_that_are_no_text_do_not_stop_the_reading(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_bytes(b"\xff\xfe\x00\nt:\n\tpytest\n")
    assert recipe(read_makefile(str(tmp_path / "Makefile"), "Makefile"), "t") == [("pytest", False, 3)]
