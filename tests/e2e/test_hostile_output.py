"""A suite that tries to fool its reader and to give away forty kinds of keys, through the real gate: every artifact is looked at."""

from __future__ import annotations

import json
import random
import re
import string
from xml.etree import ElementTree

import pytest

from readiness.record import secret_patterns as patterns
from readiness.report.json_report import from_json

BIG = 10_000_000
BOUNDS = {".html": 3_000_000, ".md": 1_000_000, ".sarif": 2_000_000, ".xml": 2_000_000, ".json": 3_000_000}
ENVIRONMENT = "Zq7fLmX9bRt4KvY2cNw8HsJ5dGp3TaE6uVi0OyZb1QkW"
"""The value of a variable whose name says that it is secret; of no known kind."""
REORDERING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c"


def keys() -> dict[str, str]:
    """A key of every kind that is known by its prefix, put together here so that no scanner takes it for one."""
    rolled = random.Random(7)
    made = {}
    for kind, prefixes, least, alphabet in patterns.TOKENS:
        hexadecimal = alphabet == patterns.HEX
        letters = string.hexdigits[:16] if hexadecimal else string.ascii_letters + string.digits
        body = "".join(rolled.choices(letters, k=max(least, 24)))
        made[f"{kind} {prefixes.split()[0]}"] = prefixes.split()[0] + ("" if hexadecimal else "A7") + body
    return made


KEYS = keys()
POLLUTER = """import app, os, sys


def test_leaks():
    app.HEADERS["Authorization"] = KEYS[0]
    app.TOKEN = KEYS[1]
    app.ALL = list(KEYS)
    app.BY_KEY[KEYS[2]] = KEYS[3]
    os.environ["SESSION"] = KEYS[4]
    assert app.TOKEN


def test_leaks_a_literal():
    app.URL = "LITERAL"
    assert app.URL
"""
VICTIMS = """import app, pytest


def test_victim():
    assert app.TOKEN == "default"


def test_victim_of_a_literal():
    assert app.URL == "default"


@pytest.mark.parametrize("key", KEYS[:12])
def test_names(key):
    assert key == "x"


def test_prints():
    for key in KEYS:
        print(key)
        print("cut:", repr("w" * 40 + "=" + ", ".join([key] * 6))[:118] + "...", repr(key)[:-12] + "...")
    raise ValueError("; ".join(KEYS))


def test_shortened_by_pytest():
    assert app.ENVIRONMENT * 12 == "x"


def test_differs_late():
    assert "the same beginning that both of them have " + app.ENVIRONMENT == "the same beginning that both of them have ?"


def test_skipped():
    pytest.skip("needs " + KEYS[5])
"""
EVIL = """import app


EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\\x1b[2J\\x1b]0;title\\x07\\x9b31m\\u202eNUL\\x00 ]]> --> ```"


def test_html():
    print(EVIL)
    assert EVIL == "x"


def test_leaks_evil():
    app.NAME = EVIL
    app.BY_KEY[EVIL] = EVIL


def test_victim_of_evil():
    assert app.NAME == ""


def test_ten_megabytes():
    raise AssertionError("\\x1b[31mm<b>" * 1_250_000)


def test_\u05e9\u05dc\u05d5\u05dd_\u0645\u0631\u062d\u0628\u0627_\u6f22\u5b57():
    assert "\u05e9\u05dc\u05d5\u05dd \U0001f469\u200d\U0001f4bb e\\u0301" == "\\ud800"
"""
APP = """import os

HEADERS, BY_KEY, ALL, TOKEN, URL, NAME = {}, {}, [], "default", "default", ""
ENVIRONMENT = os.environ.get("DEPLOY_TOKEN", "")
"""
CONFIG = """version: 2
gates:
  dev: {lanes: [core]}
checks:
  - {name: keys, lane: core, run: "python -m pytest -q -p no:cacheprovider tests", isolation: trace}
  - {name: evil, lane: core, run: "python -m pytest -q -p no:cacheprovider hostile", isolation: trace}
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory, request):
    """One run of all of it, as on GitHub; standard output, error, and every file that the gate wrote."""
    import os
    import subprocess
    import sys

    root = tmp_path_factory.mktemp("hostile")
    given = f"KEYS = {list(KEYS.values())!r}\n"
    literal = KEYS["openai sk-"]
    for name, text in {
        "readiness.yml": CONFIG, "app.py": APP, "conftest.py": "",
        "tests/test_a.py": given + POLLUTER.replace("LITERAL", literal), "tests/test_b.py": given + VICTIMS,
        "hostile/test_evil.py": EVIL,
    }.items():  # fmt: skip
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    environ = {
        name: held for name, held in os.environ.items() if not name.startswith(("READINESS_", "PYTEST_"))
    }
    summary = root / "summary-of-the-job.md"
    environ |= {"DEPLOY_TOKEN": ENVIRONMENT, "GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    done = subprocess.run(
        [sys.executable, "-m", "readiness", "run"],
        cwd=root,
        env=environ,
        capture_output=True,
        timeout=150,
        check=False,
    )
    for words in (["review"], ["history", "page", "trends.html"]):
        command = [sys.executable, "-m", "readiness", *words]
        subprocess.run(command, cwd=root, env=environ, capture_output=True, timeout=60, check=True)
    files = {
        path.relative_to(root).as_posix(): path for path in (root / ".readiness").rglob("*") if path.is_file()
    }
    files |= {name: root / name for name in ("PROJECT_READY.md", "FINDINGS.md", "trends.html")} | {
        "summary": summary
    }
    texts = {name: path.read_bytes() for name, path in files.items()}
    return done, texts | {"stdout": done.stdout, "stderr": done.stderr}


def record_of(texts):
    (report,) = (data for name, data in texts.items() if name.endswith("/report.json") and "runs" in name)
    return from_json(report.decode())


def test_the_run_is_judged_and_finds_its_leaks(ran):
    done, texts = ran
    assert done.returncode == 1, done.stdout.decode(errors="replace")[-3000:]
    checks = record_of(texts).by_name
    kinds = {one.test.rpartition("::")[2]: one.kind for one in checks["keys"].findings}
    assert kinds["test_victim"] == "victim"
    assert kinds["test_victim_of_a_literal"] == "victim"
    evil = {one.test.rpartition("::")[2]: one.kind for one in checks["evil"].findings}
    assert evil["test_victim_of_evil"] == "victim"
    assert len(KEYS) > 60
    for check in checks.values():
        said = [one.no_patch for one in check.findings if one.causes]
        assert not any("made" in one for one in said), (
            "a test whose name holds a key is known by its redacted name"
        )


def test_no_key_of_any_kind_is_in_any_artifact(ran):
    _, texts = ran
    kinds = {one.rpartition("/")[2] for one in texts}
    assert {
        "journal.jsonl",
        "report.json",
        "report.html",
        "report.sarif",
        "comment.md",
        "keys.xml",
        "keys.log",
    } <= kinds
    for name, data in texts.items():
        text = data.decode("utf-8", "replace")
        shown = [kind for kind, key in KEYS.items() if key in text]
        assert shown == [], f"{name} shows {shown}"
        # Not half of one either: what follows the prefix is what opens a door.
        halves = [kind for kind, key in KEYS.items() if key[-20:] in text or key[-30:-10] in text]
        assert halves == [], f"{name} shows parts of {halves}"
    assert b"[redacted:" in texts["PROJECT_READY.md"]


def test_no_piece_of_a_value_from_the_environment_is_in_any_artifact(ran):
    _, texts = ran
    for name, data in texts.items():
        pieces = [ENVIRONMENT[at : at + 10] for at in range(len(ENVIRONMENT) - 10)]
        assert not any(one.encode() in data for one in pieces), name


def test_no_escape_reaches_a_terminal_or_a_page(ran):
    _, texts = ran
    for name, data in texts.items():
        if name.endswith((".log", ".sqlite")):
            continue
        text = data.decode("utf-8", "replace")
        assert "\x1b" not in text, name
        assert "\x9b" not in text, name
        if not name.endswith((".json", ".jsonl", ".xml")):
            assert not any(sign in text for sign in REORDERING), name
    page = next(data for name, data in texts.items() if name.endswith("report.html")).decode()
    assert "<script>alert" not in page
    assert "<img" not in page
    assert page.count("<script") == 3
    for name in ("stdout", "PROJECT_READY.md", "summary"):
        assert b"\x00" not in texts[name]


def test_markdown_shows_markup_as_text(ran):
    _, texts = ran
    for name, data in texts.items():
        if name.endswith(".md") or name == "summary":
            outside_code = re.sub(
                r"^ *(`{3,})[^\n]*\n.*?^ *\1$", "", data.decode(), flags=re.DOTALL | re.MULTILINE
            )
            outside_code = re.sub(r"`[^`\n]*`", "", outside_code)
            assert not re.search(r"<(script|img)", outside_code), name


def test_every_artifact_can_be_read_and_is_bounded(ran):
    _, texts = ran
    for name, data in texts.items():
        ending = "." + name.rpartition(".")[2]
        assert len(data) <= BOUNDS.get(ending, 40_000_000), f"{name}: {len(data)} bytes"
        if ending == ".xml":
            ElementTree.fromstring(data)
        elif ending in (".json", ".sarif"):
            json.loads(data)
        elif ending == ".jsonl":
            assert all(json.loads(line) for line in data.splitlines())
    assert len(texts["stdout"]) < 1_000_000
    comment = next(data for name, data in texts.items() if name.endswith("comment.md"))
    assert len(comment) <= 65_536
    assert len(texts["summary"]) <= 1 << 20
