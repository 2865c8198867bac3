"""The field report's suite: the red run names each victim with its own cause, and prints the one patch that mends them.

One test rebinds a class of the app and a router function, five stub an HTTP module, one empties part of `sys.modules`, one
closes the current event loop; and one test is simply broken.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from readiness.report.json_report import from_json

CONFIG = """
version: 2
gates:
  dev: {lanes: [core]}
checks:
  - {name: smokes, lane: core, run: "python -m pytest -q -p no:cacheprovider", isolation: trace, cache: false}
"""
FILES = {
    "pytest.ini": "[pytest]\npythonpath = .\n",
    "conftest.py": "import http_client\n",
    "http_client.py": 'def post(url, headers):\n    return {"url": url, "headers": headers}\n',
    "catalogue.py": "VERSION = 1\n",
    "agent_proxy.py": """import http_client


def route(path):
    return f"real:{path}"


class HttpToolsInvoker:
    def __init__(self, env):
        self.env = env

    def invoke(self, request):
        return http_client.post("/tools", {**self.env, **request})
""",
    "tests/test_a_errors.py": """import agent_proxy as ap_mod


class _FakeInvoker:
    def __init__(self, env):
        self.env = env

    def invoke(self, request):
        return {"url": "fake", "headers": {}}


def test_errors_are_told():
    ap_mod.HttpToolsInvoker = _FakeInvoker
    ap_mod.route = lambda path: "fake"
    assert ap_mod.HttpToolsInvoker({}).invoke({})["headers"] == {}
    assert ap_mod.route("/x") == "fake"
""",
    "tests/test_b_stubs.py": """import sys
import types

import pytest


@pytest.mark.parametrize("number", range(5))
def test_stubbed(number):
    stub = types.ModuleType("http_client")
    stub.post = lambda url, headers: {"url": "stub", "headers": {}}
    sys.modules["http_client"] = stub
    import http_client

    assert http_client.post("/x", {})["url"] == "stub"
""",
    "tests/test_c_modules.py": """import sys

import catalogue


def test_purged():
    for name in [name for name in sys.modules if name.startswith("catalogue")]:
        del sys.modules[name]
    assert catalogue.VERSION == 1
""",
    "tests/test_d_loop.py": """import asyncio


def test_closes_the_loop():
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
""",
    "tests/test_e_validation.py": """import asyncio
import sys

import agent_proxy
import catalogue


def test_headers_precedence():
    got = agent_proxy.HttpToolsInvoker({"X-Env": "B"}).invoke({"X-Req": "C"})
    assert got["headers"] == {"X-Env": "B", "X-Req": "C"}


def test_route():
    assert agent_proxy.route("/x") == "real:/x"


def test_client_is_real():
    import http_client

    assert http_client.post("/y", {"a": "b"})["headers"] == {"a": "b"}


def test_catalogue_is_one():
    assert sys.modules.get("catalogue") is catalogue


def test_on_the_loop():
    asyncio.get_event_loop().run_until_complete(asyncio.sleep(0))


def test_broken():
    assert catalogue.VERSION == 2
""",
}
CAUSES = {
    "test_headers_precedence": ("tests/test_a_errors.py:13", "agent_proxy.HttpToolsInvoker"),
    "test_route": ("tests/test_a_errors.py:14", "agent_proxy.route"),
    "test_client_is_real": ("tests/test_b_stubs.py:11", "sys.modules['http_client']"),
    "test_catalogue_is_one": ("tests/test_c_modules.py:8", "sys.modules['catalogue']"),
    "test_on_the_loop": ("tests/test_d_loop.py:6", "the current event loop"),
}


def clean_environment():
    own = ("READINESS_", "PYTEST_", "PYTHONPATH")
    return {name: value for name, value in os.environ.items() if not name.startswith(own)}


@pytest.fixture(scope="module")
def gated(tmp_path_factory):
    root = tmp_path_factory.mktemp("seed")
    for name, text in {**FILES, "readiness.yml": CONFIG}.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    command = [sys.executable, "-m", "readiness", "run"]
    done = subprocess.run(
        command, cwd=root, env=clean_environment(), capture_output=True, text=True, timeout=170
    )
    report = from_json((root / ".readiness/latest/report.json").read_text())
    return root, done, report.by_name["smokes"]


def test_each_victim_has_its_own_cause_and_the_broken_one_has_none(gated):
    _, done, check = gated
    assert done.returncode == 1, done.stdout + done.stderr
    found = {one.test.partition("::")[2]: one for one in check.findings}
    causes = {
        name: {(cause.where, cause.state) for cause in one.causes}
        for name, one in found.items()
        if one.kind == "victim"
    }
    assert causes == {name: {cause} for name, cause in CAUSES.items()}
    assert (found["test_broken"].kind, found["test_broken"].patch) == ("broken", None)


def test_every_victim_is_mended_by_one_verified_patch(gated):
    root, _, check = gated
    victims = [one for one in check.findings if one.kind == "victim"]
    assert {one.test.partition("::")[2] for one in victims} == set(CAUSES)
    assert all(one.patch and one.patch.verified and one.patch.tests == 14 for one in victims)
    (diff,) = {one.patch.diff for one in victims}
    assert (root / ".readiness/latest/patches/smokes.diff").read_text() == diff
    assert '+    monkeypatch.setattr(ap_mod, "HttpToolsInvoker", _FakeInvoker)' in diff


def test_the_patched_suite_is_green_but_for_the_broken_test(gated):
    root, _, _ = gated
    subprocess.run(["patch", "-p1", "-i", ".readiness/latest/patches/smokes.diff"], cwd=root, check=True)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=root,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert "1 failed, 13 passed" in done.stdout
    assert "FAILED tests/test_e_validation.py::test_broken" in done.stdout


SMALL = {
    "app.py": "LIMIT = 3\n",
    "tests/test_a.py": "import app\n\n\ndef test_polluter():\n    app.LIMIT = 5\n",
    "tests/test_b.py": "import app\n\n\ndef test_victim():\n    assert app.LIMIT == 3\n",
}


def test_an_interpreter_named_in_the_command_is_recorded_in_the_copy_too(tmp_path):
    command = f"cd tests && PYTHONPATH=..:$PYTHONPATH {sys.executable} -m pytest -q -p no:cacheprovider"
    files = {**SMALL, "readiness.yml": CONFIG.replace("python -m pytest -q -p no:cacheprovider", command)}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    words = [sys.executable, "-m", "readiness", "run"]
    done = subprocess.run(
        words, cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, timeout=100
    )
    assert "# verified: mends 1 test" in done.stdout, done.stdout
    assert (
        (tmp_path / ".readiness/latest/patches/smokes.diff").read_text().startswith("--- a/tests/test_a.py\n")
    )


SLOW = """import os
import pathlib
import time


def test_slow_in_a_copy():
    if "readiness-patch-" in __file__:
        pathlib.Path(os.environ["MARK"]).write_text(str(os.getpid()))
        time.sleep(60)
"""


def test_a_signal_ends_the_trying_of_patches_and_leaves_nothing(tmp_path):
    root, temporary, mark = tmp_path / "project", tmp_path / "tmp", tmp_path / "mark"
    temporary.mkdir()
    files = {
        "readiness.yml": CONFIG,
        "app.py": "LIMIT = 3\n",
        "test_a.py": "import app\n\n\ndef test_polluter():\n    app.LIMIT = 5\n",
        "test_b.py": "import app\n\n\ndef test_victim():\n    assert app.LIMIT == 3\n",
        "test_c.py": SLOW,
    }
    root.mkdir()
    for name, text in files.items():
        (root / name).write_text(text)
    environ = {**clean_environment(), "TMPDIR": str(temporary), "MARK": str(mark)}
    gate = subprocess.Popen(
        [sys.executable, "-m", "readiness", "run"], cwd=root, env=environ, stdout=subprocess.PIPE
    )
    limit = time.monotonic() + 100
    while not (mark.exists() and mark.read_text()) and time.monotonic() < limit:
        time.sleep(0.05)
    gate.send_signal(signal.SIGINT)
    out, _ = gate.communicate(timeout=60)
    assert gate.returncode == 130, out
    record = from_json((root / ".readiness/latest/report.json").read_text())
    assert record.interrupted == "SIGINT"
    assert record.by_name["smokes"].outcome == "failed", "the check had ended: its outcome stays"
    assert not os.path.exists(f"/proc/{int(mark.read_text())}/stat")
    assert os.listdir(temporary) == []
