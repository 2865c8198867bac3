"""The functions of the page's script that take values and return values, under node."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest

from readiness.report.html.page import FOLDER

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed: the page's script is not run")

ROWS = [
    [0, "smokes", 0, 1, "", "1 of 2 failed", 0],
    [0, "docs", 1, 0, "", "7 passed", -1],
    [1, "tests/a.py::test_smoke", 0, 1, "", "a.py:3 AssertionError: <b>", 0],
]


def call(expression: str) -> Any:
    script = (
        f"const page = require({json.dumps(f'{FOLDER}/page.js')}); console.log(JSON.stringify({expression}))"
    )
    done = subprocess.run([str(NODE), "-e", script], capture_output=True, text=True, timeout=30, check=True)
    return json.loads(done.stdout)


def test_rows_are_filtered_by_outcome_kind_and_every_word() -> None:
    asked = (
        ("[0, 1]", "", ""),
        ("[1]", "", ""),
        ("[]", "", ""),
        ("[0, 1]", "1", ""),
        ("[0, 1]", "", "SMOKE assertion"),
        ("[0, 1]", "", "smokes"),
        ("[0, 1]", "", ".*"),
    )
    rows = json.dumps(ROWS)
    calls = ", ".join(
        f"page.matching({rows}, ['smokes', 'docs'], new Set({wanted}), {json.dumps(kind)}, {json.dumps(text)})"
        for wanted, kind, text in asked
    )
    assert call(f"[{calls}]") == [[0, 1, 2], [0, 2], [], [2], [2], [0, 2], []]


def test_outcomes_are_counted() -> None:
    assert call(f"page.tally({json.dumps(ROWS)}, ['passed', 'failed', 'hollow'])") == [1, 2, 0]


def test_what_is_searched_for_is_text_and_no_pattern() -> None:
    asked = [
        ("a.b aXb A.B", "a.b"),
        ("x", ""),
        ("(((", "(("),
        ("İi", "i"),
        ("a|b-c]\\/", "|b-c]\\/"),
        ("aaa", "^a"),
    ]
    calls = ", ".join(f"page.places({json.dumps(inside)}, {json.dumps(text)})" for inside, text in asked)
    found = call(f"[{calls}]")
    assert found == [[[0, 3], [8, 11]], [], [[0, 2]], [[1, 2]], [[1, 8]], []]


def test_what_is_left_out_is_said() -> None:
    assert call("page.counted(1, 2, 3, 0, 0)") == "1 of 2 matching rows shown, 3 in all."
    said = call("page.counted(1, 2, 3, 4, 5)")
    assert "4 more left out here" in said
    assert said.endswith("which the record only counts: 5.")
