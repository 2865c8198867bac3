from __future__ import annotations

from collections.abc import Callable

import pytest

from readiness.config.load import parse_config
from readiness.config.model import Check, Place
from readiness.config.old_form import lane_of

OLD = """\
checks:
  - name: deterministic_local
    description: Deterministic (agent core)
    run: |
      PYTHONPATH=$(pwd) pytest -q tests/local -q

  # The legacy suite
  - name: all_smokes
    run: python run_all.py
    optional: true
  - name: all_smokes_nd
    run: pytest tests/nd
    env:
      API_PORT: "8788"
      ND_REAL: 1
      VERBOSE: yes
    timeout: 1200
  - name: openai-live
    run: pytest tests/live
    timeout: none
"""
NEW_KEY = "begin the file with `version: 2`, its list under `checks:`, to use it"


@pytest.mark.parametrize(
    ("name", "lane"),
    [
        ("all_smokes", "core"),
        ("all_smokes_core", "core"),
        ("all_smokes_nd", "nd"),
        ("nd", "nd"),
        ("nd-real", "nd"),
        ("smokes_ND_real", "nd"),
        ("mini_agent_api_live_minimal", "live"),
        ("live-nd", "nd"),
        # Parts count, not letters.
        ("bandwidth", "core"),
        ("olive_oil", "core"),
        ("delivery", "core"),
        ("nd.real", "core"),
    ],
)
def test_the_lane_is_read_off_the_parts_of_the_name(name: str, lane: str) -> None:
    assert lane_of(name) == lane


def test_the_old_form_loads_as_it_stands() -> None:
    config = parse_config(OLD, "readiness.yml", "digest")
    assert (config.form, config.sha256, config.services, config.python) == (1, "digest", (), None)
    assert [gate.name for gate in config.gates] == ["dev", "deploy", "release"]
    assert [(check.name, check.lane, check.lane_from) for check in config.checks] == [
        ("deterministic_local", "core", "name"),
        ("all_smokes", "core", "name"),
        ("all_smokes_nd", "nd", "name"),
        ("openai-live", "live", "name"),
    ]
    assert config.checks[2] == Check(
        name="all_smokes_nd",
        lane="nd",
        run="pytest tests/nd",
        place=Place("readiness.yml", 11, 5),
        run_place=Place("readiness.yml", 12, 10),
        env={"API_PORT": "8788", "ND_REAL": "1", "VERBOSE": "yes"},
        timeout=1200.0,
        lane_from="name",
    )
    assert config.checks[1].optional
    assert config.checks[3].timeout is None


@pytest.mark.parametrize("text", ["- {name: a, run: x}\n", "version: 1\nchecks: [{name: a, run: x}]\n"])
def test_a_bare_list_and_version_1_are_the_old_form(text: str) -> None:
    config = parse_config(text, "f")
    assert config.form == 1
    assert [check.name for check in config.checks] == ["a"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- {name: a}", '1:3: check "a" has no `run`; add `run: …`'),
        ("- {run: a}", "1:3: a check has no `name`; add `name: …`"),
        ("- {name: a, run: x, lane: nd}", f'1:21: the key "lane" belongs to the new form; {NEW_KEY}'),
        ("- {name: a, run: x, needs: [b]}", f'1:21: the key "needs" belongs to the new form; {NEW_KEY}'),
        ("version: 1\ngates: {}\nchecks: [{name: a, run: x}]", f'2:1: the key "gates" belongs to the new form; {NEW_KEY}'),
        ("- {name: a, run: x, descripton: y}", '1:21: a check has no key "descripton"; did you mean description?'),
        ("[]", "1:1: `checks` is empty; add an entry: a gate that runs nothing is never READY"),
        ("checks: []", "1:9: `checks` is empty; add an entry: a gate that runs nothing is never READY"),
        ("check: []", "1:1: the file has no `checks`; add `checks: …`"),
        ("- pytest", '1:3: a check must be a mapping, not "pytest"; write key: value lines below it'),
        ("!x [{name: a, run: x}]", '1:1: `checks` must be a list of mappings, not a value with the tag "!x"; '
         "remove the tag"),
        ("!x {checks: [{name: a, run: x}]}", '1:1: the file must be a mapping, not a value with the tag "!x"; '
         "write key: value lines below it"),
    ],
)  # fmt: skip
def test_a_fault_of_the_old_form_is_told_with_its_place(
    faults_of: Callable[[str], list[str]], text: str, told: str
) -> None:
    assert told in faults_of(text)


def test_a_name_used_twice_is_refused_with_both_places(faults_of: Callable[[str], list[str]]) -> None:
    """The file of the field report: `code_loop_python` twice, and the second would overwrite the first's reports."""
    text = "checks:\n  - name: code_loop_python\n    run: x\n  - name: other\n    run: y\n" * 1
    text += "  - name: code_loop_python\n    run: x\n"
    assert faults_of(text) == [
        '6:11: the check name "code_loop_python" is used twice, first at f:2:11; '
        "rename or remove one: the reports of one would overwrite the other's"
    ]
