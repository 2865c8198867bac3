"""The command of the field report that this project starts from, as it is written there, on this repository."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def repository(tmp_path) -> Path:
    """This repository as a newcomer has it, with an environment in `.venv`."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).exists():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


def mvp_check(repository: Path, expect: str) -> subprocess.CompletedProcess[str]:
    environ = {
        name: text for name, text in os.environ.items() if not name.startswith(("READINESS_", "PYTEST_"))
    }
    environ |= {"READINESS_LIVE": "1", "STRICT_READY": "1", "READINESS_EXPECT": expect}
    environ["PYTHONPATH"] = str(repository / "src")
    command = ". .venv/bin/activate && python scripts/mvp_check.py"
    return subprocess.run(command, shell=True, cwd=repository, env=environ, capture_output=True, text=True)


def test_it_runs_the_check_of_that_name_and_says_what_it_says(repository):
    ran = mvp_check(repository, "all_smokes_core")
    report = json.loads((repository / ".readiness/latest/report.json").read_text())
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert [(one["name"], one["outcome"], one["required"]) for one in report["checks"]] == [
        ("all_smokes_core", "passed", True)
    ]
    assert report["strict"] is True
    assert "READY" in ran.stdout


def test_it_is_red_when_the_check_is_red(repository):
    smoke = repository / "tests/smoke/test_broken.py"
    smoke.write_text("def test_headers():\n    assert {} == {'X-Env': 'B', 'X-Req': 'C'}\n")
    ran = mvp_check(repository, "all_smokes_core")
    assert ran.returncode == 1
    assert "tests/smoke/test_broken.py:2" in ran.stdout


def test_a_misspelt_name_exits_2_and_names_the_nearest(repository):
    ran = mvp_check(repository, "all_smoke_core")
    assert ran.returncode == 2
    assert "'all_smoke_core'" in ran.stderr
    assert "all_smokes_core" in ran.stderr
