"""The first configuration as a whole: it loads, its lint finds no error, and its checks run as they are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from readiness.config.lint import lint
from readiness.config.load import parse_config
from readiness.config.scaffold import ScaffoldError, scaffold

if TYPE_CHECKING:
    from collections.abc import Callable

    from readiness.config.model import Check, Config

    Project = Callable[[dict[str, str]], str]

USES = "from pkg import answer\n\ndef test_it():\n    assert answer() == 42\n"
PACKAGE = "def answer():\n    return 42\n"
MARKED = """\
import pytest

@pytest.mark.smoke
def test_quick(): ...

@pytest.mark.nd
def test_model(): assert False

@pytest.mark.live
def test_provider(): assert False

def test_plain(): ...
"""
MARKERS = "[pytest]\nmarkers =\n    smoke: s\n    nd: n\n    live: l\n"


def written(root: str, environ: dict[str, str]) -> Config:
    """Write the configuration, load it again, and see that the lint has no error."""
    text = scaffold(root, environ).text
    Path(root, "readiness.yml").write_text(text)
    config = parse_config(text, "readiness.yml")
    assert [one for one in lint(config, root, deep=False) if one.severity == "error"] == []
    return config


def run(check: Check, root: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a check as the gate does, in a shell."""
    return subprocess.run(
        ["/bin/sh", "-c", check.run],
        cwd=os.path.join(root, check.cwd),
        env={**environ, **check.env, "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


LAYOUTS = {
    "src layout": (
        {"src/pkg/__init__.py": PACKAGE, "tests/test_a.py": USES},
        "pytest tests",
        {"PYTHONPATH": "src"},
    ),
    "src layout with pythonpath": (
        {"src/pkg/__init__.py": PACKAGE, "t/test_a.py": USES, "pytest.ini": "[pytest]\npythonpath = src\n"},
        "pytest t",
        {},
    ),
    "flat layout": (
        {"pkg/__init__.py": PACKAGE, "tests/test_a.py": USES},
        "pytest tests",
        {"PYTHONPATH": "."},
    ),
    "flat layout with a conftest": (
        {"pkg/__init__.py": PACKAGE, "tests/test_a.py": USES, "conftest.py": ""},
        "pytest tests",
        {},
    ),
    "flat layout with packaged tests": (
        {"pkg/__init__.py": PACKAGE, "tests/__init__.py": "", "tests/test_a.py": USES},
        "pytest tests",
        {},
    ),
    "packaged tests imported by importlib": (
        {
            "pkg/__init__.py": PACKAGE,
            "tests/__init__.py": "",
            "tests/test_a.py": USES,
            "pytest.ini": "[pytest]\naddopts = --import-mode=importlib\n",
        },
        "pytest tests",
        {"PYTHONPATH": "."},
    ),
    "tests inside the package": (
        {
            "pkg/__init__.py": PACKAGE,
            "pkg/tests/__init__.py": "",
            "pkg/tests/test_a.py": USES.replace("from pkg", "from .."),
        },
        "pytest pkg/tests",
        {},
    ),
    "one module and its test": ({"pkg.py": PACKAGE, "test_pkg.py": USES}, "pytest test_pkg.py", {}),
    "a path with a blank": (
        {
            "pkg.py": PACKAGE,
            "conftest.py": "",
            "my tests/test_a.py": USES,
            "pytest.ini": "[pytest]\ntestpaths = 'my tests'\n",
        },
        "pytest 'my tests'",
        {},
    ),
    "unittest": (
        {
            "pkg/__init__.py": PACKAGE,
            "tests/test_a.py": "import unittest\nfrom pkg import answer\n"
            "class T(unittest.TestCase):\n    def test_it(self):\n        self.assertEqual(answer(), 42)\n",
        },
        "python -m unittest discover -s tests",
        {},
    ),
    "unittest in a package, in src": (
        {
            "src/pkg/__init__.py": PACKAGE,
            "tests/__init__.py": "",
            "tests/base.py": "import unittest\nBase = unittest.TestCase\n",
            "tests/test_a.py": "import unittest\nfrom .base import Base\nfrom pkg import answer\n"
            "class T(Base):\n    def test_it(self):\n        self.assertEqual(answer(), 42)\n",
        },
        "python -m unittest discover -s tests -t .",
        {"PYTHONPATH": "src"},
    ),
    "make": ({"Makefile": "test:\n\tgrep -q 42 answer.txt\n", "answer.txt": "42\n"}, "make test", {}),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_runs_and_goes_red(project: Project, environ: dict[str, str], layout: str) -> None:
    files, command, env = LAYOUTS[layout]
    root = project(files)
    (check,) = written(root, environ).checks
    assert (check.run, dict(check.env), check.lane) == (command, env, "core")
    done = run(check, root, environ)
    assert done.returncode == 0, done.stdout + done.stderr
    for path in Path(root).rglob("*"):
        if (
            path.is_file()
            and path.suffix in (".py", ".txt")
            and "42" in path.read_text()
            and "test" not in path.name
        ):
            path.write_text(path.read_text().replace("42", "41"))
    assert run(check, root, environ).returncode != 0


def test_markers_make_lanes(project: Project, environ: dict[str, str]) -> None:
    root = project({"tests/test_a.py": MARKED, "pytest.ini": MARKERS})
    config = written(root, environ)
    assert [(check.name, check.lane, check.run) for check in config.checks] == [
        ("smokes", "core", 'pytest tests -m "smoke and not (nd or live)"'),
        ("tests", "core", 'pytest tests -m "not (smoke or nd or live)"'),
        ("tests_nd", "nd", 'pytest tests -m "nd and not live"'),
        ("tests_live", "live", "pytest tests -m live"),
    ]
    assert [run(check, root, environ).returncode for check in config.checks] == [0, 0, 1, 1]
    assert [(gate.name, gate.lanes, gate.strict) for gate in config.gates] == [
        ("dev", ("core",), False),
        ("deploy", ("core", "nd"), True),
        ("release", ("core", "nd", "live"), True),
    ]
    assert config.checks[2].trials is not None


def test_without_markers_there_is_one_lane(project: Project, environ: dict[str, str]) -> None:
    config = written(project({"tests/test_a.py": "def test_a(): ...\n"}), environ)
    assert [(gate.name, gate.lanes) for gate in config.gates] == [
        (name, ("core",)) for name in ("dev", "deploy", "release")
    ]
    assert [check.run for check in config.checks] == ["pytest tests"]


def test_a_project_with_tests_of_a_real_model_only(project: Project, environ: dict[str, str]) -> None:
    config = written(
        project({"tests/test_a.py": "import pytest\npytestmark = pytest.mark.nd\ndef test_a(): ...\n"}),
        environ,
    )
    assert [check.name for check in config.checks] == ["tests_nd"]
    assert [gate.lanes for gate in config.gates] == [("nd",)] * 3


def test_smoke_tests_alone_are_not_split(project: Project, environ: dict[str, str]) -> None:
    root = project({"tests/test_a.py": "import pytest\n@pytest.mark.smoke\ndef test_a(): ...\n"})
    assert [check.run for check in written(root, environ).checks] == ["pytest tests"]


def test_the_projects_interpreter_is_pinned(project: Project, environ: dict[str, str]) -> None:
    root = project({"tests/test_a.py": "def test_a(): ...\n"})
    Path(root, ".venv/bin").mkdir(parents=True)
    Path(root, ".venv/bin/python").symlink_to(sys.executable)
    assert written(root, environ).python == ".venv/bin/python"


def test_a_copy_installed_in_the_projects_environment_is_not_what_is_tested(
    project: Project, environ: dict[str, str]
) -> None:
    """`src` comes first even though the module can be imported already; only an install in place needs nothing."""
    root = project({"src/colorsys/__init__.py": PACKAGE, "tests/test_a.py": USES.replace("pkg", "colorsys")})
    (check,) = written(root, environ).checks
    assert dict(check.env) == {"PYTHONPATH": "src"}
    assert run(check, root, environ).returncode == 0


def test_inputs_are_written_where_they_are_clear(project: Project, environ: dict[str, str]) -> None:
    files = {"src/pkg/__init__.py": PACKAGE, "tests/test_a.py": USES, "pyproject.toml": "", "setup.cfg": ""}
    (check,) = written(project(files), environ).checks
    assert check.inputs == ("src/**", "tests/**", "pyproject.toml", "setup.cfg")


def test_an_application_is_suggested_and_not_switched_on(project: Project, environ: dict[str, str]) -> None:
    root = project(
        {
            "pkg/main.py": "app = FastAPI()\n",
            "tests/test_a.py": "def test_a(): ...\n",
            "Makefile": "lint:\n\tx\n",
        }
    )
    text = scaffold(root, environ).text
    assert "#     run: uvicorn pkg.main:app --port {port}\n" in text
    assert "# - {name: make_lint, lane: core, run: make lint}\n" in text
    assert written(root, environ).services == ()
    uncommented = (
        text.replace("# services:", "services:").replace("#   app:", "  app:").replace("#     ", "    ")
    )
    assert parse_config(uncommented, "readiness.yml").services[0].env == {
        "PKG_URL": "http://127.0.0.1:{port}"
    }


def test_what_is_missing_or_worth_knowing_is_noted(project: Project, environ: dict[str, str]) -> None:
    files = {
        "tests/test_a.py": "import pytest, module_of_nobody\n@pytest.mark.integration\ndef test_a(): ...\n",
        "tests/test_b.py": "import os, pytest\n@pytest.mark.skipif(not os.getenv('MODEL_API_KEY'), reason='')\ndef test_b(): ...\n",
        "scripts/test_connection.py": "def test_c(): ...\n",
        "pytest.ini": "[pytest]\naddopts = --timeout=5\n",
    }
    notes = "\n".join(scaffold(project(files), environ).notes)
    assert "2 test files in tests (folders named for tests)" in notes
    assert "left out, as they lie elsewhere: scripts/test_connection.py" in notes
    assert "lacks pytest_timeout, module_of_nobody: install that first" in notes
    assert "tests marked integration run in lane core" in notes
    assert "tests/test_b.py may skip, depending on MODEL_API_KEY" in notes


@pytest.mark.parametrize(
    ("files", "installed", "env", "note"),
    [
        ({"src/colorsys/fast.c": ""}, True, {}, "the tests use the installed one"),
        ({"src/pkg/fast.c": ""}, False, {"PYTHONPATH": "src"}, "is not installed"),
    ],
)
def test_compiled_packages(
    project: Project,
    environ: dict[str, str],
    files: dict[str, str],
    installed: bool,
    env: dict[str, str],
    note: str,
) -> None:
    name = "colorsys" if installed else "pkg"
    root = project(
        {**files, f"src/{name}/__init__.py": PACKAGE, "tests/test_a.py": USES.replace("pkg", name)}
    )
    found = scaffold(root, environ)
    (check,) = parse_config(found.text, "readiness.yml").checks
    assert dict(check.env) == env
    assert note in "\n".join(found.notes)


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "no tests were found"),
        ({"pkg/__init__.py": ""}, "write a first one, such as tests/test_smoke.py"),
        ({"Makefile": "test:\n\t-pytest\n"}, "no tests were found"),
        ({"pytest.ini": "[pytest]\nbroken\n", "tests/test_a.py": "def test_a(): ...\n"}, "pytest.ini"),
    ],
)
def test_no_empty_configuration_is_ever_written(
    project: Project, environ: dict[str, str], files: dict[str, str], says: str
) -> None:
    with pytest.raises(ScaffoldError) as caught:
        scaffold(project(files), environ)
    assert says in str(caught.value)


def test_a_folder_that_is_not_there() -> None:
    with pytest.raises(ScaffoldError, match="no such folder"):
        scaffold("/nowhere/at/all")
