"""Repetition of tests inside pytest, without a gate that answers: as many trials as the cap says."""

from __future__ import annotations

import json
import sys
from collections import Counter

import pytest

SUITE = """
import os
import pytest

@pytest.fixture(scope="session")
def server():
    with open("log", "a") as log: log.write(f"up {os.getpid()}\\n")
    yield {"pid": os.getpid()}
    with open("log", "a") as log: log.write(f"down {os.getpid()}\\n")

@pytest.fixture
def own():
    with open("log", "a") as log: log.write("own up\\n")
    yield
    with open("log", "a") as log: log.write("own down\\n")

def test_every_third_fails(server, own, trial):
    print("said", trial.number)
    assert os.environ["READINESS_TRIAL"] == str(trial.number)
    assert os.environ["READINESS_SEED"] == str(trial.seed)
    assert trial.number % 3, f"trial {trial.number}"

def test_after(server):
    assert "READINESS_TRIAL" in os.environ
"""


QUICK = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")


def told(cap: int, slots: int = 4, seed: int = 100) -> str:
    return json.dumps({"cap": cap, "slots": slots, "seed": seed})


def trials(probed, test: str) -> list[dict]:
    return sorted(
        (event for event in probed.of("trial") if event["id"].endswith(test)), key=lambda one: one["number"]
    )


@pytest.fixture
def repeated(project):
    """Run a suite with so many trials of each test."""

    def run(suite: str, cap: int = 6, *arguments: str, slots: int = 4, **options):
        made = project({"test_a.py": suite})
        # Beside pytest-xdist this plugin starts a thread, and a process with threads is not forked.
        without = () if "--reruns" in arguments else ("-p", "no:rerunfailures")
        return made.pytest(*without, *arguments, trials=told(cap, slots), **options)

    return run


def test_every_trial_is_a_forked_copy_with_number_and_seed(repeated):
    probed = repeated(SUITE, 6)
    found = trials(probed, "test_every_third_fails")
    assert [(one["number"], one["seed"]) for one in found] == [(n, 100 + n) for n in range(1, 7)]
    assert [one["outcome"] for one in found] == ["passed", "passed", "failed"] * 2
    assert all(one["forked"] for one in found)
    assert found[2]["message"].startswith("AssertionError: trial 3")
    assert found[2]["where"].startswith("test_a.py:")
    assert probed.summary.problems == ()


def test_what_outlives_a_test_is_set_up_and_torn_down_once_by_the_parent(repeated):
    probed = repeated(SUITE, 6)
    log = (probed.project / "log").read_text().split("\n")
    ups = [line for line in log if line.startswith("up")]
    downs = [line for line in log if line.startswith("down")]
    assert len(ups) == len(downs) == 1
    assert ups[0].split()[1] == downs[0].split()[1]
    assert Counter(log)["own up"] == Counter(log)["own down"] == 6


def test_pytest_shows_each_test_once(repeated):
    probed = repeated(SUITE, 4)
    assert probed.summary.counts.collected == 2
    assert probed.summary.counts.executed == 2
    assert "2 passed" in probed.output or "1 failed, 1 passed" in probed.output


def test_on_every_python(repeated, each_python):
    probed = repeated(SUITE, 4, python=each_python)
    found = trials(probed, "test_every_third_fails")
    assert [one["outcome"] for one in found] == ["passed", "passed", "failed", "passed"], probed.output
    assert [one["outcome"] for one in trials(probed, "test_after")] == ["passed"] * 4
    assert probed.summary.problems == ()
    log = (probed.project / "log").read_text().split("\n")
    assert [line.split()[0] for line in log if line.startswith(("up", "down"))] == ["up", "down"]


NESTED = """
import random, unittest
import pytest

def note(text):
    with open("log", "a") as log: log.write(text + "\\n")

@pytest.fixture(scope="module", autouse=True)
def module():
    note("module up")
    yield
    note("module down")

@pytest.fixture(scope="module", params=["a", "b"])
def letter(request):
    note("letter " + request.param)
    return request.param

@pytest.fixture(scope="session")
def late():
    note("late up")
    yield
    note("late down")

def test_letters(letter, tmp_path):
    (tmp_path / "x").write_text(letter)

def test_asked_for_late(request):
    request.getfixturevalue("late")

def test_random():
    note("random %d" % random.randrange(10**9))

class TestUnit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        note("class up")
    @classmethod
    def tearDownClass(cls):
        note("class down")
    def test_one(self):
        note("one")
"""


def test_scopes_parameters_classes_and_late_fixtures(repeated, each_python):
    probed = repeated(NESTED, 3, python=each_python)
    assert probed.code == 0, probed.output
    log = Counter((probed.project / "log").read_text().split("\n"))
    once = ("module up", "module down", "letter a", "letter b", "class up", "class down")
    assert {name: log[name] for name in once} == dict.fromkeys(once, 1)
    assert log["one"] == 3
    assert log["late up"] == log["late down"] == 3, "what a trial sets up by itself, it tears down"
    assert len([name for name in log if name.startswith("random")]) == 3, "each copy draws other numbers"
    assert Counter(one["outcome"] for one in probed.of("trial")) == {"passed": 15}


IN_PROCESS = """
import os, threading, time
import pytest

stop = threading.Event()

@pytest.fixture(scope="module", autouse=True)
def thread():
    one = threading.Thread(target=stop.wait)
    one.start()
    yield
    stop.set()
    one.join()

def test_in_turn(trial, monkeypatch, capsys):
    print("own output")
    assert capsys.readouterr().out == "own output\\n"
    monkeypatch.setenv("LEFT", "x")
    assert os.environ["READINESS_TRIAL"] == str(trial.number)
    assert trial.number != 2

def test_after():
    assert "LEFT" not in os.environ
"""


def test_a_process_with_threads_is_not_forked(repeated, each_python):
    probed = repeated(IN_PROCESS, 3, python=each_python)
    found = trials(probed, "test_in_turn")
    assert [one["outcome"] for one in found] == ["passed", "failed", "passed"], probed.output
    assert [one["forked"] for one in found] == [False] * 3
    assert "threads" in found[0]["why"]
    assert probed.summary.problems == ()


ENDS = """
import os, signal, time
import pytest

def test_exits(): os._exit(0)
def test_crashes(): os.kill(os.getpid(), signal.SIGSEGV)
def test_skips(): pytest.skip("not today")
def test_swallows():
    try:
        assert 1 == 2
    except AssertionError:
        pass
@pytest.fixture
def broken(): raise RuntimeError("in setup")
@pytest.fixture
def breaks_later():
    yield
    raise RuntimeError("in teardown")
@pytest.fixture(scope="module")
def broken_above(): raise RuntimeError("above")
def test_setup(broken): pass
def test_above(broken_above): pass
def test_teardown(breaks_later): pass
@pytest.mark.xfail
def test_expected(): assert 0
"""


def test_every_end_a_trial_can_have(repeated):
    probed = repeated(ENDS, 2)
    found = {one["id"].partition("::")[2]: one for one in probed.of("trial")}
    assert {name: one["outcome"] for name, one in found.items()} == {
        "test_exits": "failed",
        "test_crashes": "failed",
        "test_skips": "skipped",
        "test_swallows": "failed",
        "test_setup": "error",
        "test_above": "error",
        "test_teardown": "error",
    }, probed.output
    assert found["test_exits"]["message"] == "its process ended with exit code 0"
    assert found["test_crashes"]["message"] == "its process ended by signal 11"
    assert "RuntimeError: above" in found["test_above"]["message"]
    assert probed.outcomes["test_expected"] == "xfailed", "a test that is expected to fail is not repeated"
    assert len(probed.of("trial")) == 14


def test_a_trial_has_the_tests_own_deadline(repeated):
    suite = "import time\ndef test_hangs(trial):\n    time.sleep(60 * (trial.number == 1))\n"
    probed = repeated(suite, 2, test_timeout=1.0)
    hung, other = trials(probed, "test_hangs")
    assert hung["message"] == "still running after 1 s, its own deadline"
    assert "test_a.py" in hung["details"]
    assert other["outcome"] == "passed"
    assert probed.of("finish"), "pytest itself goes on"


def test_pytest_exit_in_a_trial_ends_the_session(repeated):
    probed = repeated(
        "import pytest\ndef test_leaves(): pytest.exit('enough')\ndef test_next(): pass\n", 2, slots=1
    )
    assert "enough" in probed.output
    assert not trials(probed, "test_next")


def test_the_marker_is_known_and_its_zone_told(repeated):
    suite = """
import pytest
@pytest.mark.trials(good=.9, bad=.5)
def test_marked(): pass
def test_plain(): pass
"""
    probed = repeated(suite, 1, "--strict-markers")
    assert probed.code == 0, probed.output
    assert probed.of("trials")[0]["tests"] == {
        "test_a.py::test_marked": {"good": 0.9, "bad": 0.5},
        "test_a.py::test_plain": {},
    }


def test_without_trials_the_marker_is_known_and_does_nothing(project):
    suite = """
import pytest
@pytest.mark.trials(good=.9, bad=.5)
def test_marked():
    pass
"""
    probed = project({"test_a.py": suite}).pytest("--strict-markers")
    assert probed.code == 0, probed.output
    assert probed.of("trial") == []


def test_a_fixture_of_that_name_in_the_project_wins(repeated):
    suite = """
import pytest
@pytest.fixture
def trial(): return "mine"
def test_mine(trial): assert trial == "mine"
"""
    assert [one["outcome"] for one in repeated(suite, 2).of("trial")] == ["passed"] * 2


def test_each_trial_has_an_address_of_the_relay_of_its_own(repeated):
    suite = """
import os
def test_address(trial):
    route = "http://127.0.0.1:5/c/0123456789abcdef"
    assert os.environ["OPENAI_BASE_URL"] == f"{route}/t/{trial.number}/v1"
    assert os.environ["OLLAMA_HOST"] == f"{route}/t/{trial.number}"
    assert os.environ["OTHER"] == "http://127.0.0.1:5/c/short"
"""
    route = "http://127.0.0.1:5/c/0123456789abcdef"
    probed = repeated(
        suite,
        2,
        OPENAI_BASE_URL=f"{route}/v1",
        OLLAMA_HOST=f"{route}/t/9",
        OTHER="http://127.0.0.1:5/c/short",
    )
    assert [one["outcome"] for one in probed.of("trial")] == ["passed"] * 2, probed.output


def test_output_of_a_trial_is_captured_and_that_of_a_failed_one_shown(repeated):
    suite = "def test_says(trial):\n    print(f'word {trial.number}')\n    assert trial.number != 3\n"
    # One at a time: without a verdict the trial that ended last stands for all.
    probed = repeated(suite, 3, slots=1)
    assert probed.output.count("word 3") == 1
    assert "word 1" not in probed.output


def test_a_plugin_that_retries_does_not_retry_a_trial(repeated, python_with):
    suite = "def test_fails(): assert 0\n"
    probed = repeated(suite, 2, "--reruns", "3", python=python_with("pytest_rerunfailures"))
    assert [one["outcome"] for one in probed.of("trial")] == ["failed"] * 2
    assert probed.of("rerun") == []


def test_a_teardown_above_that_breaks_is_told_once_and_in_the_parent(repeated):
    suite = """
import pytest
@pytest.fixture(scope="module")
def breaks():
    yield
    raise RuntimeError("module is broken")
def test_one(breaks): pass
"""
    probed = repeated(suite, 3)
    assert [one["message"] for one in probed.of("teardown_error")] == ["RuntimeError: module is broken"]
    assert [one["outcome"] for one in probed.of("trial")] == ["passed"] * 3


def test_a_gate_that_never_answers_is_not_waited_for_for_ever(project):
    silent = json.dumps({"bell": "/nowhere", "cap": 3, "slots": 4, "seed": 0, "patience": 0.2})
    probed = project({"test_a.py": "def test_one(trial): assert trial.seed == trial.number\n"}).pytest(
        trials=silent
    )
    assert [(one["number"], one["outcome"]) for one in probed.of("trial")] == [
        (n, "passed") for n in (1, 2, 3)
    ]
    assert [one["running"] for one in probed.of("trial_ask")] == [0] * 4
    assert probed.code == 0


def test_answers_are_obeyed_and_decide_what_is_shown(project, wait_for):
    """A gate of its own: two trials, one of them failing, and the verdict that shows the one that failed."""
    made = project({"test_a.py": "def test_one(trial): assert trial.number != 8\ndef test_two(): pass\n"})
    told = json.dumps({"bell": "/nowhere", "cap": 9, "slots": 1, "seed": 0, "patience": 60})
    env = made.environ(trials=told)
    process = made.start(sys.executable, "-m", "pytest", "-q", *QUICK, env=env)
    answers = [
        {"ask": 1, "run": [[7, 70], [8, 80]], "slots": 2, "cap": 9},
        {"ask": 2, "run": [], "done": False},
        {"ask": 3, "run": [], "done": True, "verdict": "not ready"},
        {"ask": 4, "run": [], "done": True, "verdict": "once"},
    ]
    path = wait_for(lambda: next(iter(made.out.glob("*.jsonl")), None) if made.out.exists() else None)
    path.with_suffix(".answers").write_text("".join(json.dumps(one) + "\n" for one in answers))
    probed = made.wait(process)
    assert {(one["number"], one["seed"], one["outcome"]) for one in probed.of("trial")} == {
        (7, 70, "passed"),
        (8, 80, "failed"),
    }
    assert probed.outcomes == {"test_one": "failed", "test_two": "passed"}
    assert "1 failed, 1 passed" in probed.output


def test_setting_up_for_the_copies_warns_of_nothing(repeated, each_python):
    suite = """
import pytest
@pytest.fixture(scope="session")
def below(): return 1
@pytest.fixture(scope="module")
def above(below): return below
def test_one(above): assert above == 1
"""
    probed = repeated(suite, 2, "-W", "error", "-rA", python=each_python)
    assert [one["outcome"] for one in probed.of("trial")] == ["passed"] * 2, probed.output
    assert "readiness" not in probed.output
    assert "Warning" not in probed.output
