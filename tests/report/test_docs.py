"""The examples in docs/reports.md are what the functions give. `UPDATE_DOCS=1` writes them anew."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from readiness.record.record import Record
from readiness.record.redact import Redactor
from readiness.report.github import annotation_commands
from readiness.report.json_report import to_json
from readiness.report.junit import junit
from readiness.report.project_ready import project_ready
from readiness.report.terminal import summary

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reports.md"
EXAMPLE = re.compile(r"(<!-- example: (\w+) -->\n)(?:\n(`{3,})\w*\n(.*?)\n\3\n)?", re.DOTALL)


def redaction() -> str:
    before = f"curl -H 'Authorization: Bearer abc123def456' https://app:hunter22@db.example/?key={'sk'}-proj-{'Ab1' * 10}\n"
    after = Redactor(["correct horse"]).text(
        f"{before}DB_PASSWORD=hunter22 commit 3f9a1c07e5d2 said 'correct horse'\n"
    )
    return after.rstrip("\n")


@pytest.fixture(scope="session")
def rendered(seed: Record) -> dict[str, tuple[str, str]]:
    """Each example with the language of its block."""
    return {
        "terminal": ("text", summary(seed, colour=False, width=110)),
        "json": ("text", "\n".join(shortened(line) for line in to_json(seed).splitlines())),
        "junit": ("xml", junit(seed.checks[3], seed.header)),
        "project_ready": ("markdown", project_ready(seed)),
        "github": ("text", "\n".join(annotation_commands(seed))),
        "redaction": ("text", redaction()),
    }


def shortened(line: str) -> str:
    """A line of report.json without its empty fields, and of what is left the first 300 characters."""
    member = line[line.find("{") :].rstrip(",")
    if len(line) < 100 or not line.endswith(("}", "},")):
        return line
    filled = {name: each for name, each in json.loads(member).items() if each not in ("", [], {}, 0, None)}
    shown = line[: line.find("{")] + json.dumps(filled)
    return shown if len(shown) <= 300 else f"{shown[:299]}…"


def block(language: str, text: str) -> str:
    fence = "`" * (max((len(run) for run in re.findall("^`+", text, re.MULTILINE)), default=2) + 1)
    return f"\n{fence}{language}\n{text.rstrip()}\n{fence}\n"


def test_every_example_is_what_the_function_gives(rendered: dict[str, tuple[str, str]]) -> None:
    text = DOCS.read_text()
    anew = EXAMPLE.sub(lambda found: found[1] + block(*rendered[found[2]]), text)
    if os.environ.get("UPDATE_DOCS") == "1":
        DOCS.write_text(anew)
    assert [found[2] for found in EXAMPLE.finditer(text)] == list(rendered)
    assert anew == text, "run this test with UPDATE_DOCS=1, and look at what changed"


def test_the_redacted_example_holds_none_of_its_secrets() -> None:
    for secret in ("abc123def456", "hunter22", "Ab1Ab1", "correct horse"):
        assert secret not in redaction()
    assert "3f9a1c07e5d2" in redaction()
