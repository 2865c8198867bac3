"""Three real projects under the gate, as their users would: unpack, `readiness init`, `readiness run --gate dev`.

Their source distributions and what their tests need come from the package index; the runs themselves have no
network. After one wrong line in each project's code, the gate says NOT READY and shows the assertion.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

PACKAGES = {
    "h11": ("h11==0.16.0", "h11/_headers.py", "found_raw_value.lower()", "found_raw_value.upper()"),
    "itsdangerous": (
        "itsdangerous==2.2.0",
        "src/itsdangerous/encoding.py",
        r'_int_to_bytes(num).lstrip(b"\x00")',
        r'_int_to_bytes(num).rstrip(b"\x00")',
    ),
    "pluggy": ("pluggy==1.6.0", "src/pluggy/_tracing.py", '":".join', '";".join'),
}
"""The requirement, a file of it, a line in that file, and the same line made wrong."""

TEST_NEEDS = ("pytest>=9,<10", "freezegun>=1.5", "pytest-benchmark>=5")


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> Path:
    """A virtual environment with pytest and what the three test suites import; none of the projects is in it."""
    home = tmp_path_factory.mktemp("env") / "venv"
    subprocess.run([sys.executable, "-m", "venv", home], check=True)
    pip = [home / "bin/python", "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", *TEST_NEEDS], check=True)
    return home


@pytest.fixture
def unpacked(request, tmp_path, environment) -> Path:
    """The project's source distribution, unpacked."""
    requirement = PACKAGES[request.param][0]
    pip = [environment / "bin/python", "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "download", "--no-deps", "--no-binary", ":all:", "--dest", tmp_path, requirement], check=True
    )
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path, filter="data")
    return archive.with_name(archive.name.removesuffix(".tar.gz"))


@pytest.mark.parametrize("unpacked", PACKAGES, indirect=True, ids=list(PACKAGES))
def test_a_real_project_is_ready_until_one_line_is_wrong(unpacked, request, environment, make_project):
    name = request.node.callspec.id
    project = make_project({}, name=os.path.relpath(unpacked, unpacked.parent))
    assert project.root == unpacked
    project.environ["VIRTUAL_ENV"] = str(environment)

    wrote = project.readiness("init")
    assert wrote.code == 0, wrote.err
    ran = project.run("--gate", "dev")
    assert (ran.code, ran.report["verdict"]) == (0, "READY"), ran.out[-4000:]
    tests = [one for one in ran.report["checks"] if one["counts"]["passed"]]
    assert tests, "tests were run, and counted"
    assert {one["network"] for one in ran.report["checks"]} == {"namespace"}, "the network was denied"
    assert {one["ran_against"] for one in ran.report["checks"]} == {"hermetic"}

    _, path, right, wrong = PACKAGES[name]
    source = project.root / path
    text = source.read_text()
    assert text.count(right) >= 1, f"{path} still holds the line"
    source.write_text(text.replace(right, wrong, 1))
    broken = project.run("--gate", "dev")
    assert (broken.code, broken.report["verdict"]) == (1, "NOT READY")
    failures = [one for check in broken.report["checks"] for one in check["failures"]]
    shown = next(one for one in failures if "assert" in one["message"])
    file, _, line = shown["where"].partition(":")
    assert "assert" in (project.root / file).read_text().splitlines()[int(line) - 1]
    assert shown["blob"]
    assert failures[0]["where"] in broken.out
