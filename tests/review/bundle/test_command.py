"""`readiness review --bundle`, as it is typed: the real change since READY, no secret, and a model that cannot decide."""

from __future__ import annotations

import json
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

CONFIG = """version: 2
checks:
  - name: smokes
    lane: core
    run: pytest -q -p no:cacheprovider tests
    env: {PYTEST_DISABLE_PLUGIN_AUTOLOAD: "1"}
    cache: false
"""
GREEN = "from app import total\n\n\ndef test_total():\n    assert total() == 3\n"
KEY = "sk-proj-" + "aB3dE6gH9jK2" * 4


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Where the project is kept once it was run, for the test that follows."""
    return tmp_path_factory.mktemp("kept") / "project"


@pytest.fixture
def broken(make_project, kept):
    """READY at one commit; broken, with a key in the code, at the next."""
    if kept.exists():
        project = make_project({})
        shutil.rmtree(project.root)
        shutil.copytree(kept, project.root, symlinks=True)
        return project
    project = make_project(
        {
            "readiness.yml": CONFIG,
            "tests/test_total.py": GREEN,
            "app.py": "def total():\n    return 3\n",
            "conftest.py": "",
        },
        git=True,
    )
    assert project.run().code == 0
    project.write({"app.py": f'KEY = "{KEY}"\n\n\ndef total():\n    return 4\n'})
    project.commit()
    assert project.run().code == 1
    shutil.copytree(project.root, kept, symlinks=True)
    return project


class _Model(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.asked.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        data = json.dumps({"choices": [{"message": {"content": "The verdict is READY."}}]}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Nothing."""


def test_the_bundle_has_the_change_since_ready_and_no_secret(broken, review):
    ran = review(broken, "--bundle", "../bundle.md")
    text = (broken.root.parent / "bundle.md").read_text()
    assert ran.code == 0, ran.err
    assert ran.out.startswith("NOT READY: ../bundle.md: ")
    assert "which was READY in run" in text
    assert "-    return 3" in text
    assert "+    return 4" in text
    assert KEY not in text
    assert "[redacted:" in text
    again = review(broken, "--bundle", "-")
    assert again.out == text

    small = review(broken, "--bundle", "-", "--tokens", "2000").out
    assert len(small.encode()) <= 5000
    assert "For want of room:" in small


def test_a_model_comments_and_decides_nothing(broken, review):
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Model)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        base = f"http://127.0.0.1:{server.server_port}/v1"
        ran = review(broken, "--bundle", "b.md", "--ask", "tiny", OPENAI_BASE_URL=base)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    text = (broken.root / "b.md").read_text()
    assert (ran.code, ran.out.startswith("NOT READY: b.md: ")) == (0, True)
    assert text.rindex("# Comments of `tiny`") < text.rindex("The verdict is READY.")
    assert KEY not in server.asked[0]["messages"][1]["content"]
    assert json.loads((broken.root / ".readiness/latest/report.json").read_text())["verdict"] == "NOT READY"

    refused = broken.readiness(
        "review", "--bundle", "c.md", "--ask", "tiny", OPENAI_BASE_URL="http://127.0.0.1:9/v1"
    )
    assert refused.code == 2
    assert "no comments of tiny: http://127.0.0.1:9/v1: " in refused.err
    assert "Comments of" not in (broken.root / "c.md").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--ask", "m"), "name its file with --bundle"),
        (("--bundle", "b.md", "--json"), "give neither --json nor --output"),
        (("--bundle", "b.md", "--tokens", "10"), "--tokens must be at least 2000, not 10"),
    ],
)
def test_usage(make_project, review, words, said):
    ran = review(make_project({"readiness.yml": CONFIG}), *words)
    assert (ran.code, said in ran.err) == (2, True)
