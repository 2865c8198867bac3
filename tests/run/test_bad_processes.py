"""Checks that misbehave as processes, all in one run: each gets its own outcome, nothing hangs, nothing is left."""

from __future__ import annotations

import json
import signal
import time
import uuid

import pytest

DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvp("sleep", ["sleep", "300"])
    os._exit(0)
os.wait()
time.sleep(0.2)
"""

BOMB = """
import os, time
for _ in range(8):
    os.fork()
time.sleep(300)
"""
"""Eight doublings: 256 processes, and no more."""

FIND_GATE = "gate=$(awk '{print $4}' /proc/$PPID/stat)"

HOSTILE = {
    "daemonises": ("python daemon.py", {}, "passed", "exit code 0"),
    "holds_the_pipe": ("sleep 300 & test 1", {}, "passed", "exit code 0"),
    "ignores_signals": (
        "trap '' TERM INT HUP QUIT; while :; do sleep 300; done",
        {"timeout": 0.5},
        "timed_out",
        "at its deadline of 0.5 s",
    ),
    "fills_the_pipe": ("head -c 3000000 /dev/zero; test 1", {}, "passed", "exit code 0"),
    "closes_stdout": ("exec >&- 2>&-; sleep 0.2; exit 3", {}, "failed", "exit code 3"),
    "kills_its_worker": ("kill -9 $PPID; sleep 300", {}, "error", "its worker was killed while it ran"),
    "kills_its_group": ("sleep 300 & kill -9 0", {}, "failed", "ended by signal 9"),
    "terminates_its_group": ("kill -TERM 0; sleep 300", {}, "failed", "ended by signal 15"),
    "leaves_its_session": ("setsid sh -c 'sleep 300; :' & wait", {"timeout": 0.5}, "timed_out", "deadline"),
    "reads_stdin": ("read line || exit 4", {}, "failed", "exit code 4"),
    "wants_a_terminal": ("test -t 0 || exit 5", {}, "failed", "exit code 5"),
    "opens_the_terminal": ("exec < /dev/tty", {}, "failed", "exit code"),
    "stops_itself": ("kill -STOP $$; test 1", {"timeout": 0.5}, "timed_out", "deadline"),
    "leaves_200": ("i=0; while [ $i -lt 200 ]; do sleep 300 & i=$((i+1)); done; test 1", {}, "passed", ""),
    "bombs": ("python bomb.py", {"timeout": 1}, "timed_out", "at its deadline of 1 s"),
    "prints_a_million_lines": ("seq 1000000; test 1", {}, "passed", "exit code 0"),
    "not_there": ("no-such-command --x", {}, "error", "command not found: "),
    "not_executable": ("./readiness.yml", {}, "error", "command cannot be executed: "),
    "cannot_be_read_by_sh": ("if", {}, "failed", "exit code 2"),
    "no_such_folder": ("test 1", {"cwd": "nowhere"}, "error", "nowhere: No such file or directory"),
    "environment_too_large": (
        "test 1",
        {"env": {"HUGE": "x" * 200_000}},
        "error",
        "could not be started: /bin/sh: Argument list too long",
    ),
    "removes_its_temporary_folder": ('rm -rf "$TMPDIR" "$HOME"; test 1', {}, "passed", "exit code 0"),
    "removes_its_log": (
        "set -e; log=.readiness/latest/logs/removes_its_log.log; echo before; until test -e $log; do sleep 0.02; done; rm $log; echo after",
        {},
        "passed",
        "",
    ),
}


def config(checks: dict[str, tuple]) -> str:
    entries = [
        {"name": name, "lane": "core", "run": run, "timeout": 30, **more}
        for name, (run, more, *_) in checks.items()
    ]
    return json.dumps({"version": 2, "checks": entries})


def test_every_hostile_check_gets_its_own_outcome_and_leaves_nothing(make_project, marked):
    project = make_project({"readiness.yml": config(HOSTILE), "daemon.py": DAEMON, "bomb.py": BOMB})
    mark = str(uuid.uuid4())
    began = time.monotonic()
    ran = project.run("--quiet", "--grace", "0.2", "--jobs", "4", MARK=mark)
    assert time.monotonic() - began < 40
    assert marked(mark) == []
    assert ran.code == 1, ran.err
    assert "Traceback" not in ran.err
    seen = {name: (ran.check(name)["outcome"], ran.check(name)["reason"]) for name in HOSTILE}
    for name, (_, _, outcome, reason) in HOSTILE.items():
        assert seen[name][0] == outcome, (name, seen[name])
        assert reason in seen[name][1], (name, seen[name])
    assert all(one["survivors"] == [] for one in ran.report["checks"])

    def warned(name: str) -> str:
        return " ".join(ran.check(name)["warnings"])

    assert "left 1 process(es) running, which were ended" in warned("daemonises")
    assert "sleep 300" in warned("daemonises")
    assert "left 1 process(es) running" in warned("holds_the_pipe")
    assert "left 200 process(es) running" in warned("leaves_200")
    assert not warned("fills_the_pipe")
    logs = project.root / ".readiness/latest/logs"
    assert (logs / "fills_the_pipe.log").stat().st_size == 3_000_000
    assert (logs / "prints_a_million_lines.log").read_bytes().count(b"\n") == 1_000_000
    assert not (logs / "removes_its_log.log").exists()


@pytest.mark.parametrize(("number", "code"), [("TERM", 143), ("HUP", 143), ("INT", 130)])
def test_a_check_that_signals_the_gate_interrupts_it(make_project, marked, number, code):
    checks = {
        "first": ("test 1", {}),
        "signals_the_gate": (f"{FIND_GATE}; kill -{number} -$gate; sleep 300", {"needs": ["first"]}),
        "last": ("test 1", {"needs": ["signals_the_gate"]}),
    }
    project = make_project({"readiness.yml": config(checks)})
    mark = str(uuid.uuid4())
    ran = project.run("--quiet", "--grace", "0.2", MARK=mark)
    assert (ran.code, ran.report["verdict"], ran.report["interrupted"]) == (
        code,
        "INCONCLUSIVE",
        f"SIG{number}",
    )
    assert [ran.check(name)["outcome"] for name in checks] == ["passed", "interrupted", "interrupted"]
    assert marked(mark) == []


def test_a_check_that_kills_the_gate_loses_nothing_of_what_came_before(make_project, marked, wait_for):
    checks = {
        "first": ("test 1", {}),
        "kills_the_gate": (
            f"test -e once || {{ touch once; {FIND_GATE}; kill -9 -$gate; sleep 300; }}",
            {"needs": ["first"]},
        ),
    }
    project = make_project({"readiness.yml": config(checks)})
    mark = str(uuid.uuid4())
    ran = project.run("--quiet", MARK=mark)
    assert ran.code == -signal.SIGKILL
    wait_for(lambda: not marked(mark))
    told = json.loads(project.readiness("report", "--json").out)
    assert [one["outcome"] for one in told["checks"]] == ["passed", "interrupted"]
    assert "killed" in told["interrupted"]
    resumed = project.run("--quiet", "--resume")
    assert (resumed.code, resumed.report["verdict"]) == (0, "READY")


def test_an_idle_worker_that_is_killed_is_not_used_again(make_project):
    kill_others = (
        f"{FIND_GATE}; for pid in $(cat /proc/$gate/task/$gate/children); do "
        "test $pid = $PPID || kill -9 $pid; done; sleep 0.3; test 1"
    )
    pair = ("sleep 0.2; test 1", {})
    killer = (kill_others, {"needs": ["c0", "c1"]})
    after = ("sleep 0.2; test 1", {"needs": ["killer"]})
    project = make_project(
        {"readiness.yml": config({"c0": pair, "c1": pair, "killer": killer, "d0": after, "d1": after})}
    )
    ran = project.run("--quiet", "--jobs", "2")
    assert (ran.code, ran.err) == (0, "")
    assert {one["outcome"] for one in ran.report["checks"]} == {"passed"}
