"""What it takes to find one polluter beyond the run that failed, next to four peers; and what tracing costs a test.

    python bench/isolation.py --python PYTHON [--peers DIR] [--also PYTHON ...] [--suites NAME ...] [--write]

`--python` needs pytest; `--peers` holds one virtual environment for each peer (`DIR/detect-test-pollution/bin/…`), with
pytest of the same version; `--also` names further interpreters, on which tracing alone is measured. CPU is that of the
whole process tree. What we take is the traced run less the plain one, which take turns, as medians of three; a peer
starts after the run that failed, so all that it takes counts, once.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import readiness_probe
from readiness.isolation.asked import Asked
from readiness.isolation.trace import trace
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


def section(name: str) -> dict[str, Any]:
    found = json.loads(RESULTS.read_text()).get(name, {}) if RESULTS.exists() else {}
    return found if isinstance(found, dict) else {}


def write_section(name: str, figures: dict[str, Any]) -> None:
    """Of the results, that section alone is written anew."""
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    write_aside(str(RESULTS), json.dumps({**known, name: figures}, indent=2) + "\n")


COUNTING = """import os

def _count(name):
    if "BENCH_COUNTED" in os.environ:
        with open(os.environ["BENCH_COUNTED"], "a") as file:
            file.write(name)

def pytest_sessionstart():
    _count("r")

def pytest_runtest_logstart():
    _count("t")
"""


def suite(folder: Path, tests: int, *, modules: int = 0, import_seconds: float = 0.0) -> None:
    """Files of 20 tests; the polluter at three quarters, a victim that fails at the end.

    `modules` more are loaded, of an installed package; to import the program takes `import_seconds` of CPU.
    """
    (folder / "conftest.py").write_text(COUNTING)
    busy = f"import time\nwhile time.process_time() < {import_seconds}:\n    pass\n" if import_seconds else ""
    (folder / "app.py").write_text(f"{_many(folder, modules)}{busy}LIMIT = 3\nVALUES = list(range(100))\n")
    files = -(-tests // PER_FILE)
    for number in range(files):
        body = "".join(
            f"\n\ndef test_{i}():\n    assert len(app.VALUES) == 100\n"
            for i in range(min(PER_FILE, tests - number * PER_FILE) - 1)
        )
        last = "\n\ndef test_last():\n    "
        if number == polluting_file(tests):
            last += "app.LIMIT = 5\n"
        elif number == files - 1:
            last += "assert app.LIMIT == 3\n"
        else:
            last += "pass\n"
        (folder / f"test_{number:04}.py").write_text(f"import app\n{body}{last}")


def polluting_file(tests: int) -> int:
    return -(-tests // PER_FILE) * 3 // 4 - (tests < 4 * PER_FILE)


def _many(folder: Path, modules: int) -> str:
    """An installed package of that many modules, and the lines that load it."""
    if not modules:
        return ""
    package = folder / "lib" / "site-packages" / "many"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    text = "".join(f"VALUE_{i} = {i}\n" for i in range(20)) + "class Kind:\n    def method(self): ...\n"
    for number in range(modules):
        (package / f"m{number}.py").write_text(text)
    return (
        "import importlib, os, sys\n"
        "sys.path.append(os.path.join(os.path.dirname(__file__), 'lib', 'site-packages'))\n"
        f"for number in range({modules}):\n    importlib.import_module(f'many.m{{number}}')\n"
    )


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


SUITES: dict[str, dict[str, Any]] = {
    "50 tests, import of 5 s": {"tests": 50, "import_seconds": 5.0},
    "200 tests": {"tests": 200},
    "1000 tests": {"tests": 1000},
    "1000 tests, 2500 modules": {"tests": 1000, "modules": 2500},
    "4000 tests": {"tests": 4000},
}
ROUNDS = 3
PROBE = Path(readiness_probe.__file__).parent


class Bench:
    """One suite in a folder. `victim` is the test that fails."""

    def __init__(self, name: str, folder: Path) -> None:
        suite(folder, **SUITES[name])
        self.name = name
        self.tests = int(SUITES[name]["tests"])
        self.folder = folder
        self.victim = f"test_{-(-self.tests // PER_FILE) - 1:04}.py::test_last"
        self.polluter = f"test_{polluting_file(self.tests):04}.py::test_last"
        self.environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}

    def ours(self, python: str) -> dict[str, Any]:
        # As pip compiles what it installs, the peers included.
        self._run([python, "-m", "compileall", "-q", str(PROBE)])
        plain, traced, reports = [], [], []
        for _ in range(ROUNDS):
            plain.append(self._run([python, "-m", "pytest", *QUIET])[1])
            asked = Asked(python, QUIET, str(self.folder))
            report, took = measured(lambda asked=asked: trace(asked, self.environ, subprocess.DEVNULL))
            traced.append(took)
            reports.append(report)
        found = [cause for report in reports for one in report.findings for cause in one.causes]
        base = _median(plain, "cpu")
        return {
            "right": len(found) == ROUNDS
            and all((one.polluter, one.state) == (self.polluter, "app.LIMIT") for one in found),
            "plain_run": {"cpu": base, "wall": _median(plain, "wall")},
            "traced_run": {"cpu": _median(traced, "cpu"), "wall": _median(traced, "wall")},
            "beyond_cpu": round(_median(traced, "cpu") - base, 2),
            "replays": max(one.replays for one in reports),
            "further_runs": 0,
            "tracing_ms_a_test": round(
                statistics.median(one.seconds for one in reports) / self.tests * 1000, 3
            ),
        }

    def peer(self, name: str, binaries: Path) -> dict[str, Any]:
        if not (binaries / "python").exists():
            return {"ran": False, "why": "no environment was given for it"}
        counted = self.folder / "counted"
        order = self.folder / "order.txt"
        order.write_text("\n".join([*self._ids(binaries), ""]))
        counted.write_text("")
        command = [*PEERS[name](binaries, self.victim, str(order))]
        path = f"{binaries}{os.pathsep}{os.environ['PATH']}"
        done, took = self._run(command, PATH=path, BENCH_COUNTED=str(counted))
        text = done.stdout + done.stderr
        return {
            "ran": True,
            "named": self.polluter in text,
            **took,
            "runs": counted.read_text().count("r"),
            "executions": counted.read_text().count("t"),
            **({} if self.polluter in text else {"said": text.strip()[-200:]}),
        }

    def _ids(self, binaries: Path) -> list[str]:
        done, _ = self._run([str(binaries / "python"), "-m", "pytest", "--collect-only", *QUIET])
        return [line for line in done.stdout.splitlines() if "::" in line]

    def _run(self, command: list[str], **variables: str) -> tuple[Any, dict[str, float]]:
        env = {**self.environ, **variables}

        def run() -> Any:
            return subprocess.run(
                command, cwd=self.folder, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL
            )

        return measured(run)


def _detect_test_pollution(binaries: Path, victim: str, _: str) -> list[str]:
    return [str(binaries / "detect-test-pollution"), "--failing-test", victim, "--tests", "."]


def _pytest_bisect_tests(binaries: Path, victim: str, _: str) -> list[str]:
    return [str(binaries / "pytest-bisect-tests"), "--failing-test", victim]


def _flake_doctor(binaries: Path, victim: str, order: str) -> list[str]:
    python = str(binaries / "python")
    return [
        *(str(binaries / "flake-doctor"), "polluter", victim, "--order-file", order),
        *("--tries", "1", "--python", python),
    ]


def _pytest_find_dependencies(binaries: Path, victim: str, _: str) -> list[str]:  # noqa: ARG001
    return [str(binaries / "python"), "-m", "pytest", "-q", "--find-dependencies", "--run-serially"]


PEERS = {
    "detect-test-pollution": _detect_test_pollution,
    "pytest-bisect-tests": _pytest_bisect_tests,
    "flake-doctor": _flake_doctor,
    "pytest-find-dependencies": _pytest_find_dependencies,
}


def _median(runs: list[dict[str, float]], name: str) -> float:
    return round(statistics.median(one[name] for one in runs), 2)


def _version(python: str) -> str:
    said = subprocess.run([python, "-V"], capture_output=True, text=True)
    return said.stdout.strip()


def measure(name: str, python: str, peers: Path | None, also: list[str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as made:
        bench = Bench(name, Path(made))
        result: dict[str, Any] = {**machine(), "python": _version(python), "ours": bench.ours(python)}
        for other in also:
            ours = bench.ours(other)
            result.setdefault("also", {})[_version(other)] = {
                key: ours[key] for key in ("right", "replays", "beyond_cpu", "tracing_ms_a_test")
            }
        if peers is not None and not SUITES[name].get("modules"):
            result["peers"] = {peer: bench.peer(peer, peers / peer / "bin") for peer in PEERS}
            right = [one["cpu"] for one in result["peers"].values() if one["ran"] and one["named"]]
            if right:
                result["of_the_best_peers_cpu"] = round(result["ours"]["beyond_cpu"] / min(right), 3)
        return result


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--also", nargs="+", default=[])
    parser.add_argument("--suites", nargs="+", choices=SUITES, default=list(SUITES))
    parser.add_argument("--write", action="store_true", help=f"write the section suites of {RESULTS.name}")
    args = parser.parse_args()
    adopt()
    for name in args.suites:
        figures = {name: measure(name, args.python, args.peers, args.also)}
        print(json.dumps(figures, indent=2), flush=True)
        if args.write:
            write_section("suites", {**section("suites"), **figures})


if __name__ == "__main__":
    main()
