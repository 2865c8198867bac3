"""Make targets, shell scripts and npm scripts that a command runs."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from readiness.config.commands.nested import MakeCall

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from readiness.config.commands import Trace

QUIET = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
MAKEFILE = """\
PYTEST ?= pytest -q
all: deps
\t$(PYTEST) tests/all
deps:
\tpip install -r requirements.txt
nested:
\t$(MAKE) -C sub smoke
loop: loop
\tmake loop
"""
SUB = "smoke:\n\t-pytest tests/smoke $(ARGS)\n"


def sources(read: Trace) -> list[tuple[str, str, str]]:
    return [(" ".join(call.words), call.where, call.cwd) for call in read.calls]


def test_a_target_with_its_prerequisites_first(read: Callable[..., Trace]) -> None:
    assert sources(read("make all", {"Makefile": MAKEFILE})) == [
        ("make all", "readiness.yml:7", "."),
        ("pip install -r requirements.txt", "Makefile:5", "."),
        ("pytest -q tests/all", "Makefile:3", "."),
    ]


def test_make_in_another_folder(read: Callable[..., Trace]) -> None:
    found = read("make nested ARGS=-x", {"Makefile": MAKEFILE, "sub/Makefile": SUB})
    assert sources(found)[-1] == ("pytest tests/smoke", "sub/Makefile:2", "sub")
    assert sources(read("cd sub && make smoke ARGS=-x"))[-1][0] == "pytest tests/smoke -x"
    assert sources(read("gmake -C sub -sj4 smoke"))[-1][1] == "sub/Makefile:2"


def test_a_target_that_calls_itself_is_read_once(read: Callable[..., Trace]) -> None:
    found = read("make loop", {"Makefile": MAKEFILE})
    assert [call.source for call in found.calls] == ["make loop", "make loop"]
    assert found.can_fail


def test_a_target_that_is_not_there(read: Callable[..., Trace]) -> None:
    found = read("make smokse", {"Makefile": MAKEFILE})
    assert [what for what, _ in found.missing] == ["Makefile has no target `smokse`"]
    assert found.can_fail


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("make t", {}),
        ("make file", {"Makefile": "a:\n", "file": ""}),
        ("make t", {"Makefile": "include generated.mk\n"}),
        ("make t", {"Makefile": "$(foreach x,t,$(eval $(x): ; pytest))\n"}),
        ("make t", {"Makefile": ".PHONY: t\n"}),
        ("make $TARGET", {"Makefile": "a:\n"}),
        ("make prog", {"Makefile": "a:\n", "prog.c": ""}),
        ("make -C .. t", {"Makefile": "a:\n"}),
    ],
)
def test_what_cannot_be_known_is_not_called_missing(
    read: Callable[..., Trace], command: str, files: dict[str, str]
) -> None:
    assert read(command, files).missing == ()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("-C a -C b t", ("a/b", "", ["t"], {}, "")),
        ("--directory=a --file=f t u", ("a", "f", ["t", "u"], {}, "")),
        ("-fx -j 4 -l 2 t A=1", ("", "x", ["t"], {"A": "1"}, "")),
        ("-j t", ("", "", ["t"], {}, "")),
        ("-ki t", ("", "", ["t"], {}, "-ki")),
        ("--ignore-errors", ("", "", [], {}, "--ignore-errors")),
        ("-k t", ("", "", ["t"], {}, "")),
        ("-I include t", ("", "", ["t"], {}, "")),
    ],
)
def test_make_options(arguments: str, expected: tuple[object, ...]) -> None:
    call = MakeCall(tuple(arguments.split()))
    folder = os.path.normpath(call.folder).removeprefix(".")
    assert (folder, call.file, call.goals, call.variables, call.ignores) == expected


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("command", ["make t", "make -k t", "make -i t", "make -n t", "make t X=true"])
@pytest.mark.parametrize(
    "text",
    [
        "t:\n\tfalse\n",
        "t:\n\t-false\n\ttrue\n",
        "t:\n\t@-false\n",
        "t:\n\tfalse || true\n",
        "t:\n\tfalse; true\n",
        "t: u\n\ttrue\nu:\n\tfalse\n",
        "t: u\n\ttrue\nu:\n\t-false\n",
        ".IGNORE:\nt:\n\tfalse\n",
        ".IGNORE: u\nt:\n\tfalse\n",
        "MAKEFLAGS += -i\nt:\n\tfalse\n",
        ".ONESHELL:\nt:\n\tfalse\n\ttrue\n",
        ".ONESHELL:\n.SHELLFLAGS = -ec\nt:\n\tfalse\n\ttrue\n",
        "X = false\nt:\n\t$(X)\n",
        "X = -false\nt:\n\t$(X)\n",
        "t:\n\t$(MAKE) u\nu:\n\t-false\n",
        "t:\n\t$(MAKE) u\nu:\n\tfalse\n",
        "t: ; false\n",
        "t:\n\ttrue \\\n\t  && false\n",
    ],
)
def test_a_real_make_agrees(read: Callable[..., Trace], tmp_path: Path, text: str, command: str) -> None:
    said = read(command, {"Makefile": text}).can_fail
    done = subprocess.run(command.split(), cwd=tmp_path, env=QUIET, capture_output=True, check=False)
    assert said == (done.returncode != 0), done.stdout


def test_shell_scripts_with_their_options_and_arguments(read: Callable[..., Trace]) -> None:
    files = {"scripts/x.sh": '#!/usr/bin/env bash\nset -e\npytest "$@"\necho done\n'}
    expected = [("set -e", "scripts/x.sh:2", "."), ("pytest a b", "scripts/x.sh:3", ".")]
    for command in ("bash scripts/x.sh a b", "./scripts/x.sh a b", "sh -x scripts/x.sh a b"):
        found = read(command, files)
        assert sources(found)[1:3] == expected
        assert found.can_fail


@pytest.mark.parametrize(
    ("command", "text", "can_fail"),
    [
        ("bash x.sh", "pytest\necho done\n", False),
        ("bash -e x.sh", "pytest\necho done\n", True),
        ("./x.sh", "#!/bin/sh -e\npytest\necho done\n", True),
        ("bash -o errexit x.sh", "pytest\necho done\n", True),
        ("bash --noediting x.sh", "pytest\necho done\n", False),
        ("bash -eo pipefail x.sh", "pytest | tee log\n", True),
        ("bash x.sh", "#!/usr/bin/env python3\nprint('|| true')\n", True),
        ("./x", "\x7fELF", True),
    ],
)
def test_the_status_of_a_script(read: Callable[..., Trace], command: str, text: str, can_fail: bool) -> None:
    assert read(command, {command.rpartition(" ")[2]: text}).can_fail is can_fail


def test_a_command_given_to_a_shell(read: Callable[..., Trace]) -> None:
    found = read("bash -lc 'pytest $0 $1 || true' zero one")
    assert sources(found)[1][0] == "pytest $0 one"
    assert not found.can_fail


@pytest.mark.parametrize("command", ["bash", "bash absent.sh", "bash ../outside.sh", "./absent.sh", "sh -c"])
def test_scripts_that_cannot_be_read_count_as_programs(read: Callable[..., Trace], command: str) -> None:
    found = read(command)
    assert len(found.calls) == 1
    assert found.can_fail


PACKAGE = (
    '{\n "name": "x", "test": 1,\n "scripts": {\n  "smoke": "jest || true",\n  "test": "vitest run"\n }\n}'
)


@pytest.mark.parametrize(
    ("command", "last"),
    [
        ("npm run smoke", ("jest", "package.json:4", ".")),
        ("npm test", ("vitest run", "package.json:5", ".")),
        ("npm run test -- --bail", ("vitest run --bail", "package.json:5", ".")),
        ("yarn smoke", ("jest", "package.json:4", ".")),
        ("pnpm --dir web test", ("web", "", "")),
        ("npm install", ("npm install", "readiness.yml:7", ".")),
        ("yarn install", ("yarn install", "readiness.yml:7", ".")),
    ],
)
def test_npm_scripts(read: Callable[..., Trace], command: str, last: tuple[str, str, str]) -> None:
    found = sources(read(command, {"package.json": PACKAGE, "web/package.json": PACKAGE}))
    calls = [one for one in found if one[0] != "true"]
    expected = ("vitest run", "web/package.json:5", "web") if last[0] == "web" else last
    assert calls[-1] == expected


def test_an_npm_script_that_is_not_there(read: Callable[..., Trace]) -> None:
    assert (
        read("npm run nope", {"package.json": PACKAGE}).missing[0][0] == "package.json has no script `nope`"
    )
    assert read("npm run nope", {"package.json": "[1]"}).missing == ()
    assert read("npm run nope", {"package.json": "{"}).missing == ()


def test_nothing_is_read_through_a_pipe_file(read: Callable[..., Trace], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.sh")
    os.mkfifo(tmp_path / "Makefile")
    assert len(read("bash x.sh; make t").calls) == 2
