from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.store.first_bad import Sighting, first_bad


def seen(text: str) -> list[Sighting]:
    """One letter a run, each on a commit of its own: `P`assed, `F`ailed, `-` no result. `=` before a letter: on the
    commit of the run before it; `+`: with changes."""
    found: list[Sighting] = []
    dirty = same = False
    for letter in text:
        if letter in "=+":
            same, dirty = letter == "=" or same, letter == "+" or dirty
            continue
        number = len(found)
        commit = found[-1].commit if same else f"c{number}"
        passed = {"P": True, "F": False, "-": None}[letter]
        found.append(Sighting(f"r{number}", f"t{number}", commit, "d" if dirty else "", "main", passed))
        dirty = same = False
    return found


@pytest.mark.parametrize(
    ("runs", "good", "bad", "between", "still"),
    [
        ("PF", "c0", "c1", 0, True),
        ("PPP-FFF", "c2", "c4", 1, True),
        ("P--F-F", "c0", "c3", 2, True),
        ("PFPPFF", "c3", "c4", 0, True),
        ("FFPPFFPP", "c3", "c4", 0, False),
    ],
)
def test_the_last_change_from_passing_to_failing(runs, good, bad, between, still):
    found = first_bad(seen(runs))
    assert found.told
    assert (found.last_good.commit, found.first_bad.commit) == (good, bad)
    assert (found.between, found.still, found.doubts) == (between, still, ())


@pytest.mark.parametrize(
    ("runs", "reason"),
    [
        ("", "it has no result"),
        ("---", "it has no result"),
        ("P-P", "it never failed in 2 results"),
        ("-FF", "it fails in the oldest result that is known"),
        ("FFP", "it fails in the oldest result that is known"),
        ("P=F", "it passed and failed on the same code"),
        ("P=+F", "it passed and failed on the same commit: a change that was not committed broke it"),
    ],
)
def test_history_says_when_it_cannot_tell(runs, reason):
    found = first_bad(seen(runs))
    assert not found.told
    assert found.reason.startswith(reason)


def test_a_commit_that_is_not_known_is_not_named():
    good, bad = seen("PF")
    unknown = Sighting("r9", "t9", "", "", "main", False)
    assert not first_bad([good, unknown]).told
    assert "a commit is not known" in first_bad([good, unknown]).reason
    assert first_bad([good, bad]).told


def test_doubts_are_told():
    assert first_bad(seen("PP+F")).doubts == ("where it failed, files differed from the commit",)
    assert first_bad(seen("P=FPF")).doubts == ("it is flaky: on the same code it both passed and failed",)
    good, bad = seen("PF")
    other = Sighting(bad.run_id, bad.at, bad.commit, "", "feature", False)
    assert first_bad([good, other]).doubts == ("it passed on branch main and failed on feature",)


@given(st.text("PF-=+", max_size=30).filter(lambda text: not text.strip("+-").startswith("=")))
def test_what_is_told_is_a_pass_then_a_failure_with_no_result_between(text):
    runs = seen(text.lstrip("=+"))
    found = first_bad(runs)
    if found.told:
        ids = [one.run_id for one in runs]
        first, last = ids.index(found.last_good.run_id), ids.index(found.first_bad.run_id)
        assert runs[first].passed is True
        assert runs[last].passed is False
        assert all(one.passed is None for one in runs[first + 1 : last])
        assert found.between == last - first - 1
        after = [one.passed for one in runs[last:] if one.passed is not None]
        assert found.still == (True not in after)
        assert found.last_good.commit != found.first_bad.commit
