"""What the benchmark of patches calls worse: an edit that breaks a test, and not one that was verified."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from readiness.isolation.asked import Asked
from readiness.isolation.trace import traced
from readiness.record.value import replace

BENCH = Path(__file__).parents[2] / "bench"
SUITE = """import app


def test_polluter():
    app.LIMIT = 5


def test_victim():
    assert app.LIMIT == 3


def test_other():
    pass
"""
BREAKS = SUITE.replace("pass", "assert 0")


@pytest.mark.parametrize(("edited", "worse"), [(None, []), (BREAKS, ["test_a::test_other"])])
def test_an_edit_that_breaks_a_test_is_worse(tmp_path, monkeypatch, edited, worse):
    monkeypatch.syspath_prepend(str(BENCH))
    patches = importlib.import_module("isolation_patches")
    (tmp_path / "app.py").write_text("LIMIT = 3\n")
    (tmp_path / "test_a.py").write_text(SUITE)
    environ = {
        name: one for name, one in os.environ.items() if not name.startswith(("READINESS_", "PYTEST_"))
    }
    asked = Asked(sys.executable, ("-q", "-p", "no:cacheprovider"), str(tmp_path))
    told = traced(asked, environ, subprocess.DEVNULL)
    mend = patches.mend_traced

    def mended(*words):
        found, project = mend(*words)
        return (found if edited is None else replace(found, after={"test_a.py": edited.encode()})), project

    monkeypatch.setattr(patches, "mend_traced", mended)
    found, said = patches.with_patches(asked, environ, told, 60.0)
    assert found.after
    assert said == worse
