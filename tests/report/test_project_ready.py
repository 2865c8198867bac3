"""`PROJECT_READY.md` tells all, escapes all, and gives the tick to nothing that did not pass."""

from __future__ import annotations

import re
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from readiness.record.outcome import Outcome
from readiness.record.record import Record
from readiness.record.value import replace
from readiness.report.project_ready import project_ready


def section(text: str, title: str) -> list[str]:
    lines = text.split("\n")
    start = lines.index(f"## {title}") + 2
    end = next((at for at in range(start, len(lines)) if lines[at].startswith("## ")), len(lines))
    return [line for line in lines[start:end] if line]


def outside_fences(text: str) -> list[str]:
    lines, fence = [], ""
    for line in text.split("\n"):
        if not fence:
            lines.append(line)
            fence = re.match("(`{3,})|", line)[1] or ""
        elif line == fence:
            fence = ""
    assert not fence, "a fence is left open"
    return lines


def test_it_starts_with_the_verdict_what_was_judged_and_every_reason(seed: Record) -> None:
    lines = project_ready(seed).split("\n")
    assert lines[0] == "# NOT READY"
    assert lines[2].startswith(
        "Gate `deploy` (strict) at 3f9a1c07e5d2b84f6a90c3e17d5b28f4a1b2c3d4 and 2 changed files"
    )
    assert "2026-09-28T09:15:00Z, 1 min 12 s" in lines[2]
    assert len([line for line in lines[3:7] if line.startswith("- ")]) == 2


def test_what_went_wrong_names_the_test_the_place_its_blob_the_values_and_the_log(seed: Record) -> None:
    text = "\n".join(section(project_ready(seed), "What went wrong"))
    assert "### `all_smokes_core`: failed" in text
    assert "at `tests/smoke_optional/test_agent_proxy_validation_errors.py:52` (blob `5f3c9e1d`):" in text
    assert "E   AssertionError: assert {} == {'X-Env': 'B', 'X-Req': 'C'}" in text
    assert "Whole log: `.readiness/runs/20260928T091500Z-3f9a/logs/all_smokes_core.log`" in text
    assert "### `shim_docs`: hollow, optional" in text


def test_each_lane_has_its_meaning_verdict_and_age(seed: Record) -> None:
    _, _, core, nd, live = section(project_ready(seed), "Lanes")
    assert core == "| `core` | deterministic, without a network | NOT READY | no network, proved | now |"
    assert nd.endswith("| NOT RUN | nothing | last READY 3 days ago, 2026-09-25T09:12:00Z |")
    assert live.endswith("| NOT RUN | nothing | never |")


def test_what_did_not_run_says_why(seed: Record) -> None:
    assert section(project_ready(seed), "What did not run") == [
        "- `smokes_nd_real` (nd): service model: not ready after 60 s",
        "- `openai_live` (live): not in this run: lane live is not in gate deploy; --lane live runs it",
    ]


def test_skips_lint_services_notes_and_the_command_are_there(seed: Record) -> None:
    text = project_ready(seed)
    assert "no docker here" in section(text, "Skipped tests")[2]
    assert "`readiness.yml:31:5`" in section(text, "Lint")[2]
    assert "| `model` | failed | not ready after 60 s |" in section(text, "Services")[2]
    assert section(text, "Heard, but not deciding") == ["- shim_docs (optional): hollow: all 3 tests skipped"]
    assert section(text, "The same run again") == [
        "```sh",
        "STRICT_READY=1 readiness run --gate deploy",
        "```",
    ]
    assert any(line == "| packages | fastapi 0.120.0, pytest 9.0.1 |" for line in section(text, "The run"))


def test_parts_with_nothing_in_them_are_left_out(ready: Record) -> None:
    text = project_ready(ready)
    for title in (
        "What went wrong",
        "Lint",
        "Services",
        "Skipped tests",
        "What the gate itself could not do",
    ):
        assert f"## {title}" not in text
    assert text.startswith("# READY\n")


def test_an_interrupted_and_resumed_run_says_so(seed: Record) -> None:
    text = project_ready(replace(seed, interrupted="SIGINT", resumed=2, problems=("a disk was full",)))
    assert "**Interrupted: SIGINT.** Resumed 2 times." in text
    assert section(text, "What the gate itself could not do") == ["- a disk was full"]


def test_a_command_without_test_records_shows_the_last_it_wrote(seed: Record) -> None:
    check = replace(seed.checks[0], failures=(), last_output="one\n" * 100 + "the end\n")
    story = section(project_ready(replace(seed, checks=(check,))), "What went wrong")
    assert "… 61 lines before" in story
    assert "the end" in story


def unescaped(line: str) -> str:
    """Without the signs that a backslash makes plain ones (CommonMark 2.4); no code span of ours holds a backslash."""
    return re.sub(r"\\[!-/:-@\[-`{-~]", "", line)


@given(data=st.data())
def test_nothing_from_outside_becomes_markup(
    any_record: Callable[[st.DataObject], Record], data: st.DataObject
) -> None:
    record = any_record(data)
    lines = outside_fences(project_ready(record))
    for line in lines:
        bare = re.sub(r"`[^`]*`", "", unescaped(line)) if not line.startswith("```") else ""
        assert not re.search(r"<(?!/?code>)", bare), line
        assert "\x1b" not in line
        assert not re.search(r"(?<!\\)\]\(", bare), line
    titles = [line for line in lines if re.match("#+ ", line)]
    assert titles[0] == f"# {record.verdict}"
    assert all(re.match(r"## [A-Z][a-z ,]+$|### ", title) for title in titles[1:])
    columns = 0
    for line in lines:
        if re.match(r"\|( ---)? ?", line):
            columns = columns or unescaped(line).count("|")
            assert unescaped(line).count("|") == columns, line
        else:
            columns = 0


@given(data=st.data())
def test_the_tick_is_for_what_passed_alone(
    any_record: Callable[[st.DataObject], Record], data: st.DataObject
) -> None:
    record = any_record(data)
    if record.checks:
        rows = section(project_ready(record), "Checks")[2:]
        assert len(rows) == len(record.checks)
        for line, check in zip(rows, record.checks, strict=True):
            assert ("✔ passed" in line) == (check.outcome is Outcome.PASSED)
            assert check.outcome.value.replace("_", " ") in line
