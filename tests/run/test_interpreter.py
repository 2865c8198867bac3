from __future__ import annotations

import os
import subprocess
import sys

import pytest

from readiness.gate.settings import UsageError
from readiness.run.interpreter import make_shims, resolve


def test_the_active_environment_is_used_and_described(tmp_path):
    found = resolve(str(tmp_path), None, {"VIRTUAL_ENV": sys.prefix}, "readiness.yml")
    assert found.path == os.path.join(sys.prefix, "bin", "python")
    assert found.version == ".".join(map(str, sys.version_info[:3]))
    assert found.packages["pytest"] == pytest.__version__


def test_the_projects_own_environment_is_found(tmp_path):
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to(sys.executable)
    (tmp_path / ".venv/pyvenv.cfg").write_text("version = 3.11.7\n")
    found = resolve(str(tmp_path), None, {"PATH": os.defpath}, "readiness.yml")
    assert found.path == str(tmp_path / ".venv/bin/python")
    assert found.version == "3.11.7"


def test_what_lies_on_path_may_be_a_wrapper_and_names_itself(tmp_path):
    wrapper = tmp_path / "bin/python3"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    wrapper.chmod(0o755)
    found = resolve(str(tmp_path), None, {"PATH": str(wrapper.parent)}, "readiness.yml")
    assert os.path.realpath(found.path) == os.path.realpath(sys.executable)


@pytest.mark.parametrize("content", [None, "not executable"])
def test_a_configured_one_that_cannot_run_is_refused_with_its_place(tmp_path, content):
    if content:
        (tmp_path / "py").write_text(content)
    with pytest.raises(UsageError, match=r"readiness\.yml:3: python: py is not an interpreter"):
        resolve(str(tmp_path), "py", {}, "readiness.yml:3")


def test_something_that_is_no_python_is_refused(tmp_path):
    fake = tmp_path / "bin/python3"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\nexit 3\n")
    fake.chmod(0o755)
    with pytest.raises(UsageError, match="does not run as a Python interpreter"):
        resolve(str(tmp_path), None, {"PATH": str(fake.parent)}, "readiness.yml")


def test_shims_start_the_interpreter_and_its_pytest(tmp_path):
    lonely = tmp_path / "lonely bin/python"
    lonely.parent.mkdir()
    lonely.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    lonely.chmod(0o755)
    found = resolve(str(tmp_path), str(lonely), {}, "readiness.yml")
    shims = tmp_path / "shims"
    make_shims(found, str(shims))
    assert sorted(os.listdir(shims)) == ["pytest", "pytest_entry.py", "python", "python3"]
    said = subprocess.run(
        [shims / "pytest", "--version"], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert pytest.__version__ in said.stdout
