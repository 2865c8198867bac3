from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.config.fields import PATTERNS
from readiness.config.load import parse_config
from readiness.config.words import is_name, is_variable, leaves_project

NAME_ADVICE = "use at most 100 letters, digits, _ . - and begin with a letter, digit or _"
text_near_names = st.text(alphabet="aZ_0-./~ é\n", max_size=6) | st.text("a", min_size=98, max_size=102)


@given(text_near_names)
def test_names_are_what_the_schema_says(text: str) -> None:
    # JSON Schema's `$` is ECMAScript's: the very end.
    assert is_name(text) == bool(re.search(PATTERNS["name"].replace("$", r"\Z"), text))


@given(text_near_names)
def test_variables_are_what_the_schema_says(text: str) -> None:
    assert is_variable(text) == bool(re.search(PATTERNS["variable"].replace("$", r"\Z"), text))


@given(st.text(alphabet="a./\n", max_size=8))
def test_paths_are_what_the_schema_says(text: str) -> None:
    allowed = bool(text) and not leaves_project(text)
    assert allowed == bool(re.search(PATTERNS["path"].replace("$", r"\Z"), text))


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        (
            "description: 3",
            '6:18: `description` must be text, not the number "3"; write "3" in quotes',
        ),
        (
            "description: 1.5",
            '6:18: `description` must be text, not the number "1.5"; write "1.5" in quotes',
        ),
        (
            "description: yes",
            '6:18: `description` must be text, not the truth value "yes"; write "yes" in quotes',
        ),
        (
            "description: 2025-09-28",
            '6:18: `description` must be text, not the date "2025-09-28"; write "2025-09-28" in quotes',
        ),
        (
            "description: [a]",
            "6:18: `description` must be text, not a list; see `description` in docs/config.md",
        ),
        (
            "description: {a: b}",
            "6:18: `description` must be text, not a mapping; see `description` in docs/config.md",
        ),
        (
            "description: !loud a",
            '6:18: `description` must be text, not a value with the tag "!loud"; remove the tag',
        ),
        (
            "description: !!binary aGk=",
            '6:18: `description` must be text, not a value with the tag "tag:yaml.org,2002:binary"; remove the tag',
        ),
        ("description:", "6:17: `description` has no value; give it one, or remove the key"),
        ("description: null", "6:18: `description` has no value; give it one, or remove the key"),
        (
            r'description: "a\0b"',
            "6:18: `description` holds a NUL character; remove it: no command or file can hold one",
        ),
        ('python: ""', "6:13: `python` is empty; write what to run"),
        (
            "cwd: ../elsewhere",
            '6:10: `cwd` leaves the project: "../elsewhere"; write a path from the project\'s root, '
            "without ..",
        ),
        (
            "cwd: /etc",
            '6:10: `cwd` leaves the project: "/etc"; write a path from the project\'s root, without ..',
        ),
        (
            "cwd: a/../../b",
            '6:10: `cwd` leaves the project: "a/../../b"; write a path from the project\'s root, without ..',
        ),
        ('cwd: ""', "6:10: `cwd` is empty; write . for the project's root"),
        ("isolation: strickt", '6:16: unknown isolation "strickt"; did you mean strict?'),
        ("isolation: qqqq", '6:16: unknown isolation "qqqq"; known: trace, strict, off'),
        # YAML 1.1 reads a bare off as a truth value.
        (
            "isolation: off",
            '6:16: `isolation` must be one of trace, strict, off, not the truth value "off"; write "off" in quotes',
        ),
        (
            "optional: 1",
            '6:15: `optional` must be true or false, not the number "1"; write true or false, without quotes',
        ),
        (
            'optional: "yes"',
            '6:15: `optional` must be true or false, not "yes"; write true or false, without quotes',
        ),
        (
            "optional: !!bool maybe",
            '6:15: `optional` must be true or false, not the truth value "maybe"; write true or false, without quotes',
        ),
        (
            "optional: [true]",
            "6:15: `optional` must be true or false, not a list; see `optional` in docs/config.md",
        ),
    ],
)
def test_a_wrong_word_is_told_with_its_place(
    faults_of: Callable[[str], list[str]], check_with: Callable[[str], str], extra: str, told: str
) -> None:
    assert faults_of(check_with(extra)) == [told]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("- {name: a, lane: core, run: ''}", "3:30: `run` is empty; write what to run"),
        ('- {name: a, lane: core, run: " \\n"}', "3:30: `run` is empty; write what to run"),
        (
            "- {name: a, lane: core, run: true}",
            '3:30: `run` must be a shell command, not the truth value "true"; write "true" in quotes',
        ),
        (
            "- {name: a, lane: core, run: [pytest, tests]}",
            "3:30: `run` must be a shell command, not a list; see `run` in docs/config.md",
        ),
        (
            "- {name: a b, lane: core, run: x}",
            f'3:10: `name` is "a b", which cannot name a file; {NAME_ADVICE}',
        ),
        (
            "- {name: ../a, lane: core, run: x}",
            f'3:10: `name` is "../a", which cannot name a file; {NAME_ADVICE}',
        ),
        (
            "- {name: -a, lane: core, run: x}",
            f'3:10: `name` is "-a", which cannot name a file; {NAME_ADVICE}',
        ),
        ('- {name: "", lane: core, run: x}', f'3:10: `name` is "", which cannot name a file; {NAME_ADVICE}'),
        (
            '- {name: "a\\n", lane: core, run: x}',
            f'3:10: `name` is "a\\n", which cannot name a file; {NAME_ADVICE}',
        ),
        (
            f"- {{name: {'a' * 101}, lane: core, run: x}}",
            f'3:10: `name` is "{"a" * 57}…", which cannot name a file; {NAME_ADVICE}',
        ),
        (
            "- {name: 3, lane: core, run: x}",
            '3:10: `name` must be a name, not the number "3"; write "3" in quotes',
        ),
        ("- {name: a, lane: Core, run: x}", '3:19: unknown lane "Core"; did you mean core?'),
        ("- {name: a, lane: n, run: x}", '3:19: unknown lane "n"; did you mean nd?'),
    ],
)
def test_a_check_needs_a_name_a_lane_and_a_command(
    faults_of: Callable[[str], list[str]], line: str, told: str
) -> None:
    assert faults_of(f"version: 2\nchecks:\n{line}\n") == [told]


@pytest.mark.parametrize(
    ("word", "value"),
    [("true", True), ("yes", True), ("On", True), ("no", False), ("FALSE", False), ("off", False)],
)
def test_every_truth_value_of_yaml_counts(check_with: Callable[[str], str], word: str, value: bool) -> None:
    assert parse_config(check_with(f"optional: {word}"), "f").checks[0].optional is value


def test_words_are_kept_as_written(check_with: Callable[[str], str]) -> None:
    check = parse_config(check_with('description: "  é 😀\\n"'), "f").checks[0]
    assert check.description == "  é 😀\n"
    assert parse_config(check_with("cwd: sub/folder"), "f").checks[0].cwd == "sub/folder"
