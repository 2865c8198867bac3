"""Lanes and switches that nothing reaches; CI files as they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from readiness.record.result import LintFinding

    Look = Callable[..., list[LintFinding]]

TEXT = """\
version: 2
gates:
  dev: {lanes: [core]}
  deploy: {lanes: [core, nd], strict: true}
checks:
  - {name: smokes_core, lane: core, run: pytest}
  - {name: smokes_nd, lane: nd, run: pytest}
"""
MAKEFILE = """\
PY = .venv/bin/python
ready:
\t.venv/bin/readiness run --gate dev
deploy: ready
\t$(PY) -m readiness run --gate deploy
old:
\tREADINESS_LIVE=1 STRICT_READY=1 READINESS_EXPECT=smokes_core python scripts/mvp_check.py
old-nd:
\tND_REAL=1 python scripts/mvp_check.py
"""


def workflow(*lines: str) -> dict[str, str]:
    body = "".join(f"      - {line}\n" for line in lines)
    return {".github/workflows/ci.yml": f"jobs:\n  x:\n    steps:\n{body}", "Makefile": MAKEFILE}


@pytest.mark.parametrize(
    "line",
    [
        "run: readiness run",
        "run: readiness run --gate=dev",
        "run: make ready",
        "run: uv run readiness run --gate dev",
        "run: make old",
        "run: python scripts/mvp_check.py",
        "run: readiness run smokes_core",
        "run: readiness run --lane core",
        "run: ./ci.sh",
    ],
)
def test_a_lane_that_no_job_reaches(look: Look, line: str) -> None:
    files = workflow(line) | {"ci.sh": "#!/bin/sh\nset -e\nmake ready\n"}
    (one,) = look("unreached-lane", TEXT, files)
    assert (one.where, one.severity) == ("readiness.yml:7", "warning")
    assert (
        "no CI job reaches lane nd, so nothing watches `smokes_nd`: .github/workflows/ci.yml:4 runs"
        in one.message
    )
    assert "(core)" in one.message


@pytest.mark.parametrize(
    "lines",
    [
        ("run: readiness run --gate deploy",),
        ("run: make ready", "run: make deploy"),
        ("run: make old-nd",),
        ("run: ND_REAL=1 readiness run",),
        ("run: readiness run --lane nd --lane core",),
        ("run: readiness run smokes_core smokes_nd",),
        ("run: readiness run --gate ${{ matrix.gate }}", "gate: [dev, deploy]"),
        ("env: {READINESS_GATE: deploy}", "run: readiness run"),
        ("run: |", "  set -e", "  readiness run \\", "    --gate deploy"),
        ('run: "readiness run --gate deploy"',),
    ],
)
def test_lanes_that_are_all_reached(look: Look, lines: tuple[str, ...]) -> None:
    assert look("unreached-lane", TEXT, workflow(*lines)) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".gitlab-ci.yml", "x:\n  script:\n    - readiness run --gate deploy\n"),
        (".circleci/config.yml", "steps:\n  - run: readiness run --gate deploy\n"),
        (".circleci/config.yml", "steps:\n  - run:\n      command: readiness run --gate deploy\n"),
        ("Jenkinsfile", "stage('x') {\n  sh 'readiness run --gate deploy'\n}\n"),
        ("Jenkinsfile", 'steps {\n  sh """\n    readiness run --gate deploy\n  """\n}\n'),
        ("azure-pipelines.yml", "steps:\n- script: readiness run --gate deploy\n"),
        (".github/actions/gate/action.yml", "runs:\n  steps:\n    - run: readiness run --gate deploy\n"),
    ],
)
def test_ci_files_of_other_systems(look: Look, path: str, text: str) -> None:
    assert look("unreached-lane", TEXT, {path: text}) == []
    (one,) = look("unreached-lane", TEXT, {path: text.replace("deploy", "dev")})
    assert path in one.message


def test_ci_files_that_never_run_the_gate(look: Look) -> None:
    files = workflow("run: pytest", "# run: readiness run --gate deploy", "run: echo readiness run")
    (one,) = look("unreached-lane", TEXT, files)
    assert (one.where, one.severity) == ("readiness.yml:1", "warning")
    assert "no CI file runs the gate (.github/workflows/ci.yml)" in one.message


def test_no_ci_file_is_a_note(look: Look) -> None:
    (one,) = look("unreached-lane", TEXT)
    assert (one.where, one.severity) == ("readiness.yml:1", "note")
    assert one.message.startswith("no CI file was found")


def test_a_lane_that_no_gate_needs(look: Look) -> None:
    text = TEXT.replace("[core, nd]", "[core]")
    found = look("unreached-lane", text, workflow("run: readiness run --lane core --lane nd"))
    assert [(one.where, one.severity) for one in found] == [("readiness.yml:7", "warning")]
    assert "no gate needs lane nd" in found[0].message


def test_the_gates_of_the_old_form(look: Look) -> None:
    text = (
        "- {name: unit, run: pytest}\n- {name: smokes_nd, run: pytest}\n- {name: openai_live, run: pytest}\n"
    )
    found = look("unreached-lane", text, workflow("run: make old-nd"))
    assert [one.message.split(",")[0] for one in found] == ["no CI job reaches lane live"]


SWITCH = """\
version: 2
checks:
  - name: a
    lane: core
    run: %s
    %s
"""


@pytest.mark.parametrize(
    ("run", "key", "name", "where"),
    [
        ("pytest", "requires_env: [OPENAI_API_KEY]", "OPENAI_API_KEY", "readiness.yml:3"),
        ("'if [ -n \"$ND_REAL\" ]; then pytest; fi'", "cores: 1", "ND_REAL", "readiness.yml:5"),
        ("'[ \"${LIVE_PROVIDERS:-}\" = openai ] && pytest'", "cores: 1", "LIVE_PROVIDERS", "readiness.yml:5"),
        ("make guarded", "cores: 1", "READINESS_LIVE", "Makefile:2"),
    ],
)
def test_a_switch_that_nothing_sets(look: Look, run: str, key: str, name: str, where: str) -> None:
    files = workflow("run: readiness run") | {"Makefile": 'guarded:\n\ttest "$$READINESS_LIVE" && pytest\n'}
    (one,) = look("unreached-switch", SWITCH % (run, key), files)
    assert (one.where, one.severity) == (where, "warning")
    assert f"nothing in the configuration or the CI files sets {name}: `a`" in one.message


@pytest.mark.parametrize(
    ("run", "key", "lines"),
    [
        ("pytest", "requires_env: [KEY]", ("env: {KEY: x}",)),
        ("pytest", "requires_env: [KEY]", ("run: KEY=1 readiness run",)),
        ("pytest", "{requires_env: [KEY], env: {KEY: 1}}", ()),
        ("'[ -n \"$CI\" ] && pytest'", "cores: 1", ()),
        ("'[ -d \"$DATA\" ] && pytest'", "cores: 1", ()),
        ("'MODE=x; [ -n \"$MODE\" ] && pytest'", "cores: 1", ()),
        ("'for f in a b; do [ \"$f\" = a ] || pytest $f; done'", "cores: 1", ()),
        ("'echo $ND_REAL; pytest'", "cores: 1", ()),
    ],
)
def test_a_switch_that_is_set_or_is_none(look: Look, run: str, key: str, lines: tuple[str, ...]) -> None:
    keys = key.strip("{}").replace("], ", "]\n    ").replace("env: {KEY: 1", "env: {KEY: 1}")
    assert look("unreached-switch", SWITCH % (run, keys), workflow("run: readiness run", *lines)) == []


def test_a_longer_name_does_not_set_a_switch(look: Look) -> None:
    text = SWITCH % ("pytest", "requires_env: [KEY]")
    assert len(look("unreached-switch", text, workflow("run: MY_KEY=1 KEY_2=1 readiness run"))) == 1


def test_switches_without_ci_or_of_optional_checks_are_notes(look: Look) -> None:
    text = SWITCH % ("pytest", "requires_env: [KEY]")
    assert [one.severity for one in look("unreached-switch", text)] == ["note"]
    optional = text + "    optional: true\n"
    assert [one.severity for one in look("unreached-switch", optional, workflow("run: readiness run"))] == [
        "note"
    ]
