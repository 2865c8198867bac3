"""A snapshot says exactly what the file says, and never what it said before."""

from __future__ import annotations

import pytest

from readiness.config.fault import ConfigError
from readiness.config.load import load
from readiness.config.snapshot import FOLDER, NAME, load_again

FULL = """\
version: 2
defaults: {timeout: 5m, env: {A: "1"}}
gates:
  dev: {lanes: [core]}
services:
  one: {run: serve, ready: "tcp://127.0.0.1:{port}", env: {URL: "{port}"}}
  two: {run: serve, ready: "log:/up/", needs: [one], stand_in: true}
checks:
  - {name: a, lane: core, run: pytest, inputs: ["src/**"], services: [two], timeout: none}
  - {name: b, lane: nd, run: pytest, needs: [a], locks: [db], trials: {good: 0.9, bad: 0.5, budget: {trials: 9}}}
quarantine: [{test: "a.py::b", owner: ada, expires: 2027-01-31}]
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / FOLDER).mkdir(parents=True)
    path = tmp_path / "readiness.yml"
    path.write_text(FULL)
    return path


def test_the_second_reading_equals_the_first_and_does_not_parse(project, monkeypatch):
    first = load_again(str(project), str(project.parent))
    assert (project.parent / FOLDER / NAME).exists()
    monkeypatch.setattr("readiness.config.load.load", lambda path: pytest.fail("it was parsed again"))
    again = load_again(str(project), str(project.parent))
    assert again == first
    assert again.checks[1].trials == first.checks[1].trials
    assert again.checks[0].timeout is None
    assert hash(again.checks[1].place) == hash(first.checks[1].place)


def test_a_changed_file_is_read_anew(project):
    load_again(str(project), str(project.parent))
    project.write_text(FULL.replace("name: a", "name: z").replace("[a]", "[z]"))
    assert load_again(str(project), str(project.parent)) == load(str(project))


@pytest.mark.parametrize("content", ["", "{", "[]", '{"key": "x"}', '{"key": 1, "config": {}}'])
def test_a_broken_snapshot_is_as_none(project, content):
    (project.parent / FOLDER / NAME).write_text(content)
    assert load_again(str(project), str(project.parent)) == load(str(project))


def test_without_the_folder_of_an_earlier_run_nothing_is_written(tmp_path):
    (tmp_path / "readiness.yml").write_text(FULL)
    load_again(str(tmp_path / "readiness.yml"), str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["readiness.yml"]


def test_faults_are_never_kept(project):
    project.write_text("version: 2\nchecks: []\n")
    for _ in range(2):
        with pytest.raises(ConfigError):
            load_again(str(project), str(project.parent))
