from __future__ import annotations

from collections.abc import Callable

import pytest

from readiness.config.fields import SECTIONS
from readiness.config.load import parse_config
from readiness.config.model import Check, Gate, Place, Quarantine, Ready, Service, Trials

WHOLE = """\
version: 2
defaults: {timeout: 90s, test_timeout: 10, python: .venv/bin/python, env: {A: 1, B: 2}, isolation: strict}
gates:
  dev: {lanes: [core]}
  night: {lanes: [nd, live], strict: true}
services:
  model: {run: "serve {port}", ready: "tcp://127.0.0.1:{port}", stand_in: true, cwd: sub, timeout: 2m, stop_timeout: 1}
  agent:
    run: agent
    ready: {log: up}
    needs: [model]
    env: {BASE: "http://127.0.0.1:{port}"}
checks:
  - {name: first, lane: core, run: "pytest tests"}
  - name: second
    lane: nd
    description: all of it
    run: |
      pytest a
      pytest b
    env: {B: 3, C: x}
    cwd: sub/folder
    python: other/python
    timeout: none
    test_timeout: 1.5
    optional: true
    inputs: ["src/**", setup.cfg]
    cache: false
    services: [agent]
    needs: [first]
    locks: [gpu]
    exclusive: true
    cores: 2
    isolation: "off"
    requires_env: [TOKEN]
    provider: openai
    cassette: tapes/a.yml
    capabilities: [seed, schema]
    trials: {good: 0.95, bad: 0.8, alpha: 0.01, beta: 0.1,
             budget: {trials: 100, seconds: 10m, tokens: 5, calls: 6, cost: 0.5}}
quarantine:
  - {test: "tests/a.py::b", owner: ada, expires: 2027-01-31, reason: the clock}
"""


def test_every_key_reaches_its_value() -> None:
    config = parse_config(WHOLE, "r.yml", "digest")
    assert (config.path, config.form, config.sha256, config.python) == (
        "r.yml",
        2,
        "digest",
        ".venv/bin/python",
    )
    assert config.gates == (
        Gate("dev", ("core",), False, Place("r.yml", 4, 3)),
        Gate("night", ("nd", "live"), True, Place("r.yml", 5, 3)),
    )
    model, agent = config.services
    assert model == Service(
        name="model",
        run="serve {port}",
        ready=Ready("tcp", "127.0.0.1:{port}"),
        place=Place("r.yml", 7, 3),
        timeout=120.0,
        stop_timeout=1.0,
        stand_in=True,
        cwd="sub",
    )
    assert agent == Service(
        name="agent",
        run="agent",
        ready=Ready("log", "up"),
        place=Place("r.yml", 8, 3),
        env={"BASE": "http://127.0.0.1:{port}"},
        needs=("model",),
    )
    first, second = config.checks
    assert first == Check(
        name="first",
        lane="core",
        run="pytest tests",
        place=Place("r.yml", 14, 5),
        run_place=Place("r.yml", 14, 36),
        env={"A": "1", "B": "2"},
        timeout=90.0,
        test_timeout=10.0,
        isolation="strict",
    )
    assert second == Check(
        name="second",
        lane="nd",
        run="pytest a\npytest b\n",
        place=Place("r.yml", 15, 5),
        run_place=Place("r.yml", 18, 10),
        description="all of it",
        env={"A": "1", "B": "3", "C": "x"},
        cwd="sub/folder",
        python="other/python",
        timeout=None,
        test_timeout=1.5,
        optional=True,
        inputs=("src/**", "setup.cfg"),
        cache=False,
        services=("agent",),
        needs=("first",),
        locks=("gpu",),
        exclusive=True,
        cores=2,
        isolation="off",
        requires_env=("TOKEN",),
        provider="openai",
        cassette="tapes/a.yml",
        capabilities=("seed", "schema"),
        trials=Trials(0.95, 0.8, 0.01, 0.1, 100, 600.0, 5, 6, 0.5),
    )
    assert config.quarantine == (
        Quarantine("tests/a.py::b", "ada", "2027-01-31", Place("r.yml", 42, 5), "the clock"),
    )


def test_the_whole_file_above_holds_every_key_of_the_table() -> None:
    """Else the test before this one would miss a key that is read and then dropped."""
    for section, fields in SECTIONS.items():
        for name in fields:
            assert section in ("old_root", "old_check", "ready") or f"{name}:" in WHOLE, (section, name)


@pytest.mark.parametrize(
    ("section", "value"), [("check", Check), ("old_check", Check), ("service", Service), ("trials", Trials)]
)
def test_the_defaults_of_the_table_are_those_of_the_values(section: str, value: type) -> None:
    declared = {name: field.default for name, field in SECTIONS[section].items() if field.default is not None}
    assert declared
    assert {name: getattr(value, name) for name in declared} == declared


def test_a_file_without_gates_has_the_default_ones() -> None:
    config = parse_config("version: 2\nchecks: [{name: a, lane: core, run: x}]", "r.yml")
    place = Place("r.yml", 1, 1)
    assert config.gates == (
        Gate("dev", ("core",), False, place),
        Gate("deploy", ("core", "nd"), True, place),
        Gate("release", ("core", "nd", "live"), True, place),
    )


def test_a_small_check_has_the_defaults_of_the_value() -> None:
    check = parse_config("version: 2\nchecks: [{name: a, lane: core, run: x}]", "r.yml").checks[0]
    assert check == Check("a", "core", "x", Place("r.yml", 2, 10), Place("r.yml", 2, 37))


def test_a_default_does_not_win_over_a_check() -> None:
    text = "version: 2\ndefaults: {timeout: 5, env: {A: b}}\nchecks: [{name: a, lane: core, run: x, timeout: none}]"
    check = parse_config(text, "f").checks[0]
    assert check.timeout is None
    assert check.env == {"A": "b"}


@pytest.mark.parametrize(("good", "bad"), [("0.8", "0.8"), ("0.5", "0.9")])
def test_trials_need_a_zone(
    faults_of: Callable[[str], list[str]], check_with: Callable[[str], str], good: str, bad: str
) -> None:
    assert faults_of(check_with(f"trials: {{good: {good}, bad: {bad}}}")) == [
        f"6:20: `good` ({good}) must be above `bad` ({bad}); "
        "between them lies the zone in which either verdict will do"
    ]


QUARANTINE = "version: 2\nchecks: [{name: a, lane: core, run: x}]\nquarantine:\n"


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ("  - {test: t, owner: o}\n", "4:5: an entry of `quarantine` has no `expires`; add `expires: …`"),
        (
            "  - {test: t, expires: 2027-01-31}\n",
            "4:5: an entry of `quarantine` has no `owner`; add `owner: …`",
        ),
        (
            "  - {test: t, owner: o, expires: 2027-02-30}\n",
            '4:34: `expires` must be a date such as 2027-01-31, not the date "2027-02-30"; '
            "write a day that the calendar has, as year-month-day",
        ),
        (
            "  - {test: t, owner: o, expires: soon}\n",
            '4:34: `expires` must be a date such as 2027-01-31, not "soon"; write a day that the calendar has, as year-month-day',
        ),
        (
            "  - {test: t, owner: o, expires: 2027-01-31}\n  - {test: t, owner: p, expires: 2027-02-28}\n",
            '5:12: "t" is in quarantine twice, first at f:4:12; keep one of them',
        ),
    ],
)
def test_a_quarantine_needs_an_owner_and_an_end(
    faults_of: Callable[[str], list[str]], entries: str, told: str
) -> None:
    assert faults_of(QUARANTINE + entries) == [told]


@pytest.mark.parametrize("written", ["2027-01-31", '"2027-01-31"'])
def test_a_date_may_stand_in_quotes(written: str) -> None:
    config = parse_config(f"{QUARANTINE}  - {{test: t, owner: o, expires: {written}}}\n", "r.yml")
    assert config.quarantine[0].expires == "2027-01-31"
