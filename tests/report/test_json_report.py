"""`report.json` holds the whole record and gives it back."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.record.record import REPORT_FORMAT, Record
from readiness.record.value import field_names
from readiness.report.json_report import from_json, to_json


@given(data=st.data())
def test_any_record_comes_back_exactly(
    any_record: Callable[[st.DataObject], Record], data: st.DataObject
) -> None:
    record = any_record(data)
    text = to_json(record)
    assert from_json(text) == record
    assert to_json(from_json(text)) == text
    assert text.isascii()


def test_what_other_programs_rely_on(seed: Record) -> None:
    report = json.loads(to_json(seed))
    assert report["format"] == REPORT_FORMAT == "readiness/report/1"
    assert (report["verdict"], report["exit_code"], report["gate"], report["strict"]) == (
        "NOT READY",
        1,
        "deploy",
        True,
    )
    assert report["lanes"]["nd"] == {
        "verdict": "NOT RUN",
        "age": 259200.0,
        "last_run": "20260925T091200Z-77aa",
        "last_at": "2026-09-25T09:12:00Z",
        "last_verdict": "READY",
        "alpha": None,
        "beta": None,
    }
    check = report["checks"][0]
    assert set(check) == set(field_names(seed.checks[0]))
    assert (check["name"], check["outcome"], check["ran_against"]) == (
        "all_smokes_core",
        "failed",
        "hermetic",
    )
    assert check["counts"]["passed"] == 41
    assert report["reasons"] == list(seed.reasons)
    assert report["lint"][0]["rule"] == "duplicate-command"
    run = report["run"]
    code = run["provenance"]
    assert (code["commit"][:7], code["branch"], code["dirty_files"]) == ("3f9a1c0", "main", 2)
    assert run["packages"] == {"pytest": "9.0.1", "fastapi": "0.120.0"}
    assert run["finished_at"] == "2026-09-28T09:16:12Z"
    assert run["left_out"][0]["name"] == "openai_live"


def test_keys_are_sorted_and_each_check_has_its_own_line(seed: Record) -> None:
    text = to_json(seed)
    keys = [
        line.split('"')[1]
        for line in text.splitlines()
        if line.startswith('"') and line.split('"')[2].startswith(":")
    ]
    assert keys == sorted(keys)
    assert sum(line.startswith('{"cache_miss"') for line in text.splitlines()) == len(seed.checks)


def test_a_field_of_a_newer_version_is_ignored(seed: Record) -> None:
    report = json.loads(to_json(seed))
    report["weather"] = "fine"
    report["checks"][0]["weather"] = "fine"
    report["run"]["weather"] = "fine"
    assert from_json(json.dumps(report)) == seed


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Expecting value"),
        ("[]", "its format is None"),
        ('{"format": "readiness/report/2"}', "readiness/report/2"),
        (f'{{"format": "{REPORT_FORMAT}"}}', "not a whole report"),
        (f'{{"format": "{REPORT_FORMAT}", "run": 1}}', "not a whole report"),
    ],
)
def test_what_is_no_report_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        from_json(text)


@pytest.mark.parametrize("bad", [None, 1, "x", [1], {"a": 1}])
def test_a_damaged_report_is_refused_or_read_and_nothing_else(seed: Record, bad: object) -> None:
    whole = json.loads(to_json(seed))
    refused = 0
    for key in whole:
        try:
            from_json(json.dumps(whole | {key: bad}))
        except ValueError:
            refused += 1
    assert refused >= 4, "format, verdict, run and checks at least"
