from __future__ import annotations

import re
from pathlib import Path

import pytest

from readiness.config.fault import ConfigError
from readiness.config.fields import SECTIONS
from readiness.config.load import parse_config
from readiness.config.reference import MARK, reference

PAGE = Path(__file__).parents[2] / "docs" / "config.md"


def test_the_page_is_up_to_date() -> None:
    """When this fails, put `MARK` and `reference()` in the place of what follows the mark."""
    assert PAGE.read_text(encoding="utf-8").partition(MARK)[2] == f"\n\n{reference()}"


def test_every_key_of_the_table_is_on_the_page() -> None:
    made = reference()
    for fields in SECTIONS.values():
        for name, field in fields.items():
            assert f"| `{name}` | " in made
            assert field.doc in made


def test_the_table_shows_limits_choices_and_defaults() -> None:
    rows = {line.split(" | ")[0]: line for line in reference().splitlines() if line.startswith("| `")}
    assert rows["| `alpha`"] == (
        "| `alpha` | a number (above 0 and below 0.5) | `0.05` | Risk of failing a good check. |"
    )
    assert " | one of `trace`, `strict`, `off` | `trace` | " in rows["| `isolation`"]
    assert " | required | " in rows["| `good`"]
    assert " | true or false | `true` | " in rows["| `cache`"]


def test_the_examples_of_the_page_load() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    forms = [parse_config(block, "readiness.yml").form for block in blocks]
    assert forms == [2, 1]


def test_the_faults_of_the_page_are_those_of_the_loader() -> None:
    """The transcript of the page, word for word."""
    page = PAGE.read_text(encoding="utf-8")
    broken = re.findall(r"```yml\n(.*?)```", page, re.DOTALL)[0]
    shown = re.findall(r"```text\n(.*?)```", page, re.DOTALL)[0]
    with pytest.raises(ConfigError) as caught:
        parse_config(broken, "readiness.yml")
    assert f"{caught.value}\n" == shown
