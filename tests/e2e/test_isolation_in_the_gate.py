"""The red run itself says why: a class rebound in one file, its victim in another, and a test that is simply broken."""

from __future__ import annotations

import os
import subprocess
import sys

from readiness.report.json_report import from_json

CONFIG = """
version: 2
gates:
  dev: {lanes: [core]}
checks:
  - {name: smokes, lane: core, run: "python -m pytest -q -p no:cacheprovider", isolation: "MODE", cache: false}
"""
PROXY = "class HttpToolsInvoker:\n    def headers(self):\n        return {'X-Env': 'B'}\n"
POLLUTER = """import proxy


class Fake:
    def headers(self):
        return {}


def test_errors():
    proxy.HttpToolsInvoker = Fake
    assert proxy.HttpToolsInvoker().headers() == {}
"""
VICTIM = """import proxy


def test_headers_precedence():
    assert proxy.HttpToolsInvoker().headers() == {'X-Env': 'B'}
"""


def gate(folder, mode, **files):
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    (folder / "readiness.yml").write_text(CONFIG.replace("MODE", mode))
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("READINESS_", "PYTEST_"))
    }
    command = [sys.executable, "-m", "readiness", "run"]
    return subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, timeout=110)


def test_a_failure_comes_with_its_cause(tmp_path):
    broken = VICTIM.replace("headers_precedence", "broken").replace("'B'", "'C'")
    files = {"proxy": PROXY, "test_a_errors": POLLUTER, "test_b_headers": VICTIM, "test_c_broken": broken}
    done = gate(tmp_path, "trace", **files)
    cause = "victim of test_a_errors.py::test_errors, which leaves proxy.HttpToolsInvoker changed (test_a_errors.py:10)"
    report = (tmp_path / ".readiness" / "latest" / "report.json").read_text()
    assert done.returncode == 1, done.stdout + done.stderr
    assert cause in report
    assert "broken by itself, and hidden by test_a_errors.py::test_errors" in report
    check = from_json(report).by_name["smokes"]
    kinds = {one.test.partition("::")[2]: one.kind for one in check.findings}
    assert kinds == {"test_headers_precedence": "victim", "test_broken": "broken_and_polluted"}
    assert check.findings[0].causes[0].after == "class test_a_errors.Fake"
    assert [one.state for one in check.left_over] == ["proxy.HttpToolsInvoker"]


def test_strict_fails_the_polluter_where_nothing_else_fails(tmp_path):
    files = {"proxy": PROXY, "test_a_errors": POLLUTER}
    assert gate(tmp_path, "trace", **files).returncode == 0
    done = gate(tmp_path, "strict", **files)
    assert done.returncode == 1
    assert "1 test left state changed (isolation: strict): test_a_errors.py::test_errors" in done.stdout


def test_files_are_put_back_only_where_no_other_check_looks_at_them(tmp_path):
    leaves = "def test_leaves():\n    open('flag', 'w').close()\n"
    sees = "import os\n\n\ndef test_sees():\n    assert not os.path.exists('flag')\n"
    gate(tmp_path, "trace", test_a=leaves, test_b=sees)
    alone = from_json((tmp_path / ".readiness" / "latest" / "report.json").read_text()).by_name["smokes"]
    assert [one.kind for one in alone.findings] == ["victim"]
    assert [one.state for one in alone.findings[0].causes] == ["file flag"]
    (tmp_path / "flag").unlink()
    other = '  - {name: other, lane: core, run: "sleep 0.1", cache: false}\n'
    config = CONFIG.replace("MODE", "trace") + other
    (tmp_path / "readiness.yml").write_text(config)
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("READINESS_", "PYTEST_"))
    }
    command = [sys.executable, "-m", "readiness", "run", "--jobs", "2"]
    subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, timeout=110, check=False)
    shared = from_json((tmp_path / ".readiness" / "latest" / "report.json").read_text()).by_name["smokes"]
    assert [one.kind for one in shared.findings] == ["unjudged"]
    assert "file flag" in shared.findings[0].notes[0]
