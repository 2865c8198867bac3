"""An unchanged hermetic check needs no second run; whatever changed is named."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from readiness.config.model import Check, Place
from readiness.record.outcome import Outcome
from readiness.record.result import CheckResult
from readiness.run import cache
from readiness.run.inputs import Inputs
from readiness.run.interpreter import Interpreter

HERE = Place("readiness.yml", 1, 1)
CHECK = Check("unit", "core", "pytest", HERE, HERE)
PYTHON = Interpreter("/usr/bin/python3", "3.11.7", {"pytest": "9.0"})
PASS = CheckResult("unit", "core", Outcome.PASSED, True, "3 tests passed")
ENVIRON = {"PATH": os.environ["PATH"]}


@pytest.fixture
def project(make_project):
    return make_project({"src/a.py": "1", "tests/t.py": "2", "notes.md": "3"}, git=True)


def key(project, check=CHECK, environ=ENVIRON, python=PYTHON):
    return cache.Keys(Inputs(str(project.root), environ), environ).of(check, python)


@pytest.fixture
def kept(project):
    cache.keep(str(project.root), "r1", key(project), PASS)
    return project


def look(project, **how):
    return cache.look_up(str(project.root), how.get("check", CHECK), key(project, **how))


def test_unchanged_is_a_hit_and_names_the_run(kept):
    found, why = look(kept)
    assert (found.outcome, found.cached_from, why) == (Outcome.PASSED, "r1", "")
    assert found.reason == "3 tests passed; unchanged since run r1"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"src/a.py": "changed"}, "changed: src/a.py"),
        ({"src/new.py": ""}, "changed: src/new.py"),
        ({f"f{n}": "" for n in range(5)}, "changed: f0, f1, f2 and 2 more"),
    ],
)
def test_a_changed_file_is_a_miss_that_names_it(kept, change, why):
    kept.write(change)
    assert look(kept) == (None, why)


def test_a_deleted_file_is_a_miss(kept):
    (kept.root / "src/a.py").unlink()
    assert look(kept) == (None, "changed: src/a.py")


def test_committing_what_was_run_is_no_change(kept):
    kept.write({"src/a.py": "changed"})
    cache.keep(str(kept.root), "r2", key(kept), PASS)
    kept.commit()
    found, why = look(kept)
    assert found is None
    assert why == "changed: src/a.py"


def test_declared_inputs_limit_what_counts(project):
    check = replace(CHECK, inputs=("src/**",))
    cache.keep(str(project.root), "r1", key(project, check=check), PASS)
    project.write({"notes.md": "changed"})
    assert look(project, check=check)[0] is not None
    project.write({"src/a.py": "changed"})
    assert look(project, check=check)[1] == "changed: src/a.py"


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"check": replace(CHECK, run="pytest -x")}, "command changed"),
        ({"environ": {**ENVIRON, "FEATURE": "1"}}, "environment changed"),
        ({"python": replace(PYTHON, version="3.12.1")}, "interpreter changed"),
        ({"python": replace(PYTHON, packages={"pytest": "9.1"})}, "packages changed"),
    ],
)
def test_each_part_of_the_key_counts(kept, how, why):
    assert look(kept, **how) == (None, why)


def test_variables_of_the_shell_do_not_count(kept):
    assert look(kept, environ={**ENVIRON, "SHLVL": "3", "SSH_AUTH_SOCK": "/x"})[0] is not None


def test_only_a_pass_is_kept(project):
    cache.keep(str(project.root), "r1", key(project), replace(PASS, outcome=Outcome.FAILED))
    assert look(project) == (None, "no earlier pass is on record")


def test_without_git_and_without_inputs_nothing_is_reused(make_project):
    project = make_project({"a.py": ""})
    cache.keep(str(project.root), "r1", key(project), PASS)
    found, why = look(project)
    assert found is None
    assert "not a git checkout" in why
    check = replace(CHECK, inputs=("*.py",))
    cache.keep(str(project.root), "r1", key(project, check=check), PASS)
    assert look(project, check=check)[0] is not None


@pytest.mark.parametrize("content", ["", "{", '{"format": "other"}', "[]"])
def test_a_broken_entry_is_a_miss(kept, content):
    kept.write({".readiness/cache/unit.json": content})
    found, why = look(kept)
    assert found is None
    assert why
