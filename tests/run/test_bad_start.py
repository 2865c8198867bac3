"""What is wrong before the first check starts: the configuration, the interpreter, git, the folder, what is asked."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest


def config(checks: dict[str, tuple[str, dict]], **keys: object) -> str:
    entries = [{"name": name, "lane": "core", "run": run, **more} for name, (run, more) in checks.items()]
    return json.dumps({"version": 2, **keys, "checks": entries})


ONE = config({"a": ("touch ran; test 1", {})})


def refused(ran, *said: str) -> None:
    """Exit code 2, these words on standard error, nothing else, and nothing was run or written."""
    assert ran.code == 2, ran.out + ran.err
    for text in said:
        assert text in ran.err
    assert "Traceback" not in ran.err
    assert ran.out == ""
    assert not (ran.project.root / ".readiness").exists()
    assert not (ran.project.root / "ran").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "readiness.yml:1:1: there is no such file; write one with `readiness init`"),
        ("", "readiness.yml:1:1: the file is empty; write one with `readiness init`"),
        ("# nothing\n", "readiness.yml:1:1: the file is empty"),
        ("x: " + "y" * 5_000_000, "readiness.yml:1:1: is larger than 4,194,304 bytes"),
        ("version: 2\n\0", "readiness.yml:2:1: is a binary file"),
        (
            "version: 2\nchecks: [{name: a",
            "readiness.yml:3:1: is not YAML: while parsing a flow mapping from line 2",
        ),
        ("version: 2\nchecks:\n\t- x", "readiness.yml:3:1: "),
        ("version: 2\nchecks: []\n", "readiness.yml:2:9: `checks` is empty"),
        ("- [" * 2_000, "readiness.yml:1:"),
        (ONE.replace('"a"', '"naïve"'), "letters, digits, _ . -"),
        (ONE.replace('"a"', '"\u202ea"'), "letters, digits, _ . -"),
        (ONE.replace('"a"', '"../a"'), "letters, digits, _ . -"),
        (ONE.replace('"a"', '"a\\nb"'), "letters, digits, _ . -"),
    ],
    ids=range(13),
)
def test_a_configuration_that_is_none_is_refused(make_project, text, said):
    project = make_project({} if text is None else {"readiness.yml": text})
    ran = project.run()
    refused(ran, said)
    assert len(ran.err) < 2000


def test_a_configuration_in_place_of_which_there_is_something_else_is_refused(make_project):
    project = make_project({"readiness.yml/inside": ""})
    refused(project.run(), "readiness.yml:1:1: is a directory, not a file")
    os.mkfifo(project.root / "pipe")
    refused(project.run("--config", "pipe"), "pipe:1:1: is not a regular file")
    (project.root / "bytes").write_bytes(b"version: 2\nname: \xff\n")
    refused(project.run("--config", "bytes"), "bytes:2:7: is not UTF-8 text: byte 0xff")
    refused(project.run("-C", "nowhere"), "readiness: -C nowhere: there is no such folder")


def test_a_working_directory_that_is_gone_is_named(make_project):
    project = make_project({"readiness.yml": ONE, "gone/x": ""})
    script = f"rm -r ../gone; exec {sys.executable} -m readiness run"
    ended = subprocess.run(
        ["sh", "-c", script], cwd=project.root / "gone", env=project.environ, capture_output=True, text=True
    )
    assert ended.returncode == 2
    assert ended.stderr == "readiness: the working directory is gone; change to one that exists\n"


@pytest.mark.parametrize("words", ["nowhere/python", "readiness.yml", "text", "garbage", "quits", "silent"])
def test_an_interpreter_that_is_none_is_refused(make_project, words):
    text = config({"a": ("touch ran; test 1", {})}, defaults={"python": f"bin/{words}"})
    project = make_project(
        {
            "readiness.yml": text,
            "bin/text": "not a program\n",
            "bin/garbage": "\x7fELF\0\0\0",
            "bin/quits": "#!/bin/sh\nexit 3\n",
            "bin/silent": "#!/bin/sh\nexit 0\n",
        }
    )
    for name in ("text", "garbage", "quits", "silent"):
        (project.root / "bin" / name).chmod(0o755)
    ran = project.run()
    refused(ran, f"bin/{words}")
    assert (
        "is not an interpreter that can be run" in ran.err
        or "does not run as a Python interpreter" in ran.err
    )
    assert len(ran.err.splitlines()) == 1


def test_without_git_and_without_its_program_the_run_says_so(make_project):
    project = make_project({"readiness.yml": ONE})

    def note(ran) -> str:
        assert (ran.code, ran.err) == (0, "")
        journal = (project.root / ".readiness/latest/journal.jsonl").read_text()
        return json.loads(journal.splitlines()[0])["header"]["provenance"]["note"]

    ran = project.run("--quiet")
    assert note(ran) == "not a git checkout; the commit is not known"
    assert ran.check("a")["cache_miss"] == "not a git checkout, and the check declares no inputs"
    project.write({"readiness.yml": config({"a": ("test 1", {})})})
    ran = project.run("--quiet", PATH="/nowhere")
    assert note(ran) == "git could not be run (No such file or directory); the commit is not known"


def test_three_hundred_checks(make_project):
    project = make_project({"readiness.yml": config({f"c{n}": (f"test {n}", {}) for n in range(300)})})
    began = time.monotonic()
    ran = project.run("--quiet")
    assert (ran.code, ran.err) == (0, "")
    assert [one["outcome"] for one in ran.report["checks"]] == ["passed"] * 300
    assert time.monotonic() - began < 20


def test_two_gates_at_once_do_not_disturb_each_other(make_project):
    checks = {f"c{n}": (f"sleep 0.05; test {n}", {}) for n in range(8)}
    project = make_project({"readiness.yml": config(checks)}, git=True)
    both = [project.start("run", "--quiet", "--no-cache") for _ in range(2)]
    ended = [project.wait(one) for one in both]
    assert [(one.code, one.err) for one in ended] == [(0, "")] * 2
    runs = sorted((project.root / ".readiness/runs").iterdir())
    assert len(runs) == 2
    for run in runs:
        report = json.loads((run / "report.json").read_text())
        assert [one["outcome"] for one in report["checks"]] == ["passed"] * 8
    assert set(json.loads((project.root / ".readiness/history.json").read_text())["seconds"]) == set(checks)
    assert not list(project.root.rglob("*.part"))


class TestResume:
    SLOW = config({"first": ("test 1", {}), "slow": ("test -e go || sleep 60; test 1", {"needs": ["first"]})})

    def interrupted(self, make_project, wait_for, **more):
        project = make_project({"readiness.yml": self.SLOW, "code.py": "1\n", ".gitignore": "go\n"}, **more)
        process = project.start("run", "--quiet", "--grace", "0.2")
        journal = project.root / ".readiness/latest/journal.jsonl"
        wait_for(lambda: journal.exists() and '"name": "slow", "started_at"' in journal.read_text())
        return project, process

    def test_nothing_to_resume(self, make_project):
        project = make_project({"readiness.yml": ONE})
        ran = project.run("--resume")
        assert (ran.code, "no run is on record here; start one with `readiness run`" in ran.err) == (2, True)
        assert project.run("--quiet").code == 0
        ran = project.run("--resume")
        assert (ran.code, "was not interrupted: there is nothing to resume; start a new one" in ran.err) == (
            2,
            True,
        )
        ran = project.run("--resume", "2001")
        assert (ran.code, "'2001' is no run on record; known: 2" in ran.err) == (2, True)
        ran = project.run("--resume", "--gate", "dev")
        assert (ran.code, "--resume goes on with what that run was asked for" in ran.err) == (2, True)

    def test_while_the_other_gate_still_runs(self, make_project, wait_for):
        project, process = self.interrupted(make_project, wait_for)
        ran = project.run("--resume")
        assert ran.code == 2
        assert "journal.jsonl: another gate is writing it; wait for that run to end" in ran.err
        process.send_signal(signal.SIGTERM)
        assert project.wait(process).code == 143
        project.write({"go": ""})
        assert project.run("--quiet", "--resume").code == 0

    def test_after_the_configuration_or_the_code_changed(self, make_project, wait_for):
        project, process = self.interrupted(make_project, wait_for, git=True)
        process.kill()
        project.wait(process)
        project.write({"go": "", "code.py": "2\n"})
        ran = project.run("--resume")
        assert (ran.code, "cannot be resumed: the code has changed since; start a new one" in ran.err) == (
            2,
            True,
        )
        project.write({"code.py": "1\n", "readiness.yml": self.SLOW + "\n"})
        ran = project.run("--resume")
        assert ran.code == 2
        assert "cannot be resumed: readiness.yml has changed since; start a new one" in ran.err
        project.write({"readiness.yml": self.SLOW})
        ran = project.run("--quiet", "--resume")
        assert (ran.code, ran.report["resumed"]) == (0, 1)


def test_nohup_lets_the_run_outlive_its_terminal(make_project, wait_for):
    project = make_project({"readiness.yml": config({"a": ("touch ran; sleep 0.7; test 1", {})})})
    script = f"trap '' HUP; exec {sys.executable} -m readiness run --quiet"
    process = subprocess.Popen(
        ["sh", "-c", script], cwd=project.root, env=project.environ, stdout=subprocess.DEVNULL
    )
    wait_for((project.root / "ran").exists)
    process.send_signal(signal.SIGHUP)
    assert process.wait(timeout=30) == 0


class TestStandardStreams:
    TALKS = config({"a": ("seq 5000; test 1", {}), "b": ("test -d nowhere", {})})

    def shell(self, project, script: str) -> subprocess.CompletedProcess[str]:
        readiness = f'readiness() {{ {sys.executable} -m readiness "$@"; }}'
        return subprocess.run(
            ["bash", "-c", f"{readiness}\n{script}"],
            cwd=project.root,
            env=project.environ,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def test_a_reader_that_goes_away_does_not_change_the_verdict(self, make_project):
        project = make_project({"readiness.yml": self.TALKS})
        for words in ("run", "run --quiet"):
            ended = self.shell(project, f"readiness {words} --no-cache | head -1; exit ${{PIPESTATUS[0]}}")
            assert (ended.returncode, ended.stderr) == (1, "")
            assert len(ended.stdout.splitlines()) == 1
        ended = self.shell(project, "readiness schema | head -1")
        assert (ended.stdout, ended.stderr) == ("{\n", "")

    def test_closed_streams_do_not_change_the_verdict(self, make_project):
        project = make_project({"readiness.yml": self.TALKS})
        for closed in (">&-", "<&-", ">&- 2>&- <&-"):
            assert self.shell(project, f"readiness run {closed}").returncode == 1
            report = json.loads((project.root / ".readiness/latest/report.json").read_text())
            assert {one["outcome"] for one in report["checks"]} == {"passed", "failed"}

    def test_a_full_device_does_not_change_the_verdict(self, make_project):
        project = make_project({"readiness.yml": self.TALKS})
        ended = self.shell(project, "readiness run > /dev/full")
        assert ended.returncode == 1
        assert "standard output: No space left on device; the summary is in " in ended.stderr
        assert self.shell(project, "readiness schema > /dev/full").returncode == 2

    def test_another_encoding_does_not_change_the_verdict(self, make_project):
        project = make_project(
            {"readiness.yml": config({"a": ("printf 'na\\303\\257ve \\342\\200\\246\\n'; test 1", {})})}
        )
        ran = project.run(PYTHONIOENCODING="ascii")
        assert (ran.code, ran.err) == (0, "")
        assert "a | na\\xefve \\u2026" in ran.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--jobs", "0"], "argument --jobs: '0' is not a whole number from 1"),
        (["--jobs", "many"], "argument --jobs: 'many' is not a whole number from 1"),
        (["--grace", "nan"], "argument --grace: 'nan' is not seconds from 0 to 3600"),
        (["--gate", "deplox"], "no gate is named 'deplox'"),
        (["--lane", "cor"], "no lane is named 'cor'"),
        (["aa"], "no check is named 'aa'"),
        (["--no-such"], "unrecognized arguments: --no-such"),
    ],
    ids=range(7),
)
def test_what_cannot_be_asked_for_is_refused(make_project, words, said):
    refused(make_project({"readiness.yml": ONE}).run(*words), said)
