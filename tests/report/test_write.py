"""Every report is written, or it is said which was not; one that cannot be written takes no other with it."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.record.record import Record
from readiness.record.value import replace
from readiness.report.html import page
from readiness.report.json_report import from_json
from readiness.report.write import file_name, write_reports


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    run, root = tmp_path / "runs" / "1", tmp_path / "project"
    run.mkdir(parents=True)
    root.mkdir()
    return run, root


def test_every_format_is_there(seed: Record, places: tuple[Path, Path]) -> None:
    run, root = places
    assert write_reports(seed, str(run), str(root), environ={}) == ()
    assert from_json((run / "report.json").read_text()) == seed
    names = {path.stem for path in (run / "junit").iterdir()}
    assert names == {check.name for check in seed.checks}
    for path in (run / "junit").iterdir():
        assert ElementTree.parse(path).getroot().tag == "testsuite"
    assert (root / "PROJECT_READY.md").read_text().startswith("# NOT READY\n")
    assert json.loads((run / "report.sarif").read_text())["version"] == "2.1.0"
    assert (run / "comment.md").read_text().startswith("<!-- readiness: gate deploy -->\n")
    left = [path for path in (*run.rglob("*"), *root.rglob("*")) if path.name.endswith(".part")]
    assert left == []


def test_junit_lists_every_test_where_the_run_knows_them(seed: Record, places: tuple[Path, Path]) -> None:
    run, root = places
    check = seed.checks[0]
    failing = check.failures[0].test
    tests = [
        ["a.py::test_ok", "passed", 1, 0, 0.25],
        [failing, "failed", 0, 1, 0.5],
        ["b.py::test_x", "flaky", 1, 1, 0],
    ]
    (run / "tests").mkdir()
    (run / "tests" / f"{check.name}.json").write_text(
        json.dumps({"format": "readiness/tests/1", "tests": tests})
    )
    (run / "tests" / f"{seed.checks[1].name}.json").write_text("damaged")
    assert write_reports(seed, str(run), str(root), environ={}) == ()
    suite = ElementTree.parse(run / "junit" / f"{check.name}.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")
    assert [
        (one.get("name"), one.get("time"), [inner.tag for inner in one]) for one in suite.iter("testcase")
    ] == [
        ("test_ok", "0.250", []),
        (failing.rpartition("::")[2], "0.500", ["properties", "failure"]),
        ("test_x", "0.000", []),
    ]
    other = ElementTree.parse(run / "junit" / f"{seed.checks[1].name}.xml").getroot()
    assert other.get("tests") == "8", "what the record counts, and the command itself"


def test_the_page_has_the_ends_of_the_logs(seed: Record, tmp_path: Path) -> None:
    run = tmp_path / ".readiness" / "runs" / seed.header.run_id
    (run / "logs").mkdir(parents=True)
    (tmp_path / str(seed.checks[0].log)).write_text("the last it wrote\n")
    assert write_reports(seed, str(run), str(tmp_path), environ={}) == ()
    shown = (run / "report.html").read_text()
    assert shown.startswith("<!DOCTYPE html>")
    assert "the last it wrote" in shown
    assert "not read: No such file or directory" in shown


def test_a_page_whose_parts_are_not_installed_is_said(
    seed: Record, places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, root = places
    monkeypatch.setattr(page, "FOLDER", str(run / "nowhere"))
    page.asset.cache_clear()
    (problem,) = write_reports(seed, str(run), str(root), environ={})
    page.asset.cache_clear()
    assert "page.css: No such file or directory; this report is missing" in problem
    assert (run / "report.json").exists()
    assert (root / "PROJECT_READY.md").exists()


def test_what_was_there_is_replaced(seed: Record, ready: Record, places: tuple[Path, Path]) -> None:
    run, root = places
    write_reports(seed, str(run), str(root), environ={})
    assert write_reports(ready, str(run), str(root), environ={}) == ()
    assert json.loads((run / "report.json").read_text())["verdict"] == "READY"


def test_one_that_cannot_be_written_takes_no_other_with_it(seed: Record, places: tuple[Path, Path]) -> None:
    run, root = places
    (root / "PROJECT_READY.md").mkdir()
    (run / "junit").write_text("a file where a folder should be")
    problems = write_reports(seed, str(run), str(root), environ={})
    assert len(problems) == 1 + len(seed.checks)
    assert all(problem.count("\n") == 0 and "this report is missing" in problem for problem in problems)
    assert any(problem.startswith(f"{root / 'PROJECT_READY.md'}: Is a directory") for problem in problems)
    assert (run / "report.json").exists()


def test_a_folder_that_is_gone_is_said(seed: Record, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    problems = write_reports(seed, str(tmp_path / "file" / "run"), str(tmp_path), environ={})
    assert str(tmp_path / "file" / "run") in problems[0]
    assert (tmp_path / "PROJECT_READY.md").exists()


def test_an_unchanged_check_keeps_the_file_of_the_run_it_was_measured_in(
    seed: Record, places: tuple[Path, Path]
) -> None:
    run, root = places
    write_reports(seed, str(run), str(root), environ={})
    before = run / "junit" / "code_loop_python.xml"
    cached = replace(seed.checks[1], cached_from=run.name)
    gone = replace(seed.checks[0], cached_from="forgotten")
    later = run.parent / "2"
    for _ in range(2):
        assert write_reports(replace(seed, checks=(cached, gone)), str(later), str(root), environ={}) == ()
        assert (later / "junit" / before.name).read_text() == before.read_text()
        assert "<failure" in (later / "junit" / "all_smokes_core.xml").read_text()
    assert before.read_text().count("<testcase") == 1


def test_on_github_annotations_are_printed_and_the_summary_is_added_to(
    seed: Record, places: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    run, root = places
    summary = run / "summary.md"
    summary.write_text("said before\n")
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    assert write_reports(seed, str(run), str(root), environ=environ) == ()
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("::error file=tests/smoke_optional/")
    assert len(printed) == 5
    assert summary.read_text().startswith("said before\n# NOT READY\n")


def test_nothing_is_printed_elsewhere_or_when_there_is_nothing_to_say(
    seed: Record, ready: Record, places: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    run, root = places
    write_reports(seed, str(run), str(root), environ={"CI": "true"})
    write_reports(ready, str(run), str(root), environ={"GITHUB_ACTIONS": "true"})
    assert capsys.readouterr().out == ""


def test_a_summary_that_cannot_be_written_is_said(seed: Record, places: tuple[Path, Path]) -> None:
    run, root = places
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(run / "none" / "summary.md")}
    (problem,) = write_reports(seed, str(run), str(root), environ=environ)
    assert problem.endswith("No such file or directory; GitHub shows no summary of this job")


def test_a_full_disk_is_said_and_leaves_no_half_file(seed: Record, places: tuple[Path, Path]) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    run, root = places
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(full)}
    (problem,) = write_reports(seed, str(run), str(root), environ=environ)
    assert "No space left on device" in problem


@given(
    st.text(st.characters(exclude_categories=()), min_size=1),
    st.text(st.characters(exclude_categories=()), min_size=1),
)
def test_names_of_files_are_safe_and_never_shared(one: str, other: str) -> None:
    name = file_name(one)
    assert name.isascii()
    assert "/" not in name
    assert not name.startswith(".")
    if one != other and one.isascii() and other.isascii():
        assert file_name(other) != name


def test_a_hostile_name_stays_in_its_folder(seed: Record, places: tuple[Path, Path]) -> None:
    run, root = places
    record = replace(
        seed, checks=(replace(seed.checks[0], name="../../evil"), replace(seed.checks[0], name=".."))
    )
    assert write_reports(record, str(run), str(root), environ={}) == ()
    assert sorted(path.name for path in (run / "junit").iterdir()) == ["%2E.%2F..%2Fevil.xml", "%2E..xml"]
