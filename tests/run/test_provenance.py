from __future__ import annotations

import os
import subprocess

import pytest

from readiness.run.inputs import Inputs
from readiness.run.provenance import blob_hash, provenance


@pytest.fixture
def checkout(make_project):
    return make_project({"a.py": "1\n", "b c.py": "2\n", "readiness.yml": "x"}, git=True)


def test_a_clean_checkout_has_a_commit_and_no_digest(checkout):
    seen = provenance(str(checkout.root), os.environ)
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=checkout.root, capture_output=True, text=True, check=True
    )
    assert (seen.commit, seen.dirty_digest, seen.note) == (head.stdout.strip(), "", "")


def test_any_change_changes_the_digest_and_undoing_it_brings_the_old_one_back(checkout):
    def digest() -> str:
        return provenance(str(checkout.root), os.environ).dirty_digest

    checkout.write({"a.py": "changed\n"})
    changed = digest()
    checkout.write({"new file.py": "untracked\n"})
    both = digest()
    (checkout.root / "b c.py").unlink()
    deleted = digest()
    assert len({"", changed, both, deleted}) == 4
    checkout.git("checkout", "--", "b c.py")
    assert digest() == both


def test_a_renamed_file_counts(checkout):
    checkout.git("mv", "a.py", "z.py")
    seen = provenance(str(checkout.root), os.environ)
    assert seen.dirty_files == 1
    assert seen.dirty_digest


def test_what_the_gate_writes_is_no_change(checkout):
    checkout.write({".readiness/runs/x/journal.jsonl": "", "PROJECT_READY.md": "READY"})
    assert provenance(str(checkout.root), os.environ).dirty_digest == ""


def test_what_tools_leave_beside_the_code_is_no_change_of_it(checkout):
    environ = dict(os.environ)

    def seen() -> tuple[str, str]:
        return provenance(str(checkout.root), environ).dirty_digest, Inputs(str(checkout.root), environ).of(
            ()
        )[0]

    clean = seen()
    checkout.write({"__pycache__/a.cpython-311.pyc": "x", "inner/.pytest_cache/v": "x"})
    assert seen() == clean
    checkout.write({"inner/new.py": "x"})
    assert seen() != clean


def test_outside_git_the_record_says_so(tmp_path, monkeypatch):
    assert "not a git checkout" in provenance(str(tmp_path), os.environ).note
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "could not be run" in provenance(str(tmp_path), {"PATH": str(tmp_path)}).note


def test_a_checkout_without_a_commit(make_project):
    project = make_project({"a.py": ""})
    project.git("init", "--quiet")
    seen = provenance(str(project.root), os.environ)
    assert (seen.commit, seen.note) == ("", "no commit yet")


def test_the_blob_hash_is_gits_own(checkout):
    path = checkout.root / "a.py"
    git = subprocess.run(["git", "hash-object", path], capture_output=True, text=True, check=True)
    assert blob_hash(str(path)) == git.stdout.strip()
    assert blob_hash(str(checkout.root / "nowhere")) == ""
