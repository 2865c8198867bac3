"""The folder by which pytest finds the probe, and the environment that points at it."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys

import pytest

import readiness_probe
from readiness.run.probe_link import PUT_BACK_FIRST, link


@pytest.fixture
def folders(tmp_path):
    return str(tmp_path / "link"), str(tmp_path / "events")


def test_the_environment(folders):
    folder, out = folders
    before = {"PATH": "/bin", "PYTHONPATH": "src"}
    env = link(before, folder, out, test_timeout=3.0, guard=True)
    assert before == {"PATH": "/bin", "PYTHONPATH": "src"}
    assert env["PYTHONPATH"] == f"{folder}{os.pathsep}src"
    assert (env["READINESS_PROBE_OUT"], env["READINESS_PROBE_FOLDER"]) == (out, folder)
    assert (env["READINESS_PROBE_TEST_TIMEOUT"], env["READINESS_PROBE_GUARD"]) == ("3.0", "1")


def test_what_was_not_asked_is_not_there(folders):
    env = link({}, *folders, test_timeout=None, guard=False)
    assert "READINESS_PROBE_TEST_TIMEOUT" not in env
    assert "READINESS_PROBE_GUARD" not in env


def test_the_folder_holds_the_probe_and_its_entry_point(folders):
    folder, _ = folders
    link({}, *folders, test_timeout=None, guard=False)
    package = os.path.join(folder, "readiness_probe")
    assert os.path.samefile(package, os.path.dirname(readiness_probe.__file__))
    (distribution,) = importlib.metadata.distributions(path=[folder])
    (entry,) = distribution.entry_points
    assert (distribution.metadata["Name"], distribution.version) == ("readiness-probe", "1")
    assert (entry.group, entry.name, entry.value) == ("pytest11", "cmath", "readiness_probe.entry:plugin")


def test_relative_folders_hold_wherever_the_command_goes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    env = link({}, "link", "events", test_timeout=None, guard=False)
    assert env["PYTHONPATH"] == str(tmp_path / "link")
    assert env["READINESS_PROBE_OUT"] == str(tmp_path / "events")


def test_one_folder_serves_many_checks(folders):
    folder, out = folders
    first = link({}, folder, out + "-a", test_timeout=None, guard=False)
    second = link({}, folder, out + "-b", test_timeout=None, guard=False)
    assert first["PYTHONPATH"] == second["PYTHONPATH"]
    assert first["READINESS_PROBE_OUT"] != second["READINESS_PROBE_OUT"]


def test_without_symbolic_links_it_is_copied(folders, monkeypatch):
    def refuse(*_, **__):
        raise OSError("no symbolic links here")

    monkeypatch.setattr(os, "symlink", refuse)
    folder, _ = folders
    link({}, *folders, test_timeout=None, guard=False)
    copy = os.path.join(folder, "readiness_probe")
    assert not os.path.islink(copy)
    assert {"entry.py", "injected.py", "plugin.py"} <= set(os.listdir(copy))
    assert "__pycache__" not in os.listdir(copy)


def test_a_folder_whose_name_cannot_stand_on_the_path(tmp_path):
    with pytest.raises(ValueError, match="put the run's folder elsewhere"):
        link({}, str(tmp_path / "a:b"), str(tmp_path / "events"), test_timeout=None, guard=False)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        link({}, str(tmp_path / "file" / "link"), str(tmp_path / "events"), test_timeout=None, guard=False)


def shell(script, env):
    ran = subprocess.run(["/bin/sh", "-c", script], env=env, capture_output=True, text=True, check=True)
    return ran.stdout.strip()


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("", "{link}"),
        ("export PYTHONPATH=src", "{link}:src"),
        ("unset PYTHONPATH", "{link}"),
        ("PYTHONPATH=", "{link}"),
    ],
)
def test_a_replaced_path_is_put_right_in_a_shell(folders, command, expected):
    env = link(dict(os.environ), *folders, test_timeout=None, guard=False)
    env["PYTHONPATH"] = folders[0]
    said = shell(f'{command}\n{PUT_BACK_FIRST}\nprintf %s "$PYTHONPATH"', env)
    assert said == expected.format(link=folders[0])


def test_without_a_gate_the_shell_line_does_nothing():
    assert shell(f'{PUT_BACK_FIRST}\nprintf %s "$PYTHONPATH"', {"PYTHONPATH": "src"}) == "src"
    assert shell(f'{PUT_BACK_FIRST}\nprintf %s "${{PYTHONPATH-unset}}"', {}) == "unset"


def test_with_the_shell_line_a_command_that_replaces_the_path_is_recorded(folders, tmp_path):
    shim = tmp_path / "bin" / "python"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\n{PUT_BACK_FIRST}\nexec "{sys.executable}" "$@"\n')
    shim.chmod(0o755)
    (tmp_path / "test_a.py").write_text(
        "import os\ndef test_a(): assert (os.environ['PYTHONPATH'], 'READINESS_PROBE_OUT' in os.environ) == ('src', False)"
    )
    env = link(dict(os.environ), *folders, test_timeout=None, guard=False)
    env["PATH"] = f"{shim.parent}{os.pathsep}{env['PATH']}"
    command = f"cd {tmp_path} && PYTHONPATH=src python -m pytest -q -p no:cacheprovider -p no:hypothesispytest test_a.py"
    assert "1 passed" in shell(command, env)
    assert len(os.listdir(folders[1])) == 1


def test_linking_stays_cheap():
    """It is on the way to the first check of every run."""
    script = (
        "import sys; old = set(sys.modules); import readiness.run.probe_link; print(*set(sys.modules) - old)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    assert "readiness.run.probe_link" in loaded
    assert not {"pytest", "dataclasses", "shutil", "importlib.metadata", "typing"} & loaded
