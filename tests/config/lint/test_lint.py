"""The lint as a whole: order, rules and their documentation, the seed's configuration, and its cost."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readiness.config.lint import RULES, lint
from readiness.config.load import parse_config
from readiness.config.model import Check, Config, Gate, Place

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[3]


def hand_built(*commands: str) -> Config:
    checks = tuple(
        Check(
            f"c{number}",
            "core",
            command,
            Place("readiness.yml", number + 2, 1),
            Place("readiness.yml", number + 2, 9),
        )
        for number, command in enumerate(commands)
    )
    gate = Gate("dev", ("core",), False, Place("readiness.yml", 1, 1))
    return Config("readiness.yml", 2, "", (gate,), (), checks)


def test_a_clean_configuration_has_nothing_but_the_note_on_ci(
    project: Callable[[dict[str, str]], Path],
) -> None:
    root = project({"tests/test_a.py": ""})
    assert [(one.rule, one.severity) for one in lint(hand_built("pytest tests"), str(root), deep=True)] == [
        ("unreached-lane", "note")
    ]


def test_the_seed_is_seen_through(project: Callable[[dict[str, str]], Path]) -> None:
    """The field report's configuration: a legacy entry, a soft make target, a lane that CI never reaches."""
    root = project(
        {
            "tests/smoke/test_a.py": "",
            "tests/smoke_optional/test_b.py": "",
            "tests/ndsmoke/test_c.py": "",
            "scripts/mvp_check.py": "",
            "Makefile": "smokes-nd-real:\n\tND_REAL=1 pytest -q tests/ndsmoke || true\n"
            "project-ready:\n\tREADINESS_EXPECT=all_smokes_core python scripts/mvp_check.py\n",
            ".github/workflows/ci.yml": "steps:\n  - run: make project-ready\n",
        }
    )
    text = """\
- {name: all_smokes, run: pytest tests/smoke tests/smoke_optional}
- {name: all_smokes_core, run: pytest -q tests/smoke}
- {name: smokes_optional, run: pytest -q tests/smoke_optional}
- {name: code_loop, run: python -m pytest tests/smoke_optional}
- {name: all_smokes_nd, run: make smokes-nd-real}
"""
    found = lint(parse_config(text, "readiness.yml"), str(root), ("all_smokes_core",), deep=True)
    assert [(one.where, one.rule, one.severity) for one in found] == [
        ("Makefile:2", "toothless-command", "error"),
        ("readiness.yml:1", "contained-command", "warning"),
        ("readiness.yml:1", "lane-guess", "note"),
        ("readiness.yml:4", "duplicate-command", "warning"),
        ("readiness.yml:5", "nd-without-trials", "warning"),
        ("readiness.yml:5", "unreached-lane", "warning"),
    ]


def test_findings_come_by_file_and_line(project: Callable[[dict[str, str]], Path]) -> None:
    root = project({"Makefile": "t:\n\t-pytest\n"})
    commands = ["make t", *["true"] * 10]
    places = [
        one.where for one in lint(hand_built(*commands), str(root), deep=False) if one.severity == "error"
    ]
    assert places == ["Makefile:2", *[f"readiness.yml:{line}" for line in range(3, 13)]]
    assert lint(hand_built(*commands), str(root), deep=False) == lint(
        hand_built(*commands), str(root), deep=False
    )


def test_every_rule_is_documented_and_every_documented_rule_exists() -> None:
    text = (ROOT / "docs" / "lint.md").read_text()
    assert re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE) == list(RULES)


def test_every_rule_is_shown_to_find_something() -> None:
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert [rule for rule in RULES if f'"{rule}"' not in tests] == []


def test_a_small_configuration_loads_only_what_every_run_needs(
    project: Callable[[dict[str, str]], Path],
) -> None:
    root = project({"tests/test_a.py": "", "src/a.py": ""})
    (root / "readiness.yml").write_text(
        "version: 2\nchecks:\n"
        "- {name: a, lane: core, run: 'pytest tests -m \"not (nd or live)\"', inputs: ['src/**']}\n"
        "- {name: b, lane: core, run: python -m mypy src}\n"
    )
    program = (
        "import sys; from readiness.config.load import load; config = load('readiness.yml');"
        "start = set(sys.modules); from readiness.config.lint import lint;"
        "before = set(sys.modules); lint(config, '.', deep=False);"
        "print(*sorted(set(sys.modules) - before)); print(*sorted(before - start))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True
    )
    added, loaded = (line.split() for line in done.stdout.splitlines())
    assert added == ["readiness.config.lint.reach"]
    assert not {"subprocess", "pathlib", "typing", "shlex", "glob", "tempfile", "configparser", "tomllib"} & {
        *loaded
    }


PROGRAMS = (
    "set",
    "cd",
    "trap",
    "exit",
    "wait",
    "export",
    "env",
    "timeout",
    "python",
    "pytest",
    "make",
    "bash",
    "sh",
)
MORE = (
    "npm",
    "uv",
    "coverage",
    "test",
    "curl",
    "git",
    ".",
    "source",
    "readiness",
    "run",
    "clone",
    "EXIT",
    "1",
    "..",
)
OPTIONS = (
    "-e",
    "-c",
    "-o",
    "pipefail",
    "-m",
    "-k",
    "-n",
    "-C",
    "-f",
    "--gate",
    "--",
    "-",
    "''",
    "'exit 0'",
    "A=1",
)
GRAMMAR = (
    "[",
    "]",
    "[[",
    "]]",
    "if",
    "then",
    "else",
    "fi",
    "for",
    "do",
    "done",
    "case",
    "in",
    "esac",
    "f()",
    "{",
    "}",
)
OPERATORS = (
    "(",
    ")",
    "!",
    "&&",
    "||",
    "|",
    ";",
    "&",
    ">",
    "<<",
    "EOF",
    "$X",
    "${X:-d}",
    '"$@"',
    "$(",
    '"',
    "https://x.y/",
)
WORDS = st.sampled_from([*PROGRAMS, *MORE, *OPTIONS, *GRAMMAR, *OPERATORS])
PHRASES = st.lists(WORDS, min_size=1, max_size=9).map(" ".join).filter(str.strip)
COMMANDS = PHRASES | st.text(alphabet="ab |&;()<>$'\"`\\\n=-./*[]{}!#", max_size=30).filter(str.strip)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(COMMANDS, min_size=1, max_size=4))
def test_no_command_breaks_a_rule(tmp_path: Path, commands: list[str]) -> None:
    for one in lint(hand_built(*commands), str(tmp_path), deep=False):
        assert one.rule in RULES
        assert one.where.rpartition(":")[2].isdigit()
        assert one.message
        assert one.advice
