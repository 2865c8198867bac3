from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.config.fields import LONGEST_TIME, SECTIONS
from readiness.config.load import parse_config
from readiness.config.numbers import bounds

TIMES = "write a value above 0 and at most 604800, or none"
WRONG_TIME = "6:14: `timeout` must be seconds, or text such as 90s, 10m, 1h or none, not"


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        ("timeout: 0", f'6:14: `timeout` is out of range: "0"; {TIMES}'),
        ("timeout: -5", f'6:14: `timeout` is out of range: "-5"; {TIMES}'),
        ("timeout: 0s", f'6:14: `timeout` is out of range: "0s"; {TIMES}'),
        ("timeout: 169h", f'6:14: `timeout` is out of range: "169h"; {TIMES}'),
        ("timeout: 604800.5", f'6:14: `timeout` is out of range: "604800.5"; {TIMES}'),
        ("timeout: 90 s", f'{WRONG_TIME} "90 s"; see `timeout` in docs/config.md'),
        ("timeout: 1h30m", f'{WRONG_TIME} "1h30m"; see `timeout` in docs/config.md'),
        ("timeout: 1.s", f'{WRONG_TIME} "1.s"; see `timeout` in docs/config.md'),
        ("timeout: .5m", f'{WRONG_TIME} ".5m"; see `timeout` in docs/config.md'),
        ("timeout: s", f'{WRONG_TIME} "s"; see `timeout` in docs/config.md'),
        ('timeout: "90"', f'{WRONG_TIME} "90"; see `timeout` in docs/config.md'),
        ('timeout: ""', f'{WRONG_TIME} ""; see `timeout` in docs/config.md'),
        ("timeout: ten", f'{WRONG_TIME} "ten"; see `timeout` in docs/config.md'),
        ("timeout: ٣s", f'{WRONG_TIME} "٣s"; see `timeout` in docs/config.md'),
        ("timeout: true", f'{WRONG_TIME} the truth value "true"; write "true" in quotes'),
        ("timeout: [1]", f"{WRONG_TIME} a list; see `timeout` in docs/config.md"),
        ("timeout:", "6:13: `timeout` has no value; give it one, or remove the key"),
        # 8 to YAML 1.1, 10 to YAML 1.2; 90 to the one, text to the other.
        ("timeout: 010", '6:14: `timeout` is not a plain decimal number: "010"; '
         "write it in digits, above 0 and at most 604800, or none"),
        ("timeout: 1:30", '6:14: `timeout` is not a plain decimal number: "1:30"; '
         "write it in digits, above 0 and at most 604800, or none"),
        ("timeout: .inf", '6:14: `timeout` is not a plain decimal number: ".inf"; '
         "write it in digits, above 0 and at most 604800, or none"),
        ("timeout: .nan", '6:14: `timeout` is not a plain decimal number: ".nan"; '
         "write it in digits, above 0 and at most 604800, or none"),
        ("cores: 0", '6:12: `cores` is out of range: "0"; write a value at least 1 and at most 1024'),
        ("cores: 1.5", '6:12: `cores` must be a whole number, not the number "1.5"; write the number, without quotes'),
        ('cores: "2"', '6:12: `cores` must be a whole number, not "2"; write the number, without quotes'),
        ("cores: 0x2", '6:12: `cores` is not a plain decimal number: "0x2"; write it in digits, at least 1 and '
         "at most 1024"),
        ("cores: 1_0", '6:12: `cores` is not a plain decimal number: "1_0"; write it in digits, at least 1 and '
         "at most 1024"),
        ("cores: !!int 1.5", '6:12: `cores` is not a plain decimal number: "1.5"; write it in digits, at least 1 and '
         "at most 1024"),
        ("cores: !!int e", '6:12: `cores` is not a plain decimal number: "e"; write it in digits, at least 1 and '
         "at most 1024"),
        ("trials: {good: 0.9, bad: 0.5, alpha: !!float 1..2}", '6:42: `alpha` is not a plain decimal number: "1..2"; '
         "write it in digits, above 0 and below 0.5"),
        ("trials: {good: 1, bad: 0.5}", '6:20: `good` is out of range: "1"; write a value above 0 and below 1'),
        ("trials: {good: 0.5, bad: 0}", '6:30: `bad` is out of range: "0"; write a value above 0 and below 1'),
        ("trials: {good: 0.9, bad: 0.5, alpha: 0.5}", '6:42: `alpha` is out of range: "0.5"; '
         "write a value above 0 and below 0.5"),
        ("trials: {good: 0.9, bad: 0.5, beta: 0}", '6:41: `beta` is out of range: "0"; '
         "write a value above 0 and below 0.5"),
        ("trials: {good: high, bad: 0.5}", '6:20: `good` must be a number, not "high"; write the number, without quotes'),
        ("trials: {good: 0.9, bad: 0.5, budget: {trials: 0}}", '6:52: `trials` is out of range: "0"; '
         "write a value at least 1 and at most 1000000"),
        ("trials: {good: 0.9, bad: 0.5, budget: {seconds: none}}", '6:53: `seconds` must be seconds, or text such as '
         '90s, 10m or 1h, not "none"; see `seconds` in docs/config.md'),
        ("trials: {good: 0.9, bad: 0.5, budget: {cost: 1.0e+999}}", '6:50: `cost` is out of range: "1.0e+999"; '
         "write a value above 0 and at most 1000000"),
    ],
)  # fmt: skip
def test_a_wrong_number_is_told_with_its_place(
    faults_of: Callable[[str], list[str]], check_with: Callable[[str], str], extra: str, told: str
) -> None:
    assert faults_of(check_with(extra)) == [told]


def test_a_number_of_five_thousand_digits_is_no_crash(
    faults_of: Callable[[str], list[str]], check_with: Callable[[str], str]
) -> None:
    assert "`cores` is out of range" in faults_of(check_with(f"cores: {'9' * 5000}"))[0]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("5", 5.0),
        ("0.5", 0.5),
        ("90s", 90.0),
        ("10m", 600.0),
        ("1.5h", 5400.0),
        ("none", None),
        ('"none"', None),
    ],
)
def test_times_are_seconds(check_with: Callable[[str], str], written: str, seconds: float | None) -> None:
    assert parse_config(check_with(f"timeout: {written}"), "f").checks[0].timeout == seconds
    assert parse_config(check_with(f"test_timeout: {written}"), "f").checks[0].test_timeout == seconds


@given(st.integers(min_value=1, max_value=int(LONGEST_TIME)))
def test_every_whole_number_of_seconds_in_range_is_read(seconds: int) -> None:
    text = f"version: 2\nchecks: [{{name: a, lane: core, run: x, timeout: {seconds}}}]"
    assert parse_config(text, "f").checks[0].timeout == seconds


def test_bounds_in_words() -> None:
    assert bounds(SECTIONS["trials"]["alpha"]) == "above 0 and below 0.5"
    assert bounds(SECTIONS["budget"]["calls"]) == "at least 1 and at most 1000000000"
    assert bounds(SECTIONS["check"]["description"]) == ""
