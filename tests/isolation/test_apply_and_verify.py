"""`readiness isolate` with patches in real suites: what is shown was verified, what harms is refused, --apply is exact."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from readiness.cli.main import main
from readiness.isolation.apply import ApplyError, apply
from readiness.isolation.asked import Asked
from readiness.isolation.trace import traced
from readiness.isolation.verify import mend_traced

APP = "LIMIT = 3\n"
POLLUTER = "import app\n\n\ndef test_polluter():\n    app.LIMIT = 5\n"
VICTIM = "import app\n\n\ndef test_victim():\n    assert app.LIMIT == 3\n"
QUIET = ("-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest")


@pytest.fixture
def write(tmp_path, monkeypatch):
    for name in list(os.environ):
        if name.startswith(("READINESS_", "PYTEST_", "COV_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.chdir(tmp_path)

    def make(**files):
        for name, text in files.items():
            path = tmp_path / f"{name.replace('__', '/')}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return make


def mend(folder, *words, environ=None):
    asked = Asked(sys.executable, (*QUIET, *words), str(folder))
    environ = environ or dict(os.environ)
    told = traced(asked, environ, subprocess.DEVNULL)
    return mend_traced(asked, told, environ, subprocess.DEVNULL, 100)[0]


def test_the_patch_is_shown_applied_and_mends(write, capsys):
    words = ("isolate", "--quiet", "--python", sys.executable, "--apply", "--", *QUIET)
    folder = write(app=APP, test_a=POLLUTER, test_b=VICTIM)
    (folder / "test_a.py").chmod(0o755)
    assert main([*words]) == 1
    told = capsys.readouterr().out
    assert '+    monkeypatch.setattr(app, "LIMIT", 5)' in told
    assert "verified: the whole suite ran in a copy with it, 2 tests, 1 mended, none worse" in told
    assert "run this again with --apply" not in told, "it is applied"
    assert (folder / "test_a.py").read_text() == POLLUTER.replace("()", "(monkeypatch)").replace(
        "app.LIMIT = 5", 'monkeypatch.setattr(app, "LIMIT", 5)'
    )
    assert (folder / "test_a.py").stat().st_mode & 0o777 == 0o755
    assert main([*words]) == 0


def test_an_edit_that_breaks_another_test_is_not_shown(write):
    """`test_c` passes only because of the leak: no edit that takes it away may be called a patch."""
    leans = "import app\n\n\ndef test_leans():\n    assert app.LIMIT == 5\n"
    folder = write(app=APP, test_a=POLLUTER, test_b=VICTIM, test_c=leans)
    mended = mend(folder)
    (finding,) = [one for one in mended.findings if one.test == "test_b.py::test_victim"]
    assert finding.patch is None or finding.patch.side == "victim"
    assert mended.runs > 1


def test_a_file_that_changed_since_is_left_alone(tmp_path):
    (tmp_path / "a.py").write_text("new\n")
    (tmp_path / "b.py").write_text("old\n")
    with pytest.raises(ApplyError, match=r"a\.py has changed since"):
        apply(str(tmp_path), {"b.py": b"old\n", "a.py": b"old\n"}, {"b.py": b"x\n", "a.py": b"x\n"})
    assert (tmp_path / "b.py").read_text() == "old\n"


def test_a_copy_that_uses_the_original_is_no_proof(write):
    """conftest puts the original's folder first on the path by its full name: nothing in the copy would be tried."""
    folder = write(lib__app=APP, test_a=POLLUTER, test_b=VICTIM)
    (folder / "conftest.py").write_text(f"import sys\n\nsys.path.insert(0, {str(folder / 'lib')!r})\n")
    mended = mend(folder)
    assert mended.diff == ""
    assert "not verified, because the copy did not use its own app" in mended.findings[0].no_patch


def test_src_layout_of_the_copy_is_what_is_tried(write):
    folder = write(src__app=APP, test_a=POLLUTER, test_b=VICTIM)
    mended = mend(folder, environ={**os.environ, "PYTHONPATH": str(folder / "src")})
    assert mended.findings[0].patch.verified


def test_apply_needs_patches(capsys):
    assert main(["isolate", "--apply", "--no-patch"]) == 2
    assert "--apply needs a patch" in capsys.readouterr().err
