"""Which edits are tried and which are shown, with trials that are answered by hand."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from readiness.isolation.in_the_gate import NEEDS_SERVICES, _mended, _worse
from readiness.isolation.left_behind import left_behind
from readiness.isolation.mend import NOT_BY_ITSELF, TOO_LATE, Mending
from readiness.isolation.outcomes import Ran
from readiness.isolation.patch.files import Files
from readiness.isolation.patch.source import Source
from readiness.record.finding import Cause, Finding, LeftOver
from readiness.record.result import CheckResult
from readiness.record.value import replace
from readiness.run.capture import capture

FILES = {
    "test_a.py": "import app\n\n\ndef test_one():\n    app.ONE = 1\n\n\ndef test_two():\n    app.TWO = 2\n",
    "test_b.py": "import app\n\n\ndef test_x():\n    assert app.ONE == 0\n\n\ndef test_y():\n    assert app.TWO == 0\n",
}
DIRECT = 'monkeypatch.setattr(app, "ONE", 1)'
KEPT = 'monkeypatch.setattr(app, "ONE", app.ONE)'


def finding(test: str, name: str, line: int, kind: str = "victim") -> Finding:
    where = f"test_a.py:{line}"
    polluter = "test_a.py::test_one" if name == "ONE" else "test_a.py::test_two"
    return Finding(
        f"test_b.py::{test}",
        kind,
        causes=(Cause(polluter, f"app.{name}", "0", "1", where, "forked", stack=(where,)),),
    )


X, Y = finding("test_x", "ONE", 5), finding("test_y", "TWO", 9)
ALL = ("test_a.py::test_one", "test_a.py::test_two", X.test, Y.test)


def mend(findings, answer, *, left=lambda: 100.0, guarded=(), further=None):
    """`answer` gets the text of `test_a.py` in a trial and names the tests that fail."""
    sources = {path: Source(path, text.encode()) for path, text in FILES.items()}
    tried = []

    def trial(texts):
        tried.append({path: data.decode() for path, data in texts.items()})
        failing = answer(texts.get("test_a.py", b"").decode(), texts.get("test_b.py", b"").decode())
        found = tuple(one for test in failing for one in (further or {}).get(test, ()))
        return Ran(
            {test: "failed" if test in failing else "passed" for test in ALL},
            findings=found,
            command="pytest",
        )

    def worse(after):
        return {"test_a.py::test_one", "test_a.py::test_two", *guarded} - after.passed

    files = Files(sources.get, lambda name: name == "app")
    return Mending(findings, files, trial, worse, left, 1.0).mend(), tried


def test_all_that_is_found_is_tried_together_first():
    mended, tried = mend([X, Y], lambda a, b: ())
    assert len(tried) == 1
    assert [one.patch.mended for one in mended.findings] == [(X.test, Y.test)] * 2
    assert mended.findings[0].patch.tests == 4
    assert DIRECT in mended.diff


def test_an_edit_that_harms_makes_way_for_the_next():
    mended, tried = mend([X], lambda a, b: ("test_a.py::test_one",) if DIRECT in a else ())
    assert len(tried) == 2
    assert KEPT in mended.diff
    assert mended.findings[0].patch.verified


def test_what_stays_unmended_is_not_in_the_patch_and_says_why():
    mended, _ = mend([X, Y], lambda a, b: (Y.test,) if DIRECT in a else (X.test, Y.test))
    x, y = mended.findings
    assert x.patch.mended == (X.test,)
    assert y.patch is None
    assert "the test failed all the same" in y.no_patch
    assert '"TWO"' not in mended.diff


def test_what_comes_to_light_when_a_leak_is_mended_is_mended_too():
    """`test_two` leaks, too, which is seen only where `test_one` does not."""
    edit = 'monkeypatch.setattr(app, "TWO", 2)'
    again = replace(Y.causes[0], where="test_a.py:9", stack=("test_a.py:9",))
    more = {X.test: (replace(X, causes=(again,)),)}
    mended, tried = mend([X], lambda a, b: () if edit in a else (X.test,), further=more)
    assert len(tried) == 2
    assert DIRECT in mended.diff
    assert edit in mended.diff
    assert mended.findings[0].patch.mended == (X.test,)


def test_nothing_is_shown_that_no_trial_spoke_for():
    mended, tried = mend([X], lambda a, b: ("test_a.py::test_one",))
    assert (mended.diff, mended.findings[0].patch) == ("", None)
    assert "made test_a.py::test_one fail" in mended.findings[0].no_patch
    assert len({str(one) for one in tried}) == len(tried), "no edit is tried twice"


def test_a_copy_that_is_not_like_the_project_proves_nothing():
    """`test_y` needs the folder that the project lies in, say: no edit is to blame."""
    mended, tried = mend([X], lambda a, b: (Y.test,), guarded=(Y.test,))
    assert [bool(one) for one in tried] == [True, False]
    assert mended.findings[0].no_patch == (
        "nothing can be tried in a copy: test_b.py::test_y fails there without any edit, too"
    )


def test_no_time_is_said_and_so_is_a_test_that_is_broken_too():
    mended, tried = mend(
        [X, finding("test_y", "TWO", 9, "broken_and_polluted")], lambda a, b: (), left=lambda: 0.0
    )
    assert tried == []
    assert [one.no_patch for one in mended.findings] == [TOO_LATE, NOT_BY_ITSELF]


def test_the_gate_tells_worse_from_what_failed_before():
    result = CheckResult.from_json(
        {
            "name": "a",
            "lane": "core",
            "outcome": "failed",
            "required": True,
            "reason": "",
            "command": "",
            "place": "",
        }
    )
    result = replace(result, findings=(X, Finding("b::broken", "broken")))
    before = frozenset({"p", "q"})
    assert (
        _worse(result, before, Ran({"p": "passed", "q": "passed", X.test: "passed", "b::broken": "failed"}))
        == set()
    )
    assert _worse(result, before, Ran({"p": "passed", "q": "failed", X.test: "passed"})) == {"q"}
    assert _worse(result, before, Ran({"p": "passed", "q": "skipped"})) == {"q"}
    assert _worse(result, before, Ran({"p": "passed"})) == {"q"}


def test_a_check_with_services_is_not_tried_without_them():
    check = SimpleNamespace(services=("model",), cassette="", trials=None)
    mended = _mended(SimpleNamespace(), None, check, SimpleNamespace(findings=(X,)), None)
    assert mended.findings[0].no_patch == NEEDS_SERVICES


@pytest.fixture
def repository(tmp_path):
    (tmp_path / "known.txt").write_text("old")
    import os

    for words in (("init", "--quiet"), ("add", "known.txt")):
        assert capture(("git", "-C", str(tmp_path), *words), dict(os.environ))[0] == 0
    return tmp_path


def test_what_the_run_left_is_taken_back_for_a_trial(repository):
    (repository / "known.txt").write_text("new")
    (repository / "made.txt").write_text("x")
    found = [
        Finding("b::one", "victim", causes=(Cause("a::t", "file known.txt", "3 bytes", "3 bytes", "", ""),)),
        Finding("b::two", "victim", causes=(Cause("a::t", "file made.txt", "absent", "1 bytes", "", ""),)),
        Finding(
            "b::three", "victim", causes=(Cause("a::t", "file other.txt", "2 bytes", "1 bytes", "", ""),)
        ),
        Finding(
            "b::four", "victim", causes=(Cause("a::t", "file ~/other.txt", "absent", "1 bytes", "", ""),)
        ),
    ]
    left = left_behind(str(repository), found, [LeftOver("a::t", "folder build")])
    assert (left.made, left.changed, left.lost) == (
        {"made.txt", "build"},
        {"known.txt": b"old"},
        {"other.txt"},
    )
