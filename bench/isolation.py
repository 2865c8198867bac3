"""What it takes to find one polluter: tests executed, CPU and wall time beyond the run that failed, next to a peer.

    python bench/isolation.py --python .venv/bin/python --tests 200 1000 --out bench/isolation-results.json

`--python` needs pytest, and detect-test-pollution to be compared with. CPU is that of the whole process tree.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from readiness.isolation.trace import Asked, trace
from readiness.record.write_aside import write_aside

QUIET = ("-q", "-p", "no:cacheprovider")
PER_FILE = 20
PR_SET_CHILD_SUBREAPER = 36
RESULTS = Path(__file__).with_name("isolation-results.json")


def machine() -> dict[str, str]:
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        "python": platform.python_version(),
    }


def write_section(name: str, figures: dict[str, Any]) -> None:
    """Of the results, that section alone is written anew."""
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    write_aside(str(RESULTS), json.dumps({**known, name: figures}, indent=2) + "\n")


def suite(folder: Path, tests: int) -> None:
    """Files of 20 tests; the polluter at three quarters, a victim that fails at the end."""
    (folder / "app.py").write_text("LIMIT = 3\nVALUES = list(range(100))\n")
    for number in range(tests // PER_FILE):
        body = "".join(
            f"\n\ndef test_{i}():\n    assert len(app.VALUES) == 100\n" for i in range(PER_FILE - 1)
        )
        last = "\n\ndef test_last():\n    "
        if number == tests // PER_FILE * 3 // 4:
            last += "app.LIMIT = 5\n"
        elif number == tests // PER_FILE - 1:
            last += "assert app.LIMIT == 3\n"
        else:
            last += "pass\n"
        (folder / f"test_{number:04}.py").write_text(f"import app\n{body}{last}")


def measured(work: Any) -> tuple[Any, dict[str, float]]:
    """What `work` answers, and the wall time and CPU of the processes that it started, in seconds."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    answer = work()
    _reap()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return answer, {"wall": round(time.monotonic() - began, 2), "cpu": round(cpu, 2)}


def adopt() -> None:
    """Become the parent of what loses its own: frozen worlds are no children of pytest, and count all the same."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _reap() -> None:
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def one(python: str, tests: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        suite(folder, tests)
        environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        run = [python, "-m", "pytest", *QUIET]
        _, plain = measured(lambda: subprocess.run(run, cwd=folder, env=environ, stdout=subprocess.DEVNULL))
        asked = Asked(python, QUIET, str(folder))
        report, ours = measured(lambda: trace(asked, environ, subprocess.DEVNULL))
        (found,) = report.findings
        result: dict[str, Any] = {
            "tests": tests,
            "plain_run": plain,
            "traced_run": ours,
            "right": found.causes[0].polluter.endswith("test_last") and found.causes[0].state == "app.LIMIT",
            "replays": report.replays,
            "tracing_ms_a_test": round(report.seconds / tests * 1000, 3),
        }
        program = os.path.join(os.path.dirname(python), "detect-test-pollution")
        if not os.path.exists(program):
            return result
        victim = f"test_{tests // PER_FILE - 1:04}.py::test_last"
        peer = [program, "--failing-test", victim, "--tests", "."]
        done, took = measured(
            lambda: subprocess.run(peer, cwd=folder, env=environ, capture_output=True, text=True)
        )
        result["detect-test-pollution"] = {
            **took,
            "runs": done.stdout.count("running step"),
            "code": done.returncode,
        }
        return result


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--tests", type=int, nargs="+", default=[200])
    parser.add_argument("--out")
    args = parser.parse_args()
    adopt()
    results = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        "python": platform.python_version(),
        "suites": [one(args.python, tests) for tests in args.tests],
    }
    text = json.dumps(results, indent=2) + "\n"
    print(text, end="")
    if args.out:
        Path(args.out).write_text(text)


if __name__ == "__main__":
    main()
