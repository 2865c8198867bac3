"""What lanes promise, held against their checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from readiness.record.result import LintFinding

    Look = Callable[..., list[LintFinding]]


def test_lanes_read_off_names_are_told_once(look: Look) -> None:
    text = "- {name: unit, run: a}\n- {name: smokes_nd, run: b}\n- {name: openai_live, run: c}\n"
    (one,) = look("lane-guess", text)
    assert (one.where, one.severity) == ("readiness.yml:1", "note")
    assert "(core: unit; nd: smokes_nd; live: openai_live)" in one.message
    assert look("lane-guess", "version: 2\nchecks:\n- {name: smokes_nd, lane: nd, run: b}\n") == []


def test_a_real_model_judged_by_one_run(look: Look) -> None:
    text = "version: 2\nchecks:\n- {name: a, lane: nd, run: x%s}\n"
    assert [one.severity for one in look("nd-without-trials", text % "")] == ["warning"]
    assert [one.severity for one in look("nd-without-trials", text % ", optional: true")] == ["note"]
    assert look("nd-without-trials", text % ", trials: {good: 0.95, bad: 0.8}") == []
    assert look("nd-without-trials", text.replace("nd", "core") % "") == []


def test_the_old_form_is_told_how_to_get_trials(look: Look) -> None:
    (one,) = look("nd-without-trials", "- {name: a_nd, run: x}\n")
    assert "readiness migrate" in one.advice


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("curl -sf https://api.example.com/health", "`curl` is given https://api.example.com/health"),
        ("wget example.com", "`wget` goes out to example.com"),
        ("pip install -e . && pytest", "`pip install` goes out to it"),
        ("python -m pip install x", "`pip install` goes out to it"),
        ("npm ci && npm test", "`npm ci` goes out to it"),
        ("git clone git@host:x", "`git clone` goes out to it"),
        (
            "pytest --base-url=https://staging.example.com",
            "`pytest` is given --base-url=https://staging.example.com",
        ),
        ("make t", "`curl` is given http://example.com"),
    ],
)
def test_a_core_check_that_goes_out(look_at_run: Look, command: str, says: str) -> None:
    (one,) = look_at_run("core-needs-network", command, {"Makefile": "t:\n\tcurl http://example.com\n"})
    assert one.severity == "warning"
    assert says in one.message
    assert one.where == ("Makefile:2" if command == "make t" else "readiness.yml:6")


@pytest.mark.parametrize(
    "command",
    [
        "curl -sf http://127.0.0.1:8000/ready",
        "curl http://localhost:8000/x http://[::1]:9/ http://0.0.0.0/",
        'curl "$OLLAMA_API_BASE/api/tags"',
        "curl http://$HOST/x",
        "curl http://user@127.0.0.1/",
        "echo see https://example.com",
        "pytest tests # https://example.com",
        "pip install --no-index x",
        "pip list",
        "git status",
        "npm test",
        "OPENAI_API_BASE=https://api.example.com pytest",
        "curl -o out.json",
    ],
)
def test_a_core_check_that_stays(look_at_run: Look, command: str) -> None:
    assert look_at_run("core-needs-network", command) == []


def test_other_lanes_may_go_out(look_at_run: Look) -> None:
    assert look_at_run("core-needs-network", "curl https://example.com", lane="live") == []


def test_a_gate_that_cannot_be_red(look: Look) -> None:
    text = """\
    version: 2
    gates:
      dev: {lanes: [core]}
      deploy: {lanes: [core, nd]}
    checks:
      - {name: a, lane: core, run: x, optional: true}
      - {name: b, lane: nd, run: y}
    """
    (one,) = look("optional-everything", text)
    assert one.severity == "warning"
    assert one.where == "readiness.yml:3"
    assert "gate dev" in one.message
    assert look("optional-everything", text.replace(", optional: true", "")) == []


def test_gates_by_default_are_told_together(look: Look) -> None:
    (one,) = look(
        "optional-everything", "version: 2\nchecks:\n- {name: a, lane: core, run: x, optional: true}\n"
    )
    assert "gate dev, deploy, release" in one.message


def test_a_gate_that_needs_a_lane_without_checks(look: Look) -> None:
    text = """\
    version: 2
    gates:
      dev: {lanes: [core, nd]}
      deploy: {lanes: [core, live], strict: true}
    checks:
      - {name: a, lane: core, run: x}
    """
    soft, strict = look("empty-lane", text)
    assert "gate dev needs lane nd, in which there is no check: INCONCLUSIVE" in soft.message
    assert "gate deploy needs lane live, in which there is no check: NOT READY" in strict.message
    assert soft.severity == "warning"


def test_nobody_is_blamed_for_the_gates_by_default(look: Look) -> None:
    assert look("empty-lane", "version: 2\nchecks:\n- {name: a, lane: core, run: x}\n") == []
    assert look("empty-lane", "- {name: a, run: x}\n") == []
