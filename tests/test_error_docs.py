"""Each row of docs/errors.md, provoked through the real command: that very message, and that exit code.

A fault that stops a command before it starts a process is provoked inside this process, the others by `readiness`
itself. Two outcomes that would take gigabytes or luck to provoke are asked of the decision that words them.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from readiness.cli.main import main
from readiness.store.database import _advice

DOCUMENT = Path(__file__).parents[1] / "docs/errors.md"
AT_ONCE = 4
FIND_GATE = "gate=$(awk '{print $4}' /proc/$PPID/stat)"
MOUNTS = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]


@dataclass(frozen=True)
class Inside:
    """Words for `readiness`, run in this process in a folder with these files."""

    words: tuple[str, ...]
    files: dict[str, str | bytes] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)
    prepare: Callable[[Path], object] = bool


@dataclass(frozen=True)
class Outside:
    """A shell script in which $R is `readiness`; its exit code is that of the last command."""

    script: str
    files: dict[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    """Words that must work on this machine; it is skipped where they do not."""


@dataclass(frozen=True)
class Asked:
    """The decision itself, asked for its words: the message and the exit code."""

    ask: Callable[[], tuple[str, int]]


def config(*checks: dict, **sections: object) -> str:
    return json.dumps({"version": 2, **sections, "checks": list(checks)})


def check(run: str, name: str = "a", lane: str = "core", **more: object) -> dict:
    return {"name": name, "lane": lane, "run": run, **more}


PASSES = config(check("test 1"))


def loaded(text: str | bytes, *, prepare: Callable[[Path], object] = bool) -> Inside:
    return Inside(("list",), {"readiness.yml": text}, prepare=prepare)


def given(**keys: object) -> Inside:
    """A check with these keys beside a sound one."""
    return loaded(config(check("test 1", **keys)))


def listed(*words: str, text: str = PASSES, **environ: str) -> Inside:
    return Inside(("list", *words), {"readiness.yml": text}, environ)


def ran(
    *checks: dict, options: str = "", then: str = "", files: dict | None = None, **sections: object
) -> Outside:
    script = f"$R run --quiet --grace 0.2 {options}" + (f"; {then}" if then else "")
    return Outside(script, {"readiness.yml": config(*checks, **sections), **(files or {})})


def pytest_check(code: str, command: str = "pytest t.py", **more: object) -> Outside:
    return ran(check(command, **more), files={"t.py": f"import os, pytest, time\n{code}\n"})


LEAKS = "import sys\n\n\ndef test_a():\n    sys.leak = 5\n\n\ndef test_b():\n    assert not hasattr(sys, 'leak')\n\n\n"
EDITED_MEANWHILE = (
    f"import os\n{LEAKS}"
    + """def test_c():
    if "readiness-patch-" in __file__:
        open(os.path.join(os.environ["PWD"], "t.py"), "a").write("# edited")
"""
)


def served(service: dict, command: str = "test 1", **more: object) -> Outside:
    one = {"timeout": 20, "stop_timeout": 0.2, "ready": {"log": "never"}, **service}
    return ran(check(command, services=["s"], **more), services={"s": one})


def interpreter(body: str, prepare: str = "true") -> Outside:
    text = config(check("test 1"), defaults={"python": "bin/py"})
    return Outside(f"{prepare}; chmod +x bin/py; $R run", {"readiness.yml": text, "bin/py": body})


def chain(*runs: str) -> list[dict]:
    names = [f"c{number}" for number in range(len(runs))]
    return [check(run, names[n], needs=names[:n][-1:]) for n, run in enumerate(runs)]


def too_much_output() -> tuple[str, int]:
    return judged(exit_code=-15, stopped="output")


def worker_given_up() -> tuple[str, int]:
    return judged(exit_code=None, start_error="its worker stopped answering and was ended")


def judged(**seen: object) -> tuple[str, int]:
    from readiness.config.model import Check, Place
    from readiness.gate.judge import Observed, judge
    from readiness.gate.settings import Settings
    from readiness.gate.verdict import blocks
    from readiness.record.outcome import EXIT_NOT_READY, EXIT_READY

    here = Place("readiness.yml", 1, 1)
    decided = judge(Check("a", "core", "x", here, here), Observed(**seen), Settings("dev", ("core",), False))
    return decided.reason, EXIT_NOT_READY if blocks(decided.outcome, strict=False) else EXIT_READY


RETRIES = """
from _pytest.runner import runtestprotocol
def pytest_runtest_protocol(item, nextitem):
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for last in (False, True):
        for report in runtestprotocol(item, nextitem=nextitem, log=False):
            report.outcome = "rerun" if report.failed and not last else report.outcome
            item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
"""
WITHOUT_LIBYAML = """
import sys
sys.modules["yaml._yaml"] = None
from readiness.cli.main import entry
sys.argv[1:] = ["list"]
entry()
"""
STRANGER = """
import http.server, json, os, subprocess, sys, threading
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
ready = {"url": f"http://127.0.0.1:{server.server_port}/"}
services = {"s": {"run": "exec sleep 60", "ready": ready, "timeout": 20, "stop_timeout": 0.2}}
checks = [{"name": "a", "lane": "live", "run": "test 1", "services": ["s"]}]
json.dump({"version": 2, "services": services, "checks": checks}, open("readiness.yml", "w"))
sys.exit(subprocess.call([sys.executable, "-m", "readiness", "run", "--quiet", "--lane", "live"]))
"""
ELSEWHERE = "import socket, time; s = socket.create_server(('127.0.0.1', 0)); time.sleep(60)"
TRIALS = {"good": 0.5, "bad": 0.9}
BAD_LOCAL = {"run": "exec sleep 60", "timeout": 0.3}
LOG_READY = {"run": "echo up; sleep 60", "ready": {"log": "up"}}

THE_COMMAND_LINE = {
    "error: the following arguments are required: command": Inside(()),
    "error: argument command: invalid choice: …": Inside(("rum",)),
    "error: unrecognized arguments: …": listed("--no-such"),
    "error: argument …: expected one argument": listed("--gate"),
    "error: argument --jobs: … is not a whole number from 1": Inside(("run", "--jobs", "0")),
    "error: argument --grace: … is not seconds from 0 to 3600": Inside(("run", "--grace", "x")),
    "readiness: -C …: there is no such folder": Inside(("list", "-C", "/no/such/folder")),
    "readiness: the working directory is gone; change to one that exists": Outside(
        "mkdir gone; cd gone; rmdir ../gone; $R run"
    ),
    "readiness: no gate is named …; …": listed("--gate", "deplox"),
    "readiness: no lane is named …; …": listed("--lane", "cor"),
    "readiness: no check is named …; …": listed(READINESS_EXPECT="aa"),
    "readiness: no provider is named …; …": listed(LIVE_PROVIDERS="openia"),
    "readiness: …=… is neither on nor off; set it to 1 or 0": listed(STRICT_READY="maybe"),
    "readiness: … is set but names no check; unset it, or name checks separated by commas": listed(
        READINESS_EXPECT=" "
    ),
    "readiness: --watch starts new runs; give it without --resume": Inside(
        ("run", "--watch", "--resume"), {"readiness.yml": PASSES}
    ),
    "readiness: --resume goes on with what that run was asked for; give no check, gate, lane or strictness": Inside(
        ("run", "--resume", "--gate", "dev"), {"readiness.yml": PASSES}
    ),
    "readiness: standard output: No space left on device": Outside("$R schema > /dev/full"),
    "readiness: …/report.json: Is a directory": ran(
        check("test 1"),
        then="rm .readiness/latest/report.json; mkdir .readiness/latest/report.json; $R report --json",
    ),
    "readiness: interrupted (SIGINT)": interpreter("#!/bin/sh\nkill -INT $PPID\nexec sleep 1\n"),
    "readiness: internal error, as shown above; please report it": Outside(
        "PYTHONPATH=broken $R run",
        {"readiness.yml": PASSES, "broken/fcntl.py": "raise RuntimeError('broken')"},
    ),
}

THE_CONFIGURATION = {
    "there is no such file; write one with `readiness init`": Inside(("list",)),
    "is a directory, not a file; name the configuration file itself": Inside(
        ("list",), {"readiness.yml/x": ""}
    ),
    "is not a regular file; name the configuration file itself": Inside(("list", "--config", "/dev/null")),
    "cannot be read: …; check the path and its permissions": Inside(
        ("list",), prepare=lambda root: (root / "readiness.yml").symlink_to("readiness.yml")
    ),
    "is larger than … bytes; this is no configuration; name the right file": loaded("#" * 4_200_000),
    "is a binary file, or text that is not UTF-8: byte … is NUL; save it as UTF-8 text": loaded("a\0b"),
    "is not UTF-8 text: byte 0x…; save it as UTF-8 text": loaded(b"a: \xff"),
    "holds the control character U+…; remove it, or save the file as UTF-8 text": loaded("a: \x07"),
    "is not YAML: …; …": loaded("checks: [\n"),
    "is not YAML: …; indent with spaces: this is a tab": loaded("version: 2\nchecks:\n\t- x\n"),
    "nests deeper than … levels; flatten it": loaded("[" * 500),
    "the file holds more than … values; this is no configuration; name the right file": loaded(
        "[" + "a," * 400_001
    ),
    "aliases expand to more than … values, or one holds itself; write the values out instead of *alias": loaded(
        "a: &a [*a]\n"
    ),
    "the file is empty; write one with `readiness init`": loaded(""),
    "the file must hold a mapping with `version` and `checks`, not …; write one with `readiness init`": loaded(
        "x"
    ),
    "… is in quarantine twice, first at …; keep one of them": listed(
        text=config(check("test 1"), quarantine=[{"test": "t", "owner": "o", "expires": "2027-01-31"}] * 2)
    ),
    "`version` must be the number 1 or 2, not …; write version: 2": loaded("version: 3\nchecks: []\n"),
    "a key must be plain text; write it as one word": loaded("version: 2\n[a]: b\n"),
    "the key … is given twice, first at …; keep one of them": loaded("version: 2\nversion: 2\n"),
    "<< must name a mapping, or a list of mappings; write <<: *anchor": loaded("version: 2\n<<: x\n"),
    "there are more than … faults; correct those shown first": loaded(
        "version: 2\nchecks: []\n" + "".join(f"x{n}: 1\n" for n in range(300))
    ),
    "… must be a mapping, not …; write key: value lines below it": loaded("version: 2\nchecks: [x]\n"),
    "`…` must be …, not …; …": given(optional="maybe"),
    "`…` has no value; give it one, or remove the key": given(cwd=None),
    "the key … belongs to the new form; begin the file with `version: 2`, its list under `checks:`, to use it": loaded(
        "checks:\n  - {name: a, run: test 1, needs: [b]}\n"
    ),
    "… has no key …; …": given(tmeout=3),
    "… has no `…`; add `…`": loaded("version: 2\nchecks: [{name: a, lane: core}]\n"),
    "`…` is empty; add an entry: a gate that runs nothing is never READY": loaded("version: 2\nchecks: []\n"),
    "`…` is empty; add an entry, or remove the key for the default ones": loaded(
        config(check("test 1"), gates={})
    ),
    "`…` is empty; name at least one": loaded(config(check("test 1"), gates={"dev": {"lanes": []}})),
    "`…` is empty; write what to run": loaded(config(check(" "))),
    "`…` is empty; write . for the project's root": given(cwd=""),
    "`ready` must have one key, not …; write one of …": loaded(
        config(check("test 1"), services={"s": {"run": "x", "ready": {}}})
    ),
    "… is …, which cannot name a file; use at most 100 letters, digits, _ . - and begin with a letter, digit or _": (
        loaded(config(check("test 1", name="a/b")))
    ),
    "… cannot name an environment variable; use letters, digits and _, and do not begin with a digit": given(
        env={"1A": "x"}
    ),
    "… holds a NUL character; remove it: no command or file can hold one": loaded(
        'version: 2\nchecks: [{name: a, lane: core, run: "a\\0"}]\n'
    ),
    "… holds half a character (a surrogate); write the character itself": Outside(
        '"$PYTHON" -c "$WITHOUT_LIBYAML"', {"readiness.yml": 'checks: [{name: a, run: "a\\ud800"}]\n'}
    ),
    "`…` leaves the project: …; write a path from the project's root, without ..": given(cwd="../other"),
    "unknown …; …": loaded(config(check("test 1", lane="cor"))),
    "the pattern is empty; write what the log says once the service is ready": loaded(
        config(check("test 1"), services={"s": {"run": "x", "ready": {"log": ""}}})
    ),
    "… is not a regular expression: …; see the syntax of Python's re": loaded(
        config(check("test 1"), services={"s": {"run": "x", "ready": {"log": "("}}})
    ),
    "`…` holds … twice, first at …; keep one of them": given(locks=["x", "x"]),
    'the variable … has no value; write "" for an empty one': given(env={"A": None}),
    "the variable … must be text or a number, not …; write it in quotes": given(env={"A": [1]}),
    "`…` is not a plain decimal number: …; write it in digits, …": loaded(
        "version: 2\nchecks: [{name: a, lane: core, run: test 1, timeout: 1:30}]\n"
    ),
    "`…` is out of range: …; write a value …": given(cores=0),
    "the … name … is used twice, first at …; rename or remove one: the reports of one would overwrite the other's": (
        loaded(config(check("test 1"), check("test 2")))
    ),
    "the … name … differs from … in case alone, first at …; rename or remove one: the reports of one would overwrite "
    "the other's": loaded(config(check("test 1"), check("test 2", name="A"))),
    "`…` names an unknown …; …": given(needs=["b"]),
    "the … … needs itself: …; remove one of these needs": given(needs=["a"]),
    "`good` (…) must be above `bad` (…); between them lies the zone in which either verdict will do": given(
        trials=TRIALS
    ),
    "the file is in the new form already; there is nothing to migrate": Inside(
        ("migrate",), {"readiness.yml": PASSES}
    ),
}

THE_INTERPRETER = {
    "…: python: … is not an interpreter that can be run; make that environment, or name another": Outside(
        "$R run", {"readiness.yml": config(check("test 1"), defaults={"python": "bin/py"})}
    ),
    "… does not run as a Python interpreter; name a working one under `python:`": interpreter("\x7fELF"),
    "…; `python` cannot be put first on PATH, so nothing was run": interpreter(
        "",
        'rm bin/py; ln -s "$PYTHON" bin/py; mkdir -p .readiness/runs .readiness/cache; touch .readiness/cache/bin',
    ),
}

JOURNAL = ".readiness/latest/journal.jsonl"
ARTIFACTS = {
    "…; the run's record cannot be kept, so nothing was run": Outside(
        "$R run", {"readiness.yml": PASSES, ".readiness": "a file"}
    ),
    "…; checks need a temporary folder, set TMPDIR to one": Outside(
        "TMPDIR=/no/such/folder $R run", {"readiness.yml": PASSES}
    ),
    "…: no run is on record here; start one with `readiness run`": Inside(
        ("report",), {"readiness.yml": PASSES}
    ),
    "… is no run on record; known: …": Inside(
        ("report", "2001"), {"readiness.yml": PASSES, ".readiness/runs/2026/x": ""}
    ),
    "… matches more than one run; known: …": Inside(
        ("report", "20"),
        {"readiness.yml": PASSES, ".readiness/runs/2026/x": "", ".readiness/runs/2027/x": ""},
    ),
    "…journal.jsonl: No such file or directory": Inside(
        ("report",), {"readiness.yml": PASSES, ".readiness/runs/2026/x": ""}
    ),
    "…: another gate is writing it; wait for that run to end": Outside(
        "$R run --quiet > first & until test -e up; do sleep 0.02; done; $R run --resume; code=$?; touch go; wait; exit $code",
        {"readiness.yml": config(check("touch up; until test -e go; do sleep 0.02; done", timeout=20))},
    ),
    "run … was not interrupted: there is nothing to resume; start a new one": ran(
        check("test 1"), then="$R run --resume"
    ),
    "run … cannot be resumed: … has changed since; start a new one": ran(
        check(f"{FIND_GATE}; kill -9 $gate; sleep 60"), then="echo >> readiness.yml; $R run --resume"
    ),
    "run … cannot be resumed: the code has changed since; start a new one": Outside(
        "git init --quiet; git add .; git -c user.name=t -c user.email=t@example.invalid commit --quiet -m x;"
        "$R run --quiet; echo 2 > code.py; $R run --resume",
        {"readiness.yml": config(check(f"{FIND_GATE}; kill -9 $gate; sleep 60")), "code.py": "1\n"},
    ),
    "…journal.jsonl:…: not a journal event: …": Inside(
        ("report",), {"readiness.yml": PASSES, ".readiness/runs/2026/journal.jsonl": "x\n"}
    ),
    "…: it holds no run_started event, so it is not the journal of a run": Inside(
        ("report",), {"readiness.yml": PASSES, ".readiness/runs/2026/journal.jsonl": ""}
    ),
    "…: event … (…) is damaged: …": Inside(
        ("report",),
        {"readiness.yml": PASSES, ".readiness/runs/2026/journal.jsonl": '{"event": "run_started"}\n'},
    ),
}

WRITING = {
    "… is there already; `readiness init --force` replaces it": Inside(("init",), {"readiness.yml": PASSES}),
    "…: no tests were found (looked for …, and for a make target `test` or `check` that can fail); write a first one, such "
    "as tests/test_smoke.py, or write readiness.yml by hand": Inside(("init",)),
    "…; pytest could not read it either, so correct it first": Inside(
        ("init",),
        {"pyproject.toml": "[tool.pytest.ini_options\n", "tests/test_a.py": "def test_a(): assert True\n"},
    ),
    "…; nothing was written": Inside(
        ("init", "--force"), {"readiness.yml/x": "", "tests/test_a.py": "def test_a(): assert True\n"}
    ),
    "…; the configuration is as it was": Inside(
        ("migrate", "--write"),
        {"readiness.yml": "checks: [{name: a, run: test 1}]\n", "readiness.yml.old/x": ""},
    ),
}

TRIAL = '{"test": "t", "outcome": "passed"}\n'
BASELINE = ".readiness/trials/baseline.json"


def trials(*words: str, **files: str) -> Inside:
    """`readiness trials` beside a file of two trials; `stored` is the baseline, if any."""
    stored = {BASELINE: files.pop("stored")} if "stored" in files else {}
    return Inside(("trials", *words), {"trials.jsonl": TRIAL * 2, "empty.jsonl": "", **files, **stored})


COMPARE = ("baseline", "compare", "trials.jsonl")
REPEATED = {
    "error: the following arguments are required: {plan,check,baseline}": trials(),
    "readiness: good (…) must be above bad (…)": trials("plan", "--good", "0.7"),
    "readiness: good (…) and bad (…) are too close: telling them apart would take tens of thousands of trials": trials(
        "plan", "--good", "0.9", "--bad", "0.8999"
    ),
    "readiness: … must lie between … and …, not …": trials("check", "trials.jsonl", "--alpha", "0.9"),
    "readiness: … checks: there must be at least one": trials("plan", "--checks", "0"),
    "readiness: --rate must lie between 0 and 1": trials("plan", "--rate", "95"),
    "readiness: … must be at least 1, not …": trials("plan", "--budget", "0"),
    "readiness: telling … from … …; move --good and --bad apart, or give a lower --budget": trials(
        "plan", "--good", "0.905", "--bad", "0.9"
    ),
    "readiness: the share of worse pairs must lie between 0.5 and 1, not …": trials(
        *COMPARE, "--worse", "0.5", stored='{"format": "readiness/baseline/1", "tests": {}}'
    ),
    "readiness: the margin must lie between 0 and 1, not …": trials(
        *COMPARE, "--margin", "0", stored='{"format": "readiness/baseline/1", "tests": {}}'
    ),
    "readiness: name a file of recorded trials, or --record for those of the latest run": trials("check"),
    "readiness: …: there are no recorded trials; run a check with `trials`, or name a file": Inside(
        ("trials", "check", "--record"), {".readiness/runs/2026/x": ""}
    ),
    "readiness: …: it holds no trial": trials("check", "empty.jsonl"),
    "readiness: --replays, --seconds, --timeout and --patch-seconds must be greater than 0": Inside(
        ("isolate", "--replays", "0"), {}
    ),
    "readiness: --apply needs a patch: leave out --no-patch": Inside(
        ("isolate", "--apply", "--no-patch"), {}
    ),
    "readiness: … has changed since the patch was verified; nothing was applied, run it again": Outside(
        "$R isolate --quiet --apply --python $PYTHON -- -q t.py",
        {"app.py": "LIMIT = 3\n", "t.py": EDITED_MEANWHILE},
    ),
    "readiness: …:…: not a recorded trial: …": Inside(("trials", "check", "a"), {"a": TRIAL + "x\n"}),
    "readiness: …: there is no baseline; make one with `readiness trials baseline save`": trials(*COMPARE),
    "readiness: …: not a baseline (…); remove it, and save a new one": trials(*COMPARE, stored="x"),
    "readiness: …: its format is …, not …; save a new one": trials(*COMPARE, stored='{"format": "x"}'),
    "readiness: all of these trials were lost to the infrastructure, so nothing was saved": Inside(
        ("trials", "baseline", "save", "a"), {"a": TRIAL.replace("passed", "capacity")}
    ),
    "readiness: none of these tests has a baseline; save one of the version to compare with": trials(
        *COMPARE, stored='{"format": "readiness/baseline/1", "tests": {}}'
    ),
}


def history(
    *words: str, junit: str = "", store: str = "", prepare: Callable[[Path], object] = bool
) -> Inside:
    """`readiness history` beside a JUnit file and a file of the store's name."""
    files = {"readiness.yml": PASSES, "j.xml": junit, **({"s.sqlite": store} if store else {})}
    return Inside(("history", *words), files, prepare=prepare)


def imports(junit: str, *words: str) -> Inside:
    return history("import", "j.xml", "--check", "a", *words, junit=junit)


def two_tests(root: Path) -> None:
    """A history with two tests whose ids end alike."""
    (root / "j.xml").write_text(
        '<testsuite><testcase classname="a" name="t"/><testcase classname="b" name="t"/></testsuite>'
    )
    words = ("import", "j.xml", "--check", "a", "--at", "2026-01-01", "--json")
    with contextlib.redirect_stdout(io.StringIO()):
        assert main(["history", "-C", str(root), *words]) == 0


def newer_schema(root: Path) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        assert main(["history", "-C", str(root), "lanes"]) == 0
    with contextlib.closing(sqlite3.connect(root / ".readiness/history.sqlite")) as database:
        database.execute("UPDATE schema_version SET version = 99")
        database.commit()


NO_DRIVER = "import sys; sys.modules['psycopg'] = None; from readiness.cli.main import entry; sys.argv[1:] = ['history', 'runs', '--store', 'postgresql://h/d']; entry()"
HISTORY = {
    "error: the following arguments are required: {runs,tests,lanes,trials,first-bad,page,import,prune}": history(),
    "readiness: … is no place for a history; give a path, or postgresql://USER@HOST/DATABASE": history(
        "runs", "--store", "mysql://a@b/c"
    ),
    "readiness: …: file is not a database; move it away, and a new history is made from the runs that are still there": history(
        "runs", "--store", "s.sqlite", store="not a database " * 100
    ),
    "readiness: …: database is locked; another process holds it; try again when that has ended": Asked(
        lambda: (f"readiness: h: database is locked; {_advice('database is locked')}", 2)
    ),
    "readiness: …: unable to open database file; the history cannot be used; see that the file can be written": history(
        "runs", "--store", "."
    ),
    "readiness: …; the history cannot be kept": history("runs", "--store", "j.xml/h/s.sqlite"),
    "readiness: …: its schema is version …, and this readiness knows up to …; install the newer readiness, or name another history with --store": history(
        "runs", prepare=newer_schema
    ),
    "readiness: …: PostgreSQL needs psycopg; install it with: pip install 'readiness[postgres]'": Outside(
        '$PYTHON -c "$NO_DRIVER"', {"readiness.yml": PASSES}
    ),
    "readiness: …: …; the history cannot be used; see that the server runs and lets you in": history(
        "runs", "--store", "postgresql://a@127.0.0.1:1/b"
    ),
    "readiness: no test named … is in the history; `readiness history tests` lists them": history(
        "first-bad", "x"
    ),
    "readiness: … names … tests (…); give its whole id, and --check": history(
        "first-bad", "t", prepare=two_tests
    ),
    "readiness: --commit …: this is no whole hash; take it from `git rev-parse`": imports(
        "", "--commit", "main"
    ),
    "readiness: --at …: this is no time; write it as 2026-01-31T12:00:00Z": imports("", "--at", "yesterday"),
    "readiness: prune needs --keep-days or --keep-runs, or both; nothing was removed": history("prune"),
    "readiness: …:…: it is not XML: …": imports("<testsuite>"),
    "readiness: …:…: it declares a document type, which no JUnit file needs; entities are not read": imports(
        '<!DOCTYPE a [<!ENTITY b "c">]><testsuite>&b;</testsuite>'
    ),
    "readiness: …:…: it is no JUnit file: it begins with <…>, not <testsuites>": imports("<html/>"),
    "readiness: …:…: it nests deeper than … levels; it is no JUnit file": imports("<testsuite>" * 99),
    "readiness: …: it is larger than … MiB; split it": history(
        "import", "j.xml", "--check", "a", prepare=lambda root: os.truncate(root / "j.xml", (1 << 28) + 1)
    ),
    "readiness: …: it holds no test case; name a JUnit file of a run that ran tests": imports("<testsuite/>"),
    "readiness: …: it does not say when it ran; give --at TIME": imports(
        "<testsuite><testcase name='a'/></testsuite>"
    ),
}

OUTCOMES = {
    "the command ended with exit code …": ran(check("exit 3")),
    "the command was ended by signal …": ran(check("kill -9 $$")),
    "… of … failed: … at …: …": pytest_check("def test_a():\n    assert 1 == 2"),
    "… left state changed (isolation: strict)…": pytest_check(
        "import os\ndef test_a():\n    os.environ['A_B'] = 'x'", isolation="strict"
    ),
    "an assertion error was turned into a skip or a pass…": pytest_check(
        "def test_a():\n    try:\n        assert 0\n    except AssertionError:\n        pytest.skip('x')"
    ),
    "… skipped (fail-on-skip)": ran(
        check("pytest t.py"),
        options="--fail-on-skip",
        files={"t.py": "import pytest\ndef test_a(): pytest.skip('x')\ndef test_b(): assert True\n"},
    ),
    "command not found: …": ran(check("no-such-command --x")),
    "command cannot be executed: …": ran(check("./readiness.yml")),
    "could not be started: …": ran(check("test 1", cwd="nowhere")),
    "could not be prepared: …": ran(
        *chain(
            "cd .readiness/latest && rm -rf probe && touch probe && rm -rf probe-path && touch probe-path",
            "test 1",
        )
    ),
    "its relay could not be prepared: …": Outside(
        "OPENAI_API_KEY=not-a-key $R run --quiet --lane core --lane live",
        {
            "readiness.yml": config(
                check("cd .readiness/latest && rm -rf relay && touch relay"),
                check("test 1", "b", lane="live", needs=["a"]),
            )
        },
    ),
    "… in collection, setup or teardown: …": pytest_check("raise RuntimeError('broken')"),
    "pytest ended while … was running…": pytest_check("def test_a():\n    os._exit(3)"),
    "its worker was killed while it ran": ran(check("kill -9 $PPID; sleep 60")),
    "its worker stopped answering and was ended": Asked(worker_given_up),
    "its test records cannot be read: …": ran(check('mkdir -p "$READINESS_PROBE_OUT/1-1.jsonl"; test 1')),
    "ended because it wrote more output than the limit; see its log": Asked(too_much_output),
    "still running… at its deadline of … s": ran(check("sleep 60", timeout=0.2)),
    "… passed its own deadline of … s": pytest_check("def test_a():\n    time.sleep(60)", test_timeout=0.3),
    "the command runs pytest, yet no test record reached the gate": pytest_check(
        "def test_a():\n    assert True", f"env -i {sys.executable} -m pytest t.py"
    ),
    "all … skipped": pytest_check("def test_a():\n    pytest.skip('x')"),
    "all … deselected": pytest_check("def test_a():\n    assert True", "pytest t.py -k nothing"),
    "pytest collected no test": pytest_check("pass"),
    "the command cannot fail: …": ran(check("true")),
    "this machine offers no way to prove that the command had no network": Outside(
        "unshare --user --map-root-user sh -c "
        "'echo 0 > /proc/sys/user/max_net_namespaces; exec $R run --quiet --strict'",
        {"readiness.yml": PASSES},
        ("unshare", "--user", "--map-root-user"),
    ),
    "ran against a stand-in (…), which proves nothing in lane …": ran(
        check("test 1", lane="live", services=["s"]),
        options="--lane live",
        services={"s": {**LOG_READY, "stand_in": True, "stop_timeout": 0.2}},
    ),
    "no metered call to a…: nothing in lane … was exercised": ran(
        check("test 1", lane="live"), options="--lane live"
    ),
    "… failed and passed on a repetition: …": ran(
        check("pytest t.py"),
        files={
            "conftest.py": RETRIES,
            "t.py": "tries = []\ndef test_a():\n    tries.append(1)\n    assert tries[1:]\n",
        },
    ),
    "needs …, which is not set": ran(check("test 1", requires_env=["NO_SUCH_VARIABLE"])),
    "check …, which it needs, ended …": ran(*chain("exit 3", "test 1")),
    "lint found errors, which stop a strict run": ran(check("true"), options="--strict"),
    "service … is not usable: not ready within … s: …": served(BAD_LOCAL),
    "it listens on port …, not on …, the one it was given as {port}": served(
        {"run": f'exec python -c "{ELSEWHERE}"', "timeout": 1.5, "ready": {"tcp": "127.0.0.1:{port}"}}
    ),
    "port … is held by a process that this run did not start": Outside(
        '"$PYTHON" stranger.py', {"stranger.py": STRANGER}
    ),
    "service … ended before it was ready (exit code …)": served({"run": "exit 3"}),
    "service … died after it was ready (exit code …)": served(
        {"run": "echo up; sleep 0.5; exit 3", "ready": {"log": "up"}}, "sleep 1; exit 9"
    ),
    "service … could not be started: …": served({"run": "test 1", "cwd": "nowhere"}),
    "it went into the background, where it cannot be watched; run it in the foreground": served(
        {"run": "setsid sleep 60 & exit 0"}
    ),
    "the run was interrupted while it ran": ran(check(f"{FIND_GATE}; kill -INT $gate; sleep 60")),
    "the run ended while it ran": ran(check(f"{FIND_GATE}; kill -9 $gate; sleep 60"), then="$R report"),
    "the run ended before it was started": ran(
        *chain(f"{FIND_GATE}; kill -9 $gate; sleep 60", "test 1"), then="$R report"
    ),
}

REASONS = {
    "no check passed: a gate that proved nothing is never READY": ran(
        check("test 1", requires_env=["NO_SUCH_VARIABLE"])
    ),
    "lane …: the gate needs it, and no check is in it": ran(check("test 1"), options="--lane core --lane nd"),
    "lint: …": ran(check("true"), options="--strict"),
    "the run was interrupted (SIGINT)": ran(check(f"{FIND_GATE}; kill -INT $gate; sleep 60")),
    "the run was interrupted (killed: the journal ends without a word)": ran(
        check(f"{FIND_GATE}; kill -9 $gate; sleep 60"), then="$R report"
    ),
    "interrupted: the journal could not be written: …": Outside(
        "ulimit -f 256; $R run --quiet",
        {"readiness.yml": config(*(check(f"test {n}  # {'x' * 2000}", f"c{n}") for n in range(40)))},
    ),
    "the run was interrupted (internal error: …)": Outside(
        "PYTHONPATH=broken $R run --quiet; $R report",
        {
            "readiness.yml": config(check("test 1", services=["s"]), services={"s": LOG_READY}),
            "broken/socket.py": "raise RuntimeError('broken')",
        },
    ),
}

WARNINGS = {
    "…; this report is missing, the journal has all that it would say": ran(
        check("test 1"), files={"PROJECT_READY.md/x": ""}
    ),
    "…; the history of this project is not up to date": ran(
        check("test 1"), files={".readiness/history.json.lock/x": "", ".readiness/runs/x": ""}
    ),
    "this run is not in the history yet: …": Outside(
        "READINESS_HISTORY=postgresql://a@127.0.0.1:1/b $R run --quiet", {"readiness.yml": PASSES}
    ),
    "readiness: run … is not in the history: …": Outside(
        "$R history lanes", {"readiness.yml": PASSES, ".readiness/runs/1/journal.jsonl": "x\n{}\n"}
    ),
    "history will know only the tests that failed: …": Outside(
        "$R run --quiet",
        {
            "readiness.yml": config(
                check("mkdir -p .readiness/latest/tests/a.json/x; python -m pytest -q test_a.py")
            ),
            "test_a.py": "def test_a(): pass",
        },
    ),
    "standard output: …; the summary is in …": Outside(
        "$R run --lane live > /dev/full", {"readiness.yml": PASSES}
    ),
    "…: its … could not be put away: …": Outside(
        "git init --quiet; $R run --quiet",
        {"readiness.yml": PASSES, ".readiness/cache/a.json/x": "", ".gitignore": ".readiness\n"},
    ),
    ".readiness/latest: …; it does not lead to this run, …": Outside(
        "$R run --quiet; code=$?; cp -r .readiness/runs/*/. .readiness/latest; exit $code",
        {"readiness.yml": PASSES, ".readiness/latest/x": ""},
    ),
    "…; what checks left in this folder is still there": Outside(
        f"{' '.join(MOUNTS)} sh -c '$R run --quiet'",
        {"readiness.yml": config(check('mount -t tmpfs t "$TMPDIR" && test 1'))},
        (*MOUNTS, "mount", "-t", "tmpfs", "t", "/mnt"),
    ),
    "patches could not be tried: …": pytest_check(
        f"{LEAKS}def test_c():\n    os.path.isdir('.readiness') and open('.readiness/latest/patches', 'w').close()",
        isolation="trace",
    ),
    "left … process(es) running, which were ended: …": ran(check("sleep 60 & test 1")),
    "its log is incomplete: …": ran(
        check("rm -r .readiness/latest/logs && mkdir -p .readiness/latest/logs/b.log && test 1", "a"),
        check("echo x; test 1", "b", needs=["a"]),
    ),
    "the earlier pass cannot be read: …": Outside(
        "git init --quiet; $R run --quiet",
        {"readiness.yml": PASSES, ".readiness/cache/a.json": "x", ".gitignore": ".readiness\n"},
    ),
    "not a git checkout; the commit is not known": ran(check("test 1")),
    "git could not be run (…); the commit is not known": Outside(
        "PATH=/nowhere $R run --quiet", {"readiness.yml": PASSES}
    ),
}

REVIEW: dict[str, Inside | Outside] = {
    "readiness: --ask is asked of a bundle; name its file with --bundle": Inside(("review", "--ask", "m")),
    "readiness: --bundle writes one file of its own; give neither --json nor --output with it": Inside(
        ("review", "--bundle", "b.md", "--json")
    ),
    "readiness: --tokens must be at least 2000, not …": Inside(
        ("review", "--bundle", "b.md", "--tokens", "9")
    ),
    "readiness: --ask needs OPENAI_BASE_URL; …": Outside(
        "$R run --quiet; env -u OPENAI_BASE_URL -u OPENAI_API_BASE $R review --bundle b.md --ask m",
        {"readiness.yml": PASSES},
    ),
    "readiness: --ask: OPENAI_BASE_URL is …, and must begin with http:// or https://": Outside(
        "$R run --quiet; OPENAI_BASE_URL=ftp://h $R review --bundle b.md --ask m", {"readiness.yml": PASSES}
    ),
    "readiness: no comments of …: …; the bundle is written without them": Outside(
        "$R run --quiet; OPENAI_BASE_URL=http://127.0.0.1:9/v1 $R review --bundle b.md --ask m && exit 1; exit $?",
        {"readiness.yml": PASSES},
    ),
}

CASES: dict[str, Inside | Outside | Asked] = {
    **THE_COMMAND_LINE,
    **THE_CONFIGURATION,
    **THE_INTERPRETER,
    **ARTIFACTS,
    **WRITING,
    **REPEATED,
    **HISTORY,
    **OUTCOMES,
    **REASONS,
    **WARNINGS,
    **REVIEW,
}


REFUSALS = {
    "refuse",
    "refuse_unknown",
    "Fault",
    "_error",
    "UsageError",
    "JournalError",
    "ScaffoldError",
    "not_started",
    "HistoryError",
    "_refuse",
}
JUDGING = (
    "cli/[!m]*.py",
    "cli/m[!o]*.py",
    "config/*.py",
    "config/scaffold/*.py",
    "gate/*.py",
    "run/*.py",
    "store/*.py",
)
"""Where messages of this document come from; lint and `readiness model` have documents of their own."""

UNREACHED = {": no such folder": "config/scaffold/survey.py"}
"""What a caller of `scaffold` hears; the command looks first."""

TOLD_IN_REPORT = ("checks", "reasons", "notes", "problems", "run")


def rows() -> list[tuple[str, int]]:
    """The message and the exit code of each row, in the document's order."""
    found = []
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        code = re.fullmatch(r"(`+)(.+?)\1", cells[0]) if len(cells) == 4 else None
        if code:
            found.append((code[2].strip(), int(cells[3])))
    return found


ROWS = rows()
EXIT = dict(ROWS)


def pattern(message: str) -> re.Pattern[str]:
    """The message, anything in place of each `…`, within one line."""
    return re.compile(".*?".join(map(re.escape, message.split("…"))))


def write(root: Path, files: dict[str, str] | dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def texts(value: object) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts(part)


def run_outside(case: Outside, root: Path) -> tuple[int, str]:
    """The exit code, and everything said on the terminal and in report.json."""
    own = ("READINESS_", "PYTEST_", "STRICT_READY", "LIVE_PROVIDERS", "ND_REAL", "GITHUB_", "CI", "OLLAMA_")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    environ |= {
        "PYTHON": sys.executable,
        "R": f"{sys.executable} -m readiness",
        "WITHOUT_LIBYAML": WITHOUT_LIBYAML,
        "NO_DRIVER": NO_DRIVER,
        "VIRTUAL_ENV": sys.prefix,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    root.mkdir()
    write(root, case.files)
    ended = subprocess.run(
        ["sh", "-c", case.script], cwd=root, env=environ, capture_output=True, text=True, timeout=60
    )
    said = ended.stdout + ended.stderr
    report = root / ".readiness/latest/report.json"
    if report.is_file():
        data = json.loads(report.read_text())
        said += "\n".join(texts([data[part] for part in TOLD_IN_REPORT]))
    return ended.returncode, said


def possible(case: Outside) -> bool:
    if not case.needs:
        return True
    if not shutil.which(case.needs[0]):
        return False
    words = case.needs if "mount" in case.needs else (*case.needs, "true")
    return subprocess.run(words, capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def outside(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Outside], Future[tuple[int, str]] | None]]:
    """What a chosen case outside this process came to: several run at once, for they mostly wait."""
    own = [item for item in request.session.items if item.path == request.path and hasattr(item, "callspec")]
    params = [item.callspec.params for item in own]
    chosen = [CASES[one["message"]] for one in params if "message" in one]
    top = tmp_path_factory.mktemp("errors")
    with ThreadPoolExecutor(AT_ONCE) as threads:
        started: dict[str, Future[tuple[int, str]]] = {}
        for case in chosen:
            if isinstance(case, Outside) and str(case) not in started and possible(case):
                started[str(case)] = threads.submit(run_outside, case, top / str(len(started)))
        yield lambda case: started.get(str(case))


def run_inside(case: Inside, root: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> tuple[int, str]:
    write(root, case.files)
    case.prepare(root)
    for name in (
        "READINESS_EXPECT",
        "READINESS_GATE",
        "STRICT_READY",
        "READINESS_LIVE",
        "LIVE_PROVIDERS",
        "ND_REAL",
    ):
        monkeypatch.delenv(name, raising=False)
    for name, value in case.environ.items():
        monkeypatch.setenv(name, value)
    place = ("-C", str(root)) if case.words and "-C" not in case.words else ()
    try:
        code = main([*case.words[:1], *place, *case.words[1:]])
    except SystemExit as error:
        code = error.code
    told = capsys.readouterr()
    assert told.out == "", "what is no result goes to standard error"
    return code, told.err


def test_the_document_and_the_cases_are_the_same_list():
    assert len(EXIT) == len(ROWS), "no message twice"
    assert [message for message in EXIT if message not in CASES] == [], "rows without a case"
    assert [message for message in CASES if message not in EXIT] == [], "cases without a row"


def wordings(path: Path) -> Iterator[str]:
    """The longest fixed piece of every message that a module refuses or judges with."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        told: list[ast.expr] = []
        if (
            isinstance(node, ast.Call)
            and getattr(node.func, "id", getattr(node.func, "attr", "")) in REFUSALS
        ):
            told = node.args
        elif isinstance(node, ast.Assign) and [getattr(one, "id", "") for one in node.targets] == ["message"]:
            told = [node.value]
        elif isinstance(node, ast.Tuple) and ast.unparse(node.elts[0] if node.elts else node).startswith(
            "Outcome."
        ):
            told = node.elts[1:]
        for one in told:
            pieces = one.values if isinstance(one, ast.JoinedStr) else [one]
            fixed = [
                piece.value
                for piece in pieces
                if isinstance(piece, ast.Constant) and isinstance(piece.value, str)
            ]
            longest = max(fixed, key=len, default="").strip()
            if len(longest) >= 8:
                yield longest


def test_every_message_in_the_source_has_a_row():
    document = DOCUMENT.read_text(encoding="utf-8")
    package = DOCUMENT.parents[1] / "src/readiness"
    found = {
        piece: path.relative_to(package)
        for pattern in JUDGING
        for path in sorted(package.glob(pattern))
        for piece in wordings(path)
    }
    assert len(found) > 80, "the search itself finds something"
    assert [piece for piece in UNREACHED if piece not in found] == []
    assert {piece: str(path) for piece, path in found.items() if piece not in document} == UNREACHED


@pytest.mark.parametrize("message", CASES)
def test_the_message_appears_with_its_exit_code(message, outside, tmp_path, monkeypatch, capsys):
    case = CASES[message]
    if isinstance(case, Inside):
        code, said = run_inside(case, tmp_path, monkeypatch, capsys)
    elif isinstance(case, Asked):
        said, code = case.ask()
    elif (ended := outside(case)) is None:
        pytest.skip(f"{' '.join(case.needs)} is refused on this machine")
    else:
        code, said = ended.result()
    assert pattern(message).search(said), said[:1500]
    assert code == EXIT[message], said[:1500]
    assert ("Traceback" in said) == ("internal error" in message)
