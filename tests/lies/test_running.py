"""Rows 1 to 6 of the ways in which a gate lies: running. Each shows the lie first, then the refusal."""

from __future__ import annotations

import os
import subprocess
import sys
import time


def config(*checks: str) -> str:
    return "version: 2\nchecks:\n" + "".join(f"  - {check}\n" for check in checks)


def test_lie_01_the_child_runs_in_an_emptied_environment(make_project):
    command = 'test -n "$HOME" && command -v git'
    emptied = subprocess.run(["/bin/sh", "-c", command], env={}, capture_output=True)
    assert emptied.returncode != 0, "the lie: the code is blamed for an environment that was taken away"

    project = make_project(
        {"readiness.yml": config(f"{{name: a, lane: core, run: '{command}', env: {{EXTRA: x}}}}")}
    )
    ran = project.run(INHERITED="y")
    assert ran.code == 0
    check = ran.check("a")
    assert "EXTRA" in check["env_added"]
    assert "INHERITED" not in check["env_added"], "what is inherited is not an addition"
    assert "x" not in check["env_added"], "names only, never values"


def test_lie_02_the_deadline_is_looked_at_only_when_a_line_arrives(make_project):
    silent = subprocess.Popen(["sleep", "60"], stdout=subprocess.PIPE)
    assert silent.stdout
    os.set_blocking(silent.stdout.fileno(), False)
    time.sleep(0.1)
    assert silent.stdout.read() is None, "the lie: a reader of lines would wait here for a minute"
    silent.kill()
    silent.communicate()

    project = make_project({"readiness.yml": config("{name: hang, lane: core, run: sleep 60, timeout: 0.5}")})
    began = time.monotonic()
    ran = project.run("--grace", "0.2")
    assert time.monotonic() - began < 20
    assert ran.check("hang")["outcome"] == "timed_out"


def test_lie_02_a_heartbeat_shows_what_is_running(make_project):
    code = (
        "import io, time\n"
        "from readiness.report.progress import Progress\n"
        "from readiness.config.model import Check, Place\n"
        "import sys\n"
        "here = Place('readiness.yml', 1, 1)\n"
        "progress = Progress(sys.stdout, live=True, total=1)\n"
        "progress.started(Check('slow', 'core', 'sleep 60', here, here), '/nowhere')\n"
        "real = time.monotonic\n"
        "time.monotonic = lambda: real() + 11\n"
        "progress.beat(['slow'])\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "still running: slow 11 s" in said.stdout


def test_lie_03_killing_the_shell_leaves_its_children_alive(make_project, tmp_path, wait_for):
    def alive(pid: int) -> bool:
        try:
            with open(f"/proc/{pid}/stat") as file:
                return file.read().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    child = tmp_path / "child"
    command = f"sleep 300 & echo $! > {child}; wait"
    shell = subprocess.Popen(["/bin/sh", "-c", command])
    pid = int(wait_for(lambda: child.exists() and child.read_text().strip()))
    shell.kill()
    shell.wait()
    assert alive(pid), "the lie: the shell is dead, its child lives on"
    os.kill(pid, 9)

    child.unlink()
    command = f"setsid sleep 300 & echo $! > {child}; trap : TERM; while :; do sleep 1; done"
    project = make_project(
        {"readiness.yml": config(f'{{name: tree, lane: core, run: "{command}", timeout: 1}}')}
    )
    ran = project.run("--grace", "0.2")
    assert ran.check("tree")["outcome"] == "timed_out"
    assert ran.check("tree")["survivors"] == []
    assert not alive(int(child.read_text()))


def test_lie_04_a_timeout_is_recorded_as_exit_code_1(make_project):
    shell = subprocess.run(
        ["timeout", "0.1", "sh", "-c", "trap 'exit 1' TERM; sleep 5 & wait"], capture_output=True
    )
    assert shell.returncode in (1, 124), "the lie: nothing in that number says what hung"

    test = "import time\ndef test_hangs():\n    print('about to hang', flush=True)\n    time.sleep(60)\n"
    project = make_project(
        {
            "readiness.yml": config("{name: hang, lane: core, run: pytest -s tests, timeout: 3}"),
            "tests/test_h.py": test,
        }
    )
    check = project.run("--grace", "0.3").check("hang")
    assert check["outcome"] == "timed_out"
    assert "tests/test_h.py::test_hangs" in check["reason"]
    assert "about to hang" in check["last_output"]


def test_lie_04_a_test_with_its_own_deadline_shows_its_stack(make_project):
    project = make_project(
        {
            "readiness.yml": config("{name: hang, lane: core, run: pytest tests, test_timeout: 1}"),
            "tests/test_h.py": "import time\ndef wait_for_ever():\n    time.sleep(60)\ndef test_hangs():\n    wait_for_ever()\n",
        }
    )
    check = project.run().check("hang")
    assert check["outcome"] == "timed_out"
    assert "wait_for_ever" in check["failures"][0]["details"]


def test_lie_05_python_comes_from_the_system(make_project, tmp_path):
    impostor = tmp_path / "bin/pytest"
    impostor.parent.mkdir()
    impostor.write_text("#!/bin/sh\necho 1 passed\n")
    impostor.chmod(0o755)
    path = f"{impostor.parent}:{os.environ['PATH']}"
    lie = subprocess.run(
        "pytest", shell=True, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    assert lie.stdout == "1 passed\n", "the lie: a pytest of somewhere else answers"

    project = make_project(
        {
            "readiness.yml": config(
                "{name: a, lane: core, run: 'pytest t.py && python -c \"import sys; print(sys.prefix)\"'}"
            ),
            "t.py": "def test_fails():\n    assert False\n",
        }
    )
    ran = project.run(PATH=path)
    assert ran.check("a")["outcome"] == "failed"
    assert (
        ran.check("a")["interpreter"]
        == ran.report["run"]["interpreter"]
        == os.path.join(sys.prefix, "bin", "python")
    )


def test_lie_06_output_is_buffered_so_that_a_stall_looks_like_a_hang(make_project):
    code = "import time; print('first'); time.sleep(30)"
    quiet = dict(os.environ)
    quiet.pop("PYTHONUNBUFFERED", None)
    buffered = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=quiet)
    assert buffered.stdout
    os.set_blocking(buffered.stdout.fileno(), False)
    time.sleep(0.7)
    assert buffered.stdout.read() is None, "the lie: it has said something, and nobody can see it"
    buffered.kill()
    buffered.communicate()

    project = make_project(
        {
            "readiness.yml": config("{name: talk, lane: core, run: python talk.py}"),
            "talk.py": code.replace("; ", "\n"),
        }
    )
    process = project.start("run", "--grace", "0.1")
    assert process.stdout
    seen = [process.stdout.readline() for _ in range(2)]
    process.terminate()
    ran = project.wait(process)
    assert "talk | first\n" in seen
    log = project.root / ran.check("talk")["log"]
    assert log.read_text() == "first\n"
