from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.config.fault import ConfigError, Fault
from readiness.config.load import load, parse_config, read_text
from readiness.config.model import Check

SMALL = "version: 2\nchecks: [{name: a, lane: core, run: x}]\n"
INIT = "write one with `readiness init`"


def loaded_or_faults(text: str) -> tuple[Check, ...] | tuple[Fault, ...]:
    """The checks of a text, or what is wrong with it; any other exception is a failure."""
    try:
        return parse_config(text, "f").checks
    except ConfigError as error:
        return error.faults


def test_a_file_is_loaded_with_its_digest(tmp_path: Path) -> None:
    (tmp_path / "readiness.yml").write_text(SMALL)
    config = load(str(tmp_path / "readiness.yml"))
    assert config.sha256 == hashlib.sha256(SMALL.encode()).hexdigest()
    assert config.path == "readiness.yml"
    assert str(config.checks[0].place) == "readiness.yml:2:10"


def test_a_relative_path_is_shown_as_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ci").mkdir()
    (tmp_path / "ci" / "gate.yml").write_text(SMALL)
    monkeypatch.chdir(tmp_path)
    assert load("ci/gate.yml").path == "ci/gate.yml"
    assert load("ci/gate.yml", shown="elsewhere.yml").path == "elsewhere.yml"
    with pytest.raises(ConfigError, match=r"^ci/none\.yml:1:1: there is no such file; write one with"):
        load("ci/none.yml")


def test_text_is_read_before_it_is_judged(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"not: [yaml\r\n")
    assert read_text(str(tmp_path / "f")) == "not: [yaml\r\n"
    (tmp_path / "f").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        read_text(str(tmp_path / "f"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", f"1:1: the file is empty; {INIT}"),
        ("# only a comment\n", f"1:1: the file is empty; {INIT}"),
        ("---\n", f"1:1: the file is empty; {INIT}"),
        ("~", f"1:1: the file is empty; {INIT}"),
        ("hello", f'1:1: the file must hold a mapping with `version` and `checks`, not "hello"; {INIT}'),
        (
            "\n 3",
            f'2:2: the file must hold a mapping with `version` and `checks`, not the number "3"; {INIT}',
        ),
        (
            "version: 3\nchecks: []",
            '1:10: `version` must be the number 1 or 2, not the number "3"; write version: 2',
        ),
        ("version: '2'\nchecks: []", '1:10: `version` must be the number 1 or 2, not "2"; write version: 2'),
        (
            "version: 2.0\nchecks: []",
            '1:10: `version` must be the number 1 or 2, not the number "2.0"; write version: 2',
        ),
        (
            "version: [2]\nchecks: []",
            "1:10: `version` must be the number 1 or 2, not a list; write version: 2",
        ),
        ("version:\nchecks: []", "1:9: `version` must be the number 1 or 2, not nothing; write version: 2"),
    ],
)
def test_a_file_that_is_no_configuration_is_refused(
    faults_of: Callable[[str], list[str]], text: str, told: str
) -> None:
    assert faults_of(text) == [told]


@pytest.mark.parametrize(
    "text",
    [
        "gates: {dev: {lanes: [core]}}\nchecks: [{name: a, lane: core, run: x}]",
        "services: {}\nchecks: [{name: a, lane: core, run: x}]",
        "checks: [{name: a, lane: core, run: x}]",
    ],
)
def test_a_new_form_without_version_misses_just_that(
    faults_of: Callable[[str], list[str]], text: str
) -> None:
    assert faults_of(text) == ["1:1: the file has no `version`; add `version: 2`"]


@given(
    st.recursive(
        st.sampled_from(["a", "2", "'x'", "core", "~", "*a", "&a b", "!t c", "yes", "1.5"]),
        lambda inner: (
            st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
            | st.lists(
                st.tuples(
                    st.sampled_from(["version", "checks", "name", "run", "lane", "env", "<<", "gates"]), inner
                ),
                max_size=4,
            ).map(lambda pairs: "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}")
        ),
        max_leaves=12,
    )
)
def test_whatever_the_text_it_loads_or_is_refused_with_places_in_it(text: str) -> None:
    outcome = loaded_or_faults(text)
    for fault in outcome:
        assert isinstance(fault, Check) or (
            fault.place.line == 1 and 1 <= fault.place.column <= len(text) + 1
        )
        assert isinstance(fault, Check) or (fault.message and fault.advice)
    assert outcome


@given(st.text(max_size=80) | st.text(alphabet="-: {}[]&*!|>'\"%@\n\tabc", max_size=80))
def test_any_text_loads_or_is_refused(text: str) -> None:
    outcome = loaded_or_faults(text)
    assert outcome
    assert all(isinstance(one, Check) or (one.message and one.advice) for one in outcome)


def test_loading_needs_no_more_of_the_library_than_it_uses() -> None:
    """What a run pays at its start: none of these is needed to read a file."""
    heavy = {
        "subprocess",
        "asyncio",
        "pathlib",
        "tempfile",
        "shutil",
        "difflib",
        "json",
        "jsonschema",
        "decimal",
    }
    code = "import sys, yaml; before = set(sys.modules); import readiness.config.load; print(*set(sys.modules) - before)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(ran.stdout.split())
    assert "readiness.config.nodes" in loaded
    assert not loaded & heavy
    assert not loaded & {"readiness.config.schema", "readiness.config.migrate", "readiness.config.reference"}
