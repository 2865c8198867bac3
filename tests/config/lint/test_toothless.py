"""Checks that cannot fail: row 22, with a look-alike for each that can."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from readiness.record.result import LintFinding

    Look = Callable[..., list[LintFinding]]

RULE = "toothless-command"


@pytest.mark.parametrize(
    ("command", "severity", "says"),
    [
        (
            "pytest tests || true",
            "error",
            "`it` cannot fail: a failure of `pytest tests` is lost, as `|| true`",
        ),
        ("pytest tests || echo failed", "error", "as `|| echo failed` follows it"),
        ("pytest tests; exit 0", "error", "as `exit 0` runs after it"),
        ("set +e\npytest tests\necho done", "error", "as `echo done` runs after it"),
        ("pytest tests &", "error", "in the background"),
        ("pytest tests | tee log", "warning", "piped into `tee log`"),
        ("pytest a; pytest b", "warning", "`it` hides a failure: a failure of `pytest a` is lost"),
        ("pytest a || true; pytest b", "error", "`it` hides a failure: a failure of `pytest a` is lost"),
        ("pip install x; python smoke.py || true", "error", "a failure of `python smoke.py` is lost"),
        (
            "set -e; pip install x; ./smoke.sh || true",
            "error",
            "hides a failure: a failure of `./smoke.sh` is lost",
        ),
        ("true", "error", "`it` cannot fail: it only runs `true`"),
        ("echo pytest tests", "error", "it only runs `echo pytest tests`"),
        ("READY=1", "error", "it runs no program"),
        ("pytest --co tests", "error", "in `pytest --co tests`, `--co` keeps it from judging anything"),
        ("make -n test", "error", "`-n` keeps it from judging anything"),
        ("ruff check --exit-zero .", "error", "`--exit-zero` keeps it from judging anything"),
    ],
)
def test_found(look_at_run: Look, command: str, severity: str, says: str) -> None:
    (one,) = look_at_run(RULE, command)
    assert one.severity == severity
    assert says in one.message
    assert one.advice


@pytest.mark.parametrize(
    "command",
    [
        "pytest tests",
        'echo "|| true" && pytest tests',
        "pytest -k 'a || true' tests",
        "pytest tests # || true",
        "rm -rf out || true; pytest tests",
        "docker network create x || true; pytest tests",
        "pytest tests || exit 1",
        "pytest tests || rc=1; rm -rf out; exit $rc",
        "set -o pipefail; pytest tests | tee log",
        "pytest tests --exitfirst --continue-on-collection-errors",
        "make -k test",
        "python scripts/true.py",
        'if [ -n "$X" ]; then pytest tests; fi',
    ],
)
def test_not_found(look_at_run: Look, command: str) -> None:
    assert look_at_run(RULE, command) == []


def test_an_optional_check_is_only_warned_of(look_at_run: Look) -> None:
    assert [one.severity for one in look_at_run(RULE, "pytest || true", optional="true")] == ["warning"]
    assert [one.severity for one in look_at_run(RULE, "true", optional="true")] == ["warning"]


def test_the_line_inside_a_block_is_named(look_at_run: Look) -> None:
    (one,) = look_at_run(RULE, "set -e\npytest tests \\\n  -q || true")
    assert one.where == "readiness.yml:8"


def test_the_line_of_a_command_on_one_line_is_named(look: Look) -> None:
    (one,) = look(RULE, "version: 2\nchecks:\n- {name: it, lane: core, run: pytest || true}\n")
    assert one.where == "readiness.yml:3"


MAKEFILE = """\
    PYTEST := python -m pytest
    .PHONY: smokes soft nested fine kept
    smokes: deps
    \t@echo smokes
    \t-$(PYTEST) tests/smoke
    soft:
    \t$(PYTEST) tests/smoke \\
    \t  -m smoke || true
    nested:
    \t$(MAKE) soft
    deps:
    \tpip install -r requirements.txt
    fine: deps
    \t-rm -rf out
    \t$(PYTEST) tests/smoke
    project: deps
    \tpython scripts/run_all.py || true
    """


@pytest.mark.parametrize(
    ("command", "where", "says"),
    [
        (
            "make smokes",
            "Makefile:5",
            "`it` hides a failure: a failure of `python -m pytest tests/smoke` is lost, as make",
        ),
        ("make soft", "Makefile:8", "`it` cannot fail"),
        ("make nested", "Makefile:8", "`it` cannot fail"),
        ("make -i fine", "Makefile:15", "`-i` makes make ignore every failure"),
        ("make fine || true", "readiness.yml:6", "as `|| true` follows it"),
        ("make project", "Makefile:17", "a failure of `python scripts/run_all.py` is lost"),
    ],
)
def test_found_in_the_make_target_that_is_called(
    look_at_run: Look, command: str, where: str, says: str
) -> None:
    (one,) = look_at_run(RULE, command, {"Makefile": MAKEFILE})
    assert (one.where, one.severity) == (where, "error")
    assert says in one.message


def test_another_target_of_the_makefile_does_not_count(look_at_run: Look) -> None:
    assert look_at_run(RULE, "make fine", {"Makefile": MAKEFILE}) == []


def test_make_in_a_folder_and_from_a_check_that_runs_there(look_at_run: Look) -> None:
    files = {"sub/Makefile": "t:\n\t-pytest\n"}
    assert [one.where for one in look_at_run(RULE, "make -C sub t", files)] == ["sub/Makefile:2"]
    assert [one.where for one in look_at_run(RULE, "make t", files, cwd="sub")] == ["sub/Makefile:2"]


@pytest.mark.parametrize("text", [".IGNORE:\nt:\n\tpytest\n", ".IGNORE: t\nt:\n\tpytest\n"])
def test_targets_that_make_is_told_to_ignore(look_at_run: Look, text: str) -> None:
    assert len(look_at_run(RULE, "make t", {"Makefile": text})) == 1
    assert look_at_run(RULE, "make t", {"Makefile": text.replace(".IGNORE", ".PRECIOUS")}) == []


@pytest.mark.parametrize(
    "command", ["bash scripts/x.sh", "./scripts/x.sh", "sh scripts/x.sh a", "cd scripts && ./x.sh"]
)
def test_found_in_a_script_of_the_project(look_at_run: Look, command: str) -> None:
    (one,) = look_at_run(RULE, command, {"scripts/x.sh": "#!/bin/sh\npytest tests\necho done\n"})
    assert one.where == "scripts/x.sh:2"


def test_a_script_that_stops_at_the_first_failure_is_fine(look_at_run: Look) -> None:
    assert look_at_run(RULE, "./x.sh", {"x.sh": "#!/bin/sh -e\npytest tests\necho done\n"}) == []
    assert look_at_run(RULE, "python x.py", {"x.py": "'|| true'\n"}) == []


def test_found_in_an_npm_script(look_at_run: Look) -> None:
    files = {"package.json": '{"scripts": {\n"bad": "jest || true",\n"good": "jest"}}'}
    assert [one.where for one in look_at_run(RULE, "npm run bad", files)] == ["package.json:2"]
    assert look_at_run(RULE, "npm run good", files) == []


def test_one_place_is_told_once_for_a_check_and_again_for_each_other(look: Look) -> None:
    text = """\
    version: 2
    checks:
      - {name: a, lane: core, run: make t}
      - {name: b, lane: core, run: make t && make t}
    """
    found = look(RULE, text, {"Makefile": "t:\n\t-pytest\n"})
    assert [one.message.split("`")[1] for one in found] == ["a", "b"]


def test_a_service_that_is_ready_whatever_happens(look: Look) -> None:
    text = """\
    version: 2
    services:
      model: {run: serve, ready: {command: "%s"}}
    checks:
      - {name: a, lane: core, run: pytest, services: [model]}
    """
    (one,) = look(RULE, text % "curl x || true")
    assert (one.where, one.severity) == ("readiness.yml:3", "warning")
    assert look(RULE, text % "curl x") == []


def test_a_command_that_cannot_be_read_is_said(look_at_run: Look) -> None:
    (one,) = look_at_run("unread-command", "pytest && ) x")
    assert one.severity == "note"
    assert "unexpected `)`" in one.message
    assert look_at_run("unread-command", "pytest && (x)") == []
