"""Reading what is cited: as the run saw it, from the tree or from git; and never another file's lines for it."""

from __future__ import annotations

import json
import shutil

import pytest

CONFIG = """version: 2
gates:
  dev: {lanes: [core]}
checks:
  - name: smokes
    lane: core
    run: pytest -q -p no:cacheprovider tests
    env: {PYTEST_DISABLE_PLUGIN_AUTOLOAD: "1"}
    cache: false
"""
TEST = "def test_sum():\n    total = 1 + 1\n    assert total == 3\n"


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Where the project is kept once it was run, for the tests that follow."""
    return tmp_path_factory.mktemp("kept") / "project"


@pytest.fixture
def red(make_project, kept):
    """A project whose one test fails by itself, after its one run."""
    project = make_project({"readiness.yml": CONFIG, "tests/test_sum.py": TEST}, git=True)
    if kept.exists():
        shutil.rmtree(project.root)
        shutil.copytree(kept, project.root, symlinks=True)
    else:
        assert project.run().code == 1
        shutil.copytree(project.root, kept, symlinks=True)
    return project


@pytest.fixture
def findings(review):
    """The findings of a project's last run, as JSON and as Markdown."""

    def written(project):
        ran = review(project, "--json")
        assert ran.code == 0, ran.err
        assert review(project).code == 0
        return json.loads(ran.out), (project.root / "FINDINGS.md").read_text()

    return written


def texts(told):
    return [one["text"] for section in told["sections"] for one in section["statements"]]


def test_every_link_of_a_red_run_opens(red, open_all_evidence, findings):
    told, document = findings(red)
    assert open_all_evidence(red.root, told, document) > 10
    assert "assert total == 3" in document
    assert (red.root / "FINDINGS.md").read_text() == document
    inside = (red.root / ".readiness/latest/FINDINGS.md").read_text()
    assert "](../../../tests/test_sum.py#L3" in inside


def test_the_same_record_and_tree_give_the_same_bytes(red, findings):
    assert findings(red) == findings(red)


def test_a_changed_file_is_not_cited_as_the_one_that_ran(red, open_all_evidence, findings):
    """Row 34: git still has the content that ran; without git nothing is quoted at all."""
    (red.root / "tests/test_sum.py").write_text("# new first line\n" + TEST)
    told, document = findings(red)
    open_all_evidence(red.root, told, document)
    cited = [one for step in told["sections"] for said in step["statements"] for one in said["evidence"]]
    assert [one for one in cited if one["path"] == "tests/test_sum.py"]
    assert all(one["gone"] for one in cited if one["path"] == "tests/test_sum.py")
    assert "git cat-file blob" in document
    assert any("The files have changed since the run" in one["text"] for one in told["unseen"])


def test_a_file_that_git_never_had_is_not_quoted_once_it_changed(make_project, findings):
    project = make_project({"readiness.yml": CONFIG, "tests/test_sum.py": TEST})
    assert project.run().code == 1
    (project.root / "tests/test_sum.py").write_text("# new first line\n" + TEST)
    told, _ = findings(project)
    cited = [
        one["path"]
        for section in told["sections"]
        for said in section["statements"]
        for one in said["evidence"]
    ]
    assert "tests/test_sum.py" not in cited
    assert any(
        "it cannot be shown that the files are those that ran" in one["text"] for one in told["unseen"]
    )


def test_the_test_that_opens_evidence_says_no(red, open_all_evidence, findings):
    told, document = findings(red)
    section = next(one for one in told["sections"] if one["title"] == "Regression snapshot")
    cited = next(one for said in section["statements"] for one in said["evidence"] if one["kind"] == "code")
    for wrong in ({"first": 1, "last": 1}, {"blob": "0" * 40}, {"path": "tests/other.py"}, {"text": ""}):
        before = dict(cited)
        cited.update(wrong)
        with pytest.raises((AssertionError, OSError)):
            open_all_evidence(red.root, told, document)
        cited.clear()
        cited.update(before)
    with pytest.raises((AssertionError, OSError)):
        open_all_evidence(red.root, told, document.replace("test_sum.py#L3", "test_sum.py#L2"))
    with pytest.raises(AssertionError):
        open_all_evidence(red.root, {**told, "unseen": [{"text": "so it is", "evidence": []}]}, document)


def test_history_tells_a_regression_from_a_defect(red, findings):
    told, _ = findings(red)
    assert any("cause class `defect`" in text for text in texts(told))
    (red.root / "tests/test_sum.py").write_text(TEST.replace("3", "2"))
    red.commit()
    assert red.run().code == 0
    (red.root / "tests/test_sum.py").write_text(TEST)
    red.commit()
    assert red.run().code == 1
    told, document = findings(red)
    assert any("cause class `regression`: the test passed in run" in text for text in texts(told))
    assert "the code has changed since" in document


def test_a_configuration_that_broke_since_is_said_and_the_rest_is_told(red, findings):
    (red.root / "readiness.yml").write_text("checks: [")
    told, _ = findings(red)
    assert any("the configuration cannot be read now" in one["text"] for one in told["unseen"])
    assert any("The first failing test is" in text for text in texts(told))


def test_secrets_stay_out_of_it(make_project, findings):
    secret = "ghp_" + "Ab1" * 12
    test = f'def test_key():\n    key = "{secret}"\n    assert key == ""\n'
    project = make_project({"readiness.yml": CONFIG, "tests/test_key.py": test}, git=True)
    assert project.run().code == 1
    told, document = findings(project)
    assert secret not in document
    assert secret not in json.dumps(told)
    assert "[redacted:" in document


def test_usage(make_project, red, review):
    nothing = make_project({"readiness.yml": CONFIG}, name="nothing")
    nothing = review(nothing)
    assert (nothing.code, "no run is on record here" in nothing.err) == (2, True)
    elsewhere = review(red, "--output", "no/such/folder/F.md")
    assert (elsewhere.code, "no/such/folder/F.md: No such file or directory" in elsewhere.err) == (2, True)
    shown = review(red, "--output", "-")
    assert shown.out.startswith("# Findings: NOT READY\n")


def test_the_history_knows_what_the_folders_no_longer_do(red, open_all_evidence, findings):
    """Green at a commit, then red at the next; the green run is only in the history by then."""
    (red.root / "tests/test_sum.py").write_text(TEST.replace("3", "2"))
    red.commit()
    assert red.run().code == 0
    assert red.readiness("history", "runs").code == 0
    shutil.rmtree(red.root / ".readiness/runs" / red.root.joinpath(".readiness/latest").readlink().name)
    (red.root / "tests/test_sum.py").write_text(TEST)
    red.commit()
    assert red.run().code == 1
    told, document = findings(red)
    assert any("cause class `regression`: the test passed in run" in text for text in texts(told))
    open_all_evidence(red.root, told, document)
    (red.root / ".readiness/history.sqlite").write_bytes(b"no database" * 200)
    told, _ = findings(red)
    assert any(one["text"].startswith("Earlier runs: ") for one in told["unseen"])
    assert any("cause class `defect`" in text for text in texts(told))


def test_ci_is_told_as_it_stands_now_and_the_run_as_it_was(red, open_all_evidence, findings):
    """The run saw no CI file; by now there is one, and the configuration has moved by a line."""
    red.write({".github/workflows/ci.yml": "on: push\njobs:\n  a:\n    steps:\n      - run: readiness run\n"})
    red.write({"readiness.yml": "# The gate.\n" + CONFIG})
    told, document = findings(red)
    open_all_evidence(red.root, told, document)
    assert any(
        "CI reaches lane `core`: `.github/workflows/ci.yml:5` runs gate dev" in text for text in texts(told)
    )
    assert "git cat-file blob" in document


def test_what_a_dirty_tree_held_is_not_taken_from_its_commit(red, open_all_evidence, findings):
    """The run saw a change that nobody committed; the commit has other lines in their place."""
    red.write(
        {"tests/conftest.py": "", "readiness.yml": CONFIG.replace("checks:", "# Not committed.\nchecks:")}
    )
    assert red.run().code == 1
    red.write({"readiness.yml": CONFIG})
    told, document = findings(red)
    open_all_evidence(red.root, told, document)
    cited = [one for part in told["sections"] for said in part["statements"] for one in said["evidence"]]
    steps = [one for step in told["steps"] for one in step["evidence"]]
    assert "readiness.yml" not in {one["path"] for one in [*cited, *steps] if one["kind"] == "code"}
