"""What the gate itself costs, in CPU, next to other runners: one trivial check, each further one, and a second run.

    .venv/bin/python bench/overhead.py [--rounds N] [--write]

The peers are installed from the package index into a temporary environment. Every figure is CPU time (user and
system) of the whole process tree, as the kernel accounts it, in milliseconds; the median over rounds in which all
commands take turns, so that a machine whose speed drifts slows all of them alike.
"""

from __future__ import annotations

import argparse
import compileall
import datetime
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

RESULTS = Path(__file__).with_name("overhead-results.json")
PEERS = ("rust-just", "pre-commit", "nox", "tox")
FEW, MANY = 1, 201
PYTESTS = 12
"""Checks that each run pytest on one test: what a hermetic check usually is."""
PYTEST = "python -m pytest -q -p no:cacheprovider test_a.py"


def cpu(command: list[str], cwd: Path, env: dict[str, str], code: int = 0) -> float:
    """CPU milliseconds of one run, children included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != code:
        raise SystemExit(f"{command} in {cwd} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def config(checks: int) -> str:
    lines = "".join(
        f"  - {{name: c{n}, lane: core, run: test -e src/a.py, inputs: ['src/**']}}\n" for n in range(checks)
    )
    return f"version: 2\nchecks:\n{lines}"


def pytest_config() -> str:
    lines = "".join(
        f"  - {{name: p{n}, lane: core, run: {PYTEST}, inputs: ['*.py']}}\n" for n in range(PYTESTS)
    )
    return f"version: 2\nchecks:\n{lines}"


def make_project(root: Path, files: dict[str, str]) -> Path:
    root.mkdir(parents=True)
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.invalid"]
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "bench"]):
        subprocess.run([*git, *words], cwd=root, check=True)
    return root


def install_peers(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run(
        [folder / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PEERS],
        check=True,
    )
    return folder / "bin"


def peer_commands(root: Path, peers: Path) -> dict[str, tuple[list[str], Path]]:
    just = make_project(root / "just", {"justfile": "check:\n    @test -e justfile\n"})
    nox = make_project(
        root / "nox",
        {
            "noxfile.py": "import nox\n@nox.session(venv_backend='none')\ndef check(session):\n    session.run('test', '-e', 'noxfile.py', external=True)\n"
        },
    )
    tox = make_project(
        root / "tox",
        {
            "tox.ini": "[tox]\nno_package = true\nenv_list = check\n[testenv]\nskip_install = true\nallowlist_externals = test\ncommands = test -e tox.ini\n"
        },
    )
    hook = "repos:\n- repo: local\n  hooks:\n  - {id: check, name: check, language: system, entry: test -e .pre-commit-config.yaml, pass_filenames: false, always_run: true}\n"
    hooked = make_project(root / "pre-commit", {".pre-commit-config.yaml": hook})
    return {
        "just": ([str(peers / "just"), "check"], just),
        "nox": ([str(peers / "nox"), "-s", "check"], nox),
        "tox": ([str(peers / "tox"), "run", "-e", "check"], tox),
        "pre-commit": ([str(peers / "pre-commit"), "run", "--all-files"], hooked),
    }


def own_commands(root: Path) -> dict[str, tuple[list[str], Path]]:
    run = [str(Path(sys.executable).with_name("readiness")), "run", "--quiet", "--jobs", "1"]
    few = make_project(root / "few", {"readiness.yml": config(FEW), "src/a.py": "A = 1\n"})
    many = make_project(root / "many", {"readiness.yml": config(MANY), "src/a.py": "A = 1\n"})
    cached = make_project(root / "cached", {"readiness.yml": config(MANY), "src/a.py": "A = 1\n"})
    files = {"readiness.yml": pytest_config(), "test_a.py": "def test_a():\n    assert True\n"}
    pytests, kept = make_project(root / "pytests", files), make_project(root / "kept", files)
    return {
        "readiness, one check": ([*run, "--no-cache"], few),
        f"readiness, {MANY} checks": ([*run, "--no-cache"], many),
        f"readiness, {MANY} checks, unchanged": (run, cached),
        "readiness, pytest checks": ([*run, "--no-cache"], pytests),
        "readiness, pytest checks, unchanged": (run, kept),
    }


def measure(rounds: int) -> dict[str, list[float]]:
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV")
    }
    env["VIRTUAL_ENV"] = sys.prefix
    compileall.compile_dir(Path(__file__).parent.parent / "src", quiet=1)
    with tempfile.TemporaryDirectory(prefix="readiness-bench-") as name:
        root = Path(name)
        (root / "overhead").touch()
        commands = {
            "python -c pass": ([sys.executable, "-c", "pass"], root),
            "sh": (["sh", "-c", "test -e overhead"], root),
            f"sh, {MANY} times": (
                ["sh", "-c", f"i=0; while [ $i -lt {MANY} ]; do sh -c 'test -e overhead'; i=$((i+1)); done"],
                root,
            ),
        }
        commands |= own_commands(root) | peer_commands(root, install_peers(root / "peers"))
        plain = f"{sys.executable} {PYTEST.removeprefix('python ')}"
        loop = f"i=0; while [ $i -lt {PYTESTS} ]; do {plain} || exit; i=$((i+1)); done"
        commands["pytest checks, without a gate"] = (["sh", "-c", loop], root / "pytests")
        for command, cwd in commands.values():
            cpu(command, cwd, env)
        taken: dict[str, list[float]] = {name: [] for name in commands}
        for number in range(rounds):
            for name, (command, cwd) in commands.items():
                if not ("201" in name or "pytest" in name) or number < max(3, rounds // 3):
                    taken[name].append(cpu(command, cwd, env))
            if shutil.disk_usage(root).free < 1 << 28:
                raise SystemExit("less than 256 MB of disk left")
    return taken


def conclude(taken: dict[str, list[float]]) -> dict[str, object]:
    median = {name: round(statistics.median(times), 2) for name, times in taken.items()}
    base, one = median["python -c pass"], median["readiness, one check"]
    many, again = median[f"readiness, {MANY} checks"], median[f"readiness, {MANY} checks, unchanged"]
    commands = median[f"sh, {MANY} times"]
    return {
        "cpu_ms_median": median,
        "one_check_in_python_starts": round(one / base, 2),
        "peers_in_python_starts": {
            name: round(median[name] / base, 2) for name in ("just", "pre-commit", "nox", "tox")
        },
        "each_further_check_ms": round((many - one) / (MANY - FEW), 3),
        "unchanged_second_run": {
            "of shell built-ins": _second(many - commands, again),
            "of pytest checks": _second(
                median["readiness, pytest checks"] - median["pytest checks, without a gate"],
                median["readiness, pytest checks, unchanged"],
            ),
        },
    }


def _second(first: float, second: float) -> dict[str, float]:
    """The gate's own CPU in a first run, all of it in a second run of the same, and their ratio."""
    return {
        "first_overhead_ms": round(first, 2),
        "second_overhead_ms": round(second, 2),
        "ratio": round(second / first, 3),
    }


def versions() -> dict[str, str]:
    import readiness

    return {"readiness": readiness.__version__, "python": platform.python_version()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    args = parser.parse_args()
    result = {
        "date": datetime.date.today().isoformat(),
        "machine": {"system": f"{platform.system()} {platform.machine()}", "cores": os.cpu_count()},
        "versions": versions(),
        "rounds": args.rounds,
        **conclude(measure(args.rounds)),
    }
    text = json.dumps(result, indent=2) + "\n"
    print(text)
    if args.write:
        RESULTS.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
