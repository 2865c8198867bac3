"""What is recorded of a pytest process, whatever happens to it, and that nothing of it changes."""

from __future__ import annotations

import os
import resource
import shutil
import sys
import xml.etree.ElementTree as ET

import pytest

QUICK = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")


def junit(path):
    """What a JUnit file says, without its times and host."""
    volatile = ("time", "timestamp", "hostname")
    told = []
    for node in ET.parse(path).iter():
        text = (node.text or "").replace("\r", "").strip()
        told.append((node.tag, sorted((k, v) for k, v in node.attrib.items() if k not in volatile), text))
    return sorted(told, key=repr)


def test_every_end_a_test_can_have(nasty_run, nasty_outcomes):
    probed = nasty_run
    named = {name: outcome for name, outcome in probed.outcomes.items() if "[" not in name}
    assert named == nasty_outcomes
    assert [outcome for name, outcome in probed.outcomes.items() if "[" in name] == ["passed"] * 8
    assert len(probed.of("teardown_error")) == 2
    assert probed.summary.problems == ()
    assert probed.summary.counts.collected == 27
    assert [(one.exit_status, one.finished) for one in probed.summary.sessions] == [(1, True)]


def test_failures_carry_values_and_places(nasty_run):
    failures = {(one.test.partition("::")[2], one.phase): one for one in nasty_run.summary.failures}
    one = failures["test_fails", "call"]
    assert one.message.splitlines()[0] == "AssertionError: assert {'a': 1} == {'a': 2}"
    assert one.where == "tests/test_nasty.py:12"
    assert "Differing items" in one.details
    assert failures["test_fails_in_a_helper", "call"].where == "tests/test_nasty.py:6"
    assert failures["test_setup_error", "setup"].message == "RuntimeError: in setup"
    assert failures["test_no_such_fixture", "setup"].message == "fixture 'nowhere' not found"
    assert failures["test_fails_twice", "call"].message == "assert 0"
    assert failures["test_fails_twice", "teardown"].where == "tests/test_nasty.py:23"
    assert failures["TestUnit::test_equal", "call"].message == "AssertionError: 1 != 2"


def test_skips_carry_reasons_and_places(nasty_run):
    skips = {one.test.rpartition("::")[2]: (one.reason, one.where) for one in nasty_run.summary.skips}
    assert skips["test_skips"] == ("not today", "tests/test_nasty.py:29")
    assert skips["test_skipped_by_mark"] == ("never here", "tests/test_nasty.py:31")
    assert skips["test_skip"][0] == "not this one"


def test_every_supported_python(nasty, nasty_outcomes, each_python):
    probed = nasty.pytest("-p", "no:xdist", python=each_python)
    named = {name: outcome for name, outcome in probed.outcomes.items() if "[" not in name}
    assert named == nasty_outcomes
    assert probed.summary.problems == ()
    failed = {one.test.partition("::")[2]: one for one in probed.summary.failures}
    assert failed["test_fails"].where == "tests/test_nasty.py:12"
    assert failed["test_fails"].message.startswith("AssertionError: assert {'a': 1} == {'a': 2}")


def test_outcomes_are_the_same_without_the_probe(nasty):
    with_probe = nasty.pytest("--junit-xml=with.xml", "-rA", "-p", "no:randomly")
    without = nasty.pytest("--junit-xml=without.xml", "-rA", "-p", "no:randomly", probe=False)
    assert with_probe.code == without.code == 1
    assert junit(nasty.root / "with.xml") == junit(nasty.root / "without.xml")
    said = [line for line in with_probe.output.splitlines() if line.startswith(("PASSED", "FAILED", "ERROR"))]
    assert said == [
        line for line in without.output.splitlines() if line.startswith(("PASSED", "FAILED", "ERROR"))
    ]


def test_the_tests_see_no_trace_of_the_probe(project):
    suite = """
import os, signal, sys, threading

def test_environment():
    assert "PYTEST_ADDOPTS" not in os.environ
    assert os.environ["PYTHONPATH"] == ""
    assert [name for name in os.environ if "READINESS" in name] == []

def test_import_path():
    assert [path for path in sys.path if "link" in path] == []
    assert [path for path in sys.path_importer_cache if path.endswith("link")] == []

def test_signals_and_threads():
    assert signal.getsignal(signal.SIGUSR2) == signal.SIG_DFL
    assert threading.active_count() == 1
    assert sys.gettrace() is None
"""
    probed = project({"test_clean.py": suite}).pytest()
    assert set(probed.outcomes.values()) == {"passed"}
    assert len(probed.outcomes) == 3


def test_a_pytest_that_a_test_starts_is_not_the_checks_own(project):
    suite = """
import subprocess, sys
pytest_plugins = ["pytester"]

def test_process(tmp_path):
    (tmp_path / "test_inner.py").write_text("def test_inner(): assert 0")
    inner = subprocess.run([sys.executable, "-m", "pytest", "-p", "no:hypothesispytest", str(tmp_path)])
    assert inner.returncode == 1

def test_in_process(pytester):
    pytester.makepyfile("def test_inner(): assert 0")
    assert pytester.runpytest_inprocess("-p", "no:hypothesispytest").ret == 1
"""
    probed = project({"test_outer.py": suite}).pytest()
    assert probed.outcomes == {"test_process": "passed", "test_in_process": "passed"}
    assert probed.summary.processes == 1


def test_each_session_of_one_process_is_recorded(project):
    script = """
import pytest, sys
quick = ['-q', '-p', 'no:hypothesispytest']
sys.exit(pytest.main([*quick, 'test_a.py']) or pytest.main([*quick, 'test_b.py']))
"""
    made = project(
        {"test_a.py": "def test_a(): pass", "test_b.py": "def test_b(): assert 0", "run.py": script}
    )
    probed = made.shell(f"{sys.executable} run.py && PYTEST test_a.py")
    assert probed.outcomes == {"test_a": "passed", "test_b": "failed"}
    assert probed.summary.processes == 2
    assert probed.summary.counts.collected == 2


@pytest.mark.parametrize(
    "options",
    [
        ("-p", "no:terminal"),
        ("--disable-plugin-autoload",),
        ("--assert=plain",),
        ("-p", "no:faulthandler", "-p", "no:warnings", "-p", "no:skipping", "-p", "no:unittest"),
        ("-W", "error"),
        ("-o", "enable_assertion_pass_hook=true"),
        ("-c", os.devnull, "--rootdir=.."),
    ],
    ids=" ".join,
)
def test_whatever_the_options(project, options):
    made = project({"sub/test_a.py": "def test_a(): assert 1\ndef test_b(): assert 0"})
    words = [option for option in options if option != "-q"]
    env = made.environ()
    probed = made.wait(
        made.start(sys.executable, "-m", "pytest", "-p", "no:hypothesispytest", *words, "sub", env=env)
    )
    assert (probed.code, probed.outcomes) == (1, {"test_a": "passed", "test_b": "failed"})
    assert probed.summary.failures[0].where == "sub/test_a.py:2"
    assert probed.summary.problems == ()


def test_autoloading_is_off_in_the_environment(project):
    made = project({"test_a.py": "def test_a(): pass"})
    assert made.pytest(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1").outcomes == {"test_a": "passed"}


def test_a_command_that_takes_our_folder_away_runs_as_without_a_gate(project):
    made = project({"test_a.py": "def test_a(): pass", "src/lib.py": ""})
    probed = made.shell("PYTHONPATH=src PYTEST -W error .")
    assert probed.code == 0, probed.output
    assert "1 passed" in probed.output
    assert probed.summary.processes == 0


def test_a_command_that_adds_to_what_is_there_is_recorded_and_keeps_its_own(project):
    suite = "import os\ndef test_a(): assert (os.environ['PYTHONPATH'], os.environ['PYTEST_ADDOPTS']) == ('src:', '-rs')"
    made = project({"test_a.py": suite})
    command = 'PYTHONPATH="src:$PYTHONPATH:" PYTEST_ADDOPTS="$PYTEST_ADDOPTS -rs" PYTEST .'
    assert made.shell(command).outcomes == {"test_a": "passed"}


def test_a_conftest_that_cannot_be_imported(project):
    made = project({"conftest.py": "import nowhere_to_be_found", "test_a.py": "def test_a(): pass"})
    probed = made.pytest()
    (failure,) = probed.summary.failures
    assert (failure.phase, failure.kind, failure.where) == ("collect", "error", "conftest.py:1")
    assert failure.message == "ModuleNotFoundError: No module named 'nowhere_to_be_found'"
    assert (probed.code, probed.summary.counts.errors, probed.summary.processes) == (4, 1, 1)


def test_arguments_that_name_nothing(project):
    probed = project({"test_a.py": "def test_a(): pass"}).pytest("nosuch.py")
    assert [one.message for one in probed.summary.failures] == ["file or directory not found: nosuch.py"]
    assert probed.code == 4


def test_errors_and_skips_of_collection(project):
    probed = project(
        {
            "sub/conftest.py": "def broken(:",
            "sub/test_x.py": "def test_x(): pass",
            "test_import.py": "import nowhere_to_be_found",
            "test_raise.py": "def helper(): raise ValueError('while importing')\nhelper()",
            "test_skip.py": "import pytest\npytest.importorskip('nowhere_to_be_found')",
        }
    ).pytest()
    told = {one.test: (one.where, one.message.splitlines()[0]) for one in probed.summary.failures}
    assert told == {
        "sub": ("sub/conftest.py:1", "SyntaxError: invalid syntax"),
        "test_import.py": ("test_import.py:1", "ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
        "test_raise.py": ("test_raise.py:1", "ValueError: while importing"),
    }
    (skip,) = probed.summary.skips
    assert (skip.test, skip.where) == ("test_skip.py", "test_skip.py:2")
    assert (probed.summary.counts.errors, probed.summary.counts.skipped) == (3, 1)


def test_tests_that_a_conftest_drops_in_silence_are_deselected(project):
    conftest = "def pytest_collection_modifyitems(items): del items[1:]"
    suite = "def test_a(): pass\ndef test_b(): pass\ndef test_c(): pass"
    counts = project({"conftest.py": conftest, "test_a.py": suite}).pytest().summary.counts
    assert (counts.collected, counts.deselected, counts.passed) == (3, 2, 1)


@pytest.mark.parametrize("how", ["os._exit(0)", "os.kill(os.getpid(), 9)", "ctypes.string_at(0)"])
def test_a_test_that_takes_the_process_with_it(project, how):
    suite = f"import os, ctypes\ndef test_a(): pass\ndef test_b(): {how}\ndef test_c(): pass"
    probed = project({"test_a.py": suite}).pytest("-p", "no:faulthandler")
    assert probed.outcomes == {"test_a": "passed"}
    assert probed.summary.running == ("test_a.py::test_b",)
    assert not probed.summary.sessions[0].finished


def test_a_run_that_was_told_to_stop_in_between(project):
    conftest = """
import pytest
def pytest_runtest_logfinish(nodeid):
    if nodeid.endswith("test_a"): pytest.exit("enough for today", returncode=0)
"""
    suite = "def test_a(): pass\ndef test_b(): pass"
    probed = project({"conftest.py": conftest, "test_a.py": suite}).pytest()
    assert probed.code == 0
    (failure,) = probed.summary.failures
    assert failure.message == "1 of 2 selected tests have no result: enough for today"
    assert probed.summary.counts.errors == 1


def test_an_interrupted_test(project):
    probed = project({"test_a.py": "def test_a(): raise KeyboardInterrupt"}).pytest()
    assert (probed.code, probed.summary.running) == (2, ("test_a.py::test_a",))
    assert len(probed.of("interrupted")) == 1


def test_an_error_of_pytest_itself(project):
    conftest = "def pytest_runtest_logreport(report): raise RuntimeError('a plugin broke')"
    probed = project({"conftest.py": conftest, "test_a.py": "def test_a(): pass"}).pytest()
    (failure,) = [one for one in probed.summary.failures if one.phase == "command"]
    assert (failure.message, failure.where) == ("RuntimeError: a plugin broke", "conftest.py:1")
    assert probed.code == 3


def test_all_is_on_record_when_the_process_ends_in_its_last_hook(project):
    conftest = "import os\ndef pytest_sessionfinish(): os._exit(0)"
    probed = project({"conftest.py": conftest, "test_a.py": "def test_a(): pass"}).pytest()
    assert probed.outcomes == {"test_a": "passed"}
    assert probed.summary.failures == ()


def test_warnings_are_listed_once_with_their_number(project):
    suite = (
        "import warnings\ndef test_a():\n    for i in range(3): warnings.warn('old')\ndef test_b(): test_a()"
    )
    probed = project({"test_a.py": suite}).pytest("-W", "always")
    assert probed.summary.warnings == ("UserWarning: old (test_a.py:3) (6 times)",)


def test_a_doctest_is_placed_at_its_example(project):
    text = "First\n\n>>> 1 + 1\n3\n"
    (failure,) = project({"test_text.txt": text}).pytest().summary.failures
    assert failure.where == "test_text.txt:3"
    assert "Expected:\n    3\nGot:\n    2" in failure.message


def test_subtests_are_told_one_by_one(nasty_run):
    probed = nasty_run
    assert [(one["subtest"], one["outcome"]) for one in probed.of("subtest")] == [("(i=1)", "failed")]
    told = [one for one in probed.summary.failures if "test_parts" in one.test]
    assert [one.message for one in told] == ["1 failed subtest", "AssertionError: 1 == 1"]


def test_a_long_failure_is_cut_and_says_so(project):
    suite = "def test_a(): raise ValueError('x' * 100_000)"
    (failure,) = project({"test_a.py": suite}).pytest().summary.failures
    assert len(failure.message) <= 2_000
    assert len(failure.details) <= 20_000
    assert "characters cut" in failure.message
    assert "characters cut" in failure.details


def test_what_goes_wrong_in_the_probe_is_recorded_and_changes_nothing(project):
    conftest = """
import readiness_probe.recorder as recorder
def broken(self, name): raise LookupError("a bug of the probe")
recorder.Recorder.started = broken
"""
    probed = project({"conftest.py": conftest, "test_a.py": "def test_a(): pass"}).pytest()
    assert (probed.code, probed.outcomes) == (0, {"test_a": "passed"})
    assert probed.summary.problems == ("the probe: LookupError: a bug of the probe",)


def test_events_that_cannot_be_written_are_counted(project):
    suite = "".join(f"def test_{i}(): pass\n" for i in range(200))
    limit = (8_000, 8_000)
    probed = project({"test_a.py": suite}).pytest(
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    )
    assert probed.code == 0
    assert 0 < probed.summary.counts.passed < 200
    assert not probed.summary.sessions[0].finished
    assert probed.summary.running or "have no result" in probed.summary.failures[-1].message


def test_a_folder_that_cannot_be_written(project):
    made = project({"test_a.py": "def test_a(): pass"})
    env = made.environ()
    made.out.write_text("a file")
    process = made.start(sys.executable, "-m", "pytest", "-p", "no:hypothesispytest", env=env)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "readiness: this pytest is not recorded: FileExistsError" in output


def test_an_interpreter_that_cannot_load_the_probe_runs_as_without_it(project):
    made = project({"test_a.py": "def test_a(): pass"})
    env = made.environ()
    package = made.link / "readiness_probe"
    source = package.resolve()
    package.unlink()
    shutil.copytree(source, package)
    (package / "injected.py").write_text("this is no Python of yours")
    output, _ = made.start(sys.executable, "-m", "pytest", *QUICK, env=env).communicate(timeout=60)
    assert "1 passed" in output
    assert "readiness: this pytest is not recorded: SyntaxError" in output


def test_a_pytest_older_than_supported_runs_as_without_the_probe(project):
    script = f"import pytest, sys; pytest.__version__ = '6.2.5'; sys.exit(pytest.main(['-q', *{QUICK}]))"
    probed = project({"test_a.py": "def test_a(): pass", "run.py": script}).shell(f"{sys.executable} run.py")
    assert (probed.code, probed.summary.processes) == (0, 0)
    assert "the probe needs pytest 7 or later, this is 6.2.5" in probed.output


def test_events_never_end_up_in_another_file(project):
    suite = """
import os
def test_closes_everything(tmp_path):
    os.closerange(3, 256)
    for number in range(20):
        os.open(tmp_path / str(number), os.O_WRONLY | os.O_CREAT)
def test_others_are_empty(tmp_path):
    folder = os.path.join(os.path.dirname(tmp_path), "test_closes_everything0")
    sizes = [os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder)]
    assert sizes == [0] * 20
"""
    probed = project({"test_a.py": suite}).pytest("-p", "no:faulthandler", "--capture=no")
    assert probed.outcomes == {"test_closes_everything": "passed", "test_others_are_empty": "passed"}


def test_a_forked_child_writes_nothing(project):
    suite = """
import os
def test_a():
    child = os.fork()
    if child == 0:
        raise RuntimeError("runs the rest of the suite once more")
    os.waitpid(child, 0)
def test_b(): pass
"""
    probed = project({"test_a.py": suite}).pytest("-W", "ignore")
    assert [event["id"] for event in probed.of("test")] == ["test_a.py::test_a", "test_a.py::test_b"]
    assert probed.summary.problems == ()
