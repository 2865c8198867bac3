"""Real pytest processes: what is refused, what is found without being told, and that nothing is touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from readiness.cli.main import main
from readiness.gate.settings import UsageError
from readiness.isolation.asked import Asked
from readiness.isolation.trace import trace

APP = "LIMIT = 3\n"
POLLUTER = "import app\n\n\ndef test_polluter():\n    app.LIMIT = 5\n"
VICTIM = "import app\n\n\ndef test_victim():\n    assert app.LIMIT == 3\n"
QUIET = ("-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest")


@pytest.fixture
def write(tmp_path, monkeypatch):
    for name in list(os.environ):
        if name.startswith(("READINESS_", "PYTEST_", "COV_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.chdir(tmp_path)

    def make(**files):
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(text)
        return tmp_path

    return make


def ask(folder, *words, **options):
    asked = Asked(sys.executable, (*QUIET, *words), str(folder), **options)
    return trace(asked, os.environ, subprocess.DEVNULL)


def test_a_victim_is_found_without_a_failure_in_the_run(write):
    folder = write(app=APP, test_a=VICTIM, test_b=POLLUTER)
    assert ask(folder).findings == ()
    (found,) = ask(folder, every_test=True).findings
    assert (found.test, found.kind) == ("test_a.py::test_victim", "victim")
    assert (found.causes[0].polluter, found.causes[0].where) == ("test_b.py::test_polluter", "test_b.py:5")


def test_a_brittle_test_is_found_with_what_it_leans_on(write):
    needs = "import app\n\n\ndef test_needs():\n    assert app.LIMIT == 5\n"
    (found,) = ask(write(app=APP, test_a=POLLUTER, test_b=needs), every_test=True).findings
    assert (found.test, found.kind) == ("test_b.py::test_needs", "brittle")
    assert [cause.polluter for cause in found.causes] == ["test_a.py::test_polluter"]
    assert "it passes after this test, and fails without" in found.causes[0].proved


@pytest.mark.parametrize("end", ["os._exit(3)", "os.kill(os.getpid(), 11)"])
def test_a_process_that_dies_is_not_called_clean(write, end):
    report = ask(write(test_a=f"import os\n\n\ndef test_dies():\n    {end}\n"))
    assert not report.judged
    assert "test_a.py::test_dies" in report.problems[0]


def test_a_replay_that_kills_or_hangs_does_not_reach_the_run(write):
    victim = "import app, os, time\n\n\ndef test_victim():\n    if os.getpid() != app.PID:\n        {0}\n    assert app.LIMIT == 3\n"
    for end in ("os._exit(0)", "os.kill(os.getpid(), 9)"):
        app = "import os\n\nLIMIT = 3\nPID = os.getpid()\n"
        report = ask(write(app=app, test_a=POLLUTER, test_b=victim.format(end)))
        assert report.problems == ()
        (found,) = report.findings
        assert [cause.proof for cause in found.causes] == ["fresh"], "no copy could tell"


def test_wrong_arguments_are_a_usage_error(write):
    with pytest.raises(UsageError, match="--no-such-option"):
        ask(write(), "--no-such-option")


def test_the_command_and_its_exit_codes(write, capsys):
    words = ("isolate", "--quiet", "--python", sys.executable, "--json", "-", "--", *QUIET)
    write(app=APP, test_b=VICTIM)
    assert main([*words]) == 0
    write(test_a=POLLUTER)
    assert main([*words]) == 1
    assert '"polluter": "test_a.py::test_polluter"' in capsys.readouterr().out
    write(test_c="import nothing_of_that_name\n")
    assert main([*words, "test_c.py"]) == 3
    assert main(["isolate", "--python", "/no/such/python"]) == 2
    assert main(["isolate", "--replays", "0"]) == 2


def test_outcomes_are_the_same_with_and_without(write):
    """The suite itself says so: what the probe adds must not be seen by it."""
    suite = (
        "import gc, os, sys, threading, weakref\n\n\nclass Thing:\n    pass\n\n\n"
        "def test_no_children():\n    try:\n        os.wait()\n    except ChildProcessError:\n        return\n    raise AssertionError\n\n\n"
        "def test_no_threads():\n    assert threading.active_count() == 1\n\n\n"
        "def test_dies_when_dropped():\n    thing = Thing()\n    seen = weakref.ref(thing)\n    del thing\n    gc.collect()\n    assert seen() is None\n\n\n"
        "def test_environment():\n    assert not [name for name in os.environ if name.startswith('READINESS')]\n"
    )
    report = ask(write(test_a=suite))
    assert report.findings == ()
    assert report.tests == 4


def test_replays_leave_the_files_of_the_project_as_the_run_left_them(write):
    """What a replay makes, changes and removes on the disk is gone again, and what the run left is still there."""
    folder = write(
        test_a="def test_polluter():\n    open('kept.txt', 'a').write('x')\n    open('flag', 'w').close()\n",
        test_b=(
            "import os\n\n\ndef test_victim():\n    open(f'trace-{os.getpid()}', 'w').close()\n"
            "    os.chmod('kept.txt', 0o600)\n    assert not os.path.exists('flag')\n"
        ),
        test_c="import os\n\n\ndef test_last():\n    os.remove('gone.txt')\n",
    )
    (folder / "kept.txt").write_text("kept")
    (folder / "gone.txt").write_text("gone")
    (found,) = ask(folder).findings
    assert [cause.state for cause in found.causes] == ["file flag"]
    names = {path.name for path in folder.iterdir() if path.suffix != ".py"}
    (trace,) = {name for name in names if name.startswith("trace-")}
    assert names == {"kept.txt", "flag", trace}
    assert (folder / "kept.txt").read_text() == "keptx"
    assert (folder / "kept.txt").stat().st_mode & 0o777 == 0o600


def test_where_files_are_not_watched_a_broken_test_comes_with_a_word_of_that(write, monkeypatch):
    folder = write(test_a="def test_broken():\n    assert 0\n")
    (found,) = ask(folder).findings
    assert (found.kind, found.notes) == ("broken", ())
    monkeypatch.setenv("HOME", str(folder))
    (found,) = ask(folder).findings
    assert found.kind == "broken"
    assert "files were not watched" in found.notes[0]


def test_the_same_is_found_in_new_processes_alone(write):
    folder = write(app=APP, test_a=POLLUTER, test_b=VICTIM, test_c="def test_other():\n    pass\n")
    (found,) = ask(folder, proof="fresh").findings
    assert (found.test, found.kind) == ("test_b.py::test_victim", "victim")
    (cause,) = found.causes
    assert (cause.polluter, cause.state, cause.proof) == ("test_a.py::test_polluter", "app.LIMIT", "fresh")


def test_a_broken_test_is_no_victim_in_new_processes_either(write):
    folder = write(app=APP, test_a=POLLUTER, test_b="def test_broken():\n    assert 0\n")
    (found,) = ask(folder, proof="fresh").findings
    assert (found.kind, found.causes) == ("broken", ())


def test_a_test_that_hangs_after_another_is_a_victim_and_one_that_hangs_alone_is_hanging(write):
    waits = "import app, time\n\n\ndef test_waits():\n    while app.LIMIT == {0}:\n        time.sleep(0.05)\n"
    folder = write(app=APP, test_a=POLLUTER, test_b=waits.format(5))
    report = ask(folder, timeout=0.5)
    (found,) = report.findings
    assert (found.test, found.kind) == ("test_b.py::test_waits", "victim")
    (cause,) = found.causes
    assert (cause.polluter, cause.state) == ("test_a.py::test_polluter", "app.LIMIT")
    assert (cause.where, cause.proof) == ("test_a.py:5", "forked"), "in copies of a run that stops before it"
    (found,) = ask(folder, timeout=0.5, proof="fresh").findings
    assert [(one.polluter, one.proof) for one in found.causes] == [("test_a.py::test_polluter", "fresh")]
    assert any("test_b.py:" in note and "in test_waits" in note for note in found.notes)
    write(test_a="", test_b=waits.format(3))
    (found,) = ask(folder, timeout=0.5).findings
    assert (found.test, found.kind) == ("test_b.py::test_waits", "hanging")


FEW = """import json


def test_before():
    pass


def test_polluter():
    json.dumps = lambda value: "{}"
"""


def test_a_green_run_of_the_gate_runs_no_test_again_to_name_who_left_something(write, monkeypatch):
    folder = write(test_a=FEW)
    (leak,) = ask(folder).leaks
    assert leak.by == "test_a.py::test_polluter"
    options = {**json.loads(Asked(sys.executable, (), str(folder)).options()), "leaks": False}
    monkeypatch.setattr(Asked, "options", lambda self: json.dumps(options))
    report = ask(folder)
    assert report.replays == 0
    assert [one.by for one in report.leaks] == ["one of 2 tests, the last of them test_a.py::test_polluter"]


PATCHES = """import json


def test_one():
    pass


def test_two():
    pass


def test_patches_and_fails(monkeypatch, tmp_path):
    monkeypatch.setattr(json, "dumps", lambda value: "{}")
    monkeypatch.chdir(tmp_path)
    assert json.dumps([1]) == "[1]"
"""


def test_what_a_failed_test_takes_back_itself_costs_no_test_run_again(write):
    report = ask(write(test_a=PATCHES))
    assert [found.kind for found in report.findings] == ["broken"]
    assert report.replays <= 3, "as it is, with all put back, and alone"


NOISY = """import os, threading

LEFT = []


def test_polluter():
    LEFT.append(threading.Event())
    thread = threading.Thread(target=LEFT[0].wait, daemon=True)
    thread.start()
    os.system("mkdir $TMPDIR/of-another-program")
"""
NEEDS_NO_THREAD = "import threading\n\n\ndef test_victim():\n    assert threading.active_count() == 1\n"


def test_a_file_that_may_be_anybodys_is_not_named_beside_what_a_test_left(write, tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "test_a.py").write_text(NOISY)
    (folder / "test_b.py").write_text(NEEDS_NO_THREAD)
    (found,) = ask(folder).findings
    assert [cause.state for cause in found.causes] == ["threads"]


HIDDEN = """import json, sys

sys.set_int_max_str_digits(5000)


def test_polluter():
    sys.set_int_max_str_digits(0)


def test_victim():
    json.loads = json.loads
    json.left = 1
    assert sys.get_int_max_str_digits() == 5000
"""


@pytest.mark.skipif(sys.version_info < (3, 11), reason="there is no such limit")
def test_a_victim_whose_polluter_was_not_looked_for_is_not_called_flaky(write):
    folder = write(test_a=HIDDEN)
    (found,) = ask(folder).findings
    assert (found.kind, [cause.polluter for cause in found.causes]) == (
        "victim",
        ["test_a.py::test_polluter"],
    )
    kinds = {ask(folder, replays=number).findings[0].kind for number in (3, 4, 5)}
    assert "flaky" not in kinds, "run again in the same state, it failed"
