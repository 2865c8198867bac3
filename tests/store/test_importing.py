from __future__ import annotations

import itertools

import pytest

from readiness.record.redact import Redactor
from readiness.store.address import HistoryError
from readiness.store.importing import add_imported, imported
from readiness.store.pruning import prune
from readiness.store.test_rates import rates_of_tests

CASE = '<testsuite timestamp="2026-03-0{}T00:00:00"><testcase name="{}"/></testsuite>'


@pytest.fixture
def files(tmp_path):
    made = []
    for number, name in enumerate(("b", "a", "c"), 1):
        path = tmp_path / f"{name}.xml"
        path.write_text(CASE.format(number, f"{name} token hunter2hunter2"))
        made.append((str(path), path.name))
    return made


def test_the_same_files_are_one_run_once_in_any_order(files, database, content):
    runs = {imported(list(order), "unit", "", "", "", Redactor()) for order in itertools.permutations(files)}
    assert len(runs) == 1
    (run,) = runs
    assert run.started_at == "2026-03-01T00:00:00Z"
    assert [add_imported(database, run), add_imported(database, run)] == [True, False]
    assert len(content(database)["results"]) == 3
    again = imported([*files, files[0]], "unit", "", "", "", Redactor())
    assert again == run, "a file that is named twice"
    other = imported(files, "unit", "c" * 40, "", "", Redactor())
    assert other.id != run.id, "the same results of another commit are another run"


def test_what_was_pruned_comes_back_when_it_is_imported_again(files, database):
    run = imported(files, "unit", "", "", "2020-01-01T00:00:00Z", Redactor())
    add_imported(database, run)
    assert prune(database, "2021-01-01T00:00:00Z", None) == (1, 0)
    assert rates_of_tests(database) == ()
    assert add_imported(database, run)
    assert len(rates_of_tests(database)) == 3


def test_secrets_in_names_are_not_kept(files):
    run = imported(files, "unit", "", "", "", Redactor(["hunter2hunter2"]))
    assert {one.test[2:] for one in run.checks[0].tests} == {"token [redacted:value]"}


def test_a_check_in_which_nothing_ran_is_no_pass(tmp_path):
    path = tmp_path / "j.xml"
    for inner, outcome in (("<skipped/>", "hollow"), ("", "passed"), ("<error/>", "failed")):
        path.write_text(f'<testsuite><testcase name="a">{inner}</testcase></testsuite>')
        run = imported([(str(path), "j.xml")], "unit", "", "", "2020-01-01T00:00:00Z", Redactor())
        assert run.checks[0].outcome == outcome
    with pytest.raises(HistoryError, match=r"j.xml: it does not say when it ran; give --at TIME"):
        imported([(str(path), "j.xml")], "unit", "", "", "", Redactor())
