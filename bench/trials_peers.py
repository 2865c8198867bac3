"""Verdicts and calls of our decision next to those of other tools, on the same trials.

    python bench/trials_peers.py [--streams 100] [--env FOLDER] [--out bench/trials-peers-results.json]

Each stream is a sequence of outcomes drawn with a seed: at rates that we chose, and from the trials of the embedded
model in bench/trials-recorded.jsonl, drawn with replacement, so that the true rate is the recorded share. Each tool
takes its trials from the front of the stream and stops where it stops. pytest-probability, pytest-repeated and
pytest-rerunfailures are the real packages, installed from the package index into an environment of their own; the
tests that they repeat take the next outcome of a stream and assert it.

Asked is the same of all: a rate of 0.95 must pass, one of 0.80 must not, 5% errors each, at most 100 trials. A verdict
is wrong when a stream of at least 0.95 fails, or one of at most 0.80 passes; between them either will do. Undecided is
counted apart. The peers that know one bar only were given 0.80 with one-sided 5%; those that know a count, 45 of 50,
which is the shortest fixed test with these errors.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import textwrap
import venv
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from readiness.trials.decision import Decision, decide, next_batch
from readiness.trials.evidence import Evidence, gathered
from readiness.trials.recorded import read_trials
from readiness.trials.zone import Zone

HERE = Path(__file__).parent
RECORDED = HERE / "trials-recorded.jsonl"
PINNED = (
    "pytest==9.2.0",
    "pytest-probability==0.3.0",
    "pytest-repeated==0.3.10",
    "pytest-rerunfailures==16.7",
)
RATES = (1.0, 0.99, 0.95, 0.90, 0.80, 0.70, 0.50)
ZONE = Zone(0.95, 0.80)
CAP = 100
FIXED, LEAST = 50, 45


@dataclass(frozen=True)
class Source:
    """Streams of outcomes at one known rate."""

    name: str
    rate: float
    streams: tuple[tuple[bool, ...], ...]


@dataclass(frozen=True)
class Judged:
    """What a tool said of one stream (`pass`, `fail` or `undecided`), and how many trials it took."""

    verdict: str
    calls: int


Tool = Callable[[list[Source]], dict[str, list[Judged]]]


def simulated(rate: float, count: int) -> Source:
    draw = random.Random(f"rate {rate}")
    return Source(
        f"rate {rate:g}", rate, tuple(tuple(draw.random() < rate for _ in range(CAP)) for _ in range(count))
    )


def recorded(count: int) -> list[Source]:
    by_task: dict[str, list[bool]] = {}
    with open(RECORDED, encoding="utf-8") as file:
        for trial in read_trials(file, str(RECORDED)):
            if trial.counts:
                by_task.setdefault(trial.test, []).append(trial.passed)
    found = []
    for task, pool in by_task.items():
        draw = random.Random(f"task {task}")
        streams = tuple(tuple(draw.choices(pool, k=CAP)) for _ in range(count))
        found.append(Source(f"model: {task}", sum(pool) / len(pool), streams))
    return found


# --- those that are decided here


def each(judge: Callable[[tuple[bool, ...]], Judged]) -> Tool:
    return lambda sources: {one.name: [judge(stream) for stream in one.streams] for one in sources}


def sequential(stream: tuple[bool, ...]) -> Judged:
    """Ours, in batches for four slots, as the runner makes them."""
    evidence = Evidence()
    while batch := next_batch(ZONE, evidence, 4, CAP - evidence.trials):
        evidence = evidence.merge(gathered(stream[evidence.trials : evidence.trials + batch]))
    words = {Decision.READY: "pass", Decision.NOT_READY: "fail", Decision.UNDECIDED: "undecided"}
    return Judged(words[decide(ZONE, evidence)], evidence.trials)


def fixed_repeat(stream: tuple[bool, ...]) -> Judged:
    """promptfoo's way: `--repeat 10`, and a pass rate of 90% of them is asked for."""
    return Judged("pass" if sum(stream[:10]) >= 9 else "fail", 10)


# --- the real packages

CONFTEST = """
import json, pathlib
HERE = pathlib.Path(__file__).parent
STREAMS = json.loads((HERE / "streams.json").read_text())
CALLS = dict.fromkeys(STREAMS, 0)
SAID = {}

def take(stream):
    CALLS[stream] += 1
    return STREAMS[stream][CALLS[stream] - 1] == "P"

def pytest_runtest_logreport(report):
    if report.when == "call" and "[" in report.nodeid:
        SAID[report.nodeid.partition("[")[2][:-1]] = report.outcome

def pytest_sessionfinish():
    (HERE / "said.json").write_text(json.dumps({"calls": CALLS, "said": SAID}))
"""
PROBABILITY = """
import pytest
from conftest import STREAMS, take

@pytest.mark.probability(min_rate=0.8, runs={runs}, confidence=0.9)
@pytest.mark.parametrize("stream", list(STREAMS))
def bench_one(stream):
    assert take(stream)
"""
REPEATED = """
import pytest
from conftest import STREAMS, take

{mark}
@pytest.mark.parametrize("stream", list(STREAMS))
def test_one(stream):
    assert take(stream)
"""


def pytest_once(python: str, source: Source, files: dict[str, str], words: list[str]) -> Path:
    """One pytest process over all streams of a source; the folder that it ran in."""
    folder = Path(tempfile.mkdtemp(prefix="peers-"))
    streams = {
        f"s{n}": "".join("P" if one else "F" for one in stream) for n, stream in enumerate(source.streams)
    }
    for name, text in {"conftest.py": CONFTEST, "streams.json": json.dumps(streams), **files}.items():
        (folder / name).write_text(textwrap.dedent(text))
    command = [python, "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider", "-W", "ignore", *words]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if ended.returncode not in (0, 1):
        raise SystemExit(f"{command} ended with {ended.returncode}\n{ended.stdout[-2000:]}{ended.stderr}")
    return folder


def _read_once(folder: Path, name: str) -> Any:
    found = json.loads((folder / name).read_text())
    shutil.rmtree(folder)
    return found


def probability(python: str, runs: int, *words: str) -> Tool:
    def judge(source: Source) -> list[Judged]:
        files = {"bench_one.py": PROBABILITY.format(runs=runs)}
        folder = pytest_once(python, source, files, ["bench_one.py", "--prob-json=o.json", *words])
        rows = {row["case"].partition("::")[2]: row for row in _read_once(folder, "o.json")["rows"]}
        ordered = [rows[f"s{n}"] for n in range(len(source.streams))]
        return [Judged(row["gate"]["verdict"], row["total"]) for row in ordered]

    return lambda sources: {one.name: judge(one) for one in sources}


def marked(python: str, mark: str, *words: str) -> Tool:
    def judge(source: Source) -> list[Judged]:
        files = {"test_one.py": REPEATED.format(mark=mark)}
        folder = pytest_once(python, source, files, ["test_one.py", *words])
        told = _read_once(folder, "said.json")
        names = [f"s{n}" for n in range(len(source.streams))]
        return [Judged("pass" if told["said"][n] == "passed" else "fail", told["calls"][n]) for n in names]

    return lambda sources: {one.name: judge(one) for one in sources}


def tools(python: str) -> dict[str, Tool]:
    return {
        "readiness": each(sequential),
        "pytest-probability, sequential, at most 100": probability(python, CAP, "--prob-stop=sequential"),
        "pytest-probability, 50 runs, curtailed": probability(python, FIXED, "--prob-stop=curtail"),
        "pytest-repeated, 45 of 50": marked(
            python, f"@pytest.mark.repeated(times={FIXED}, threshold={LEAST})"
        ),
        "pytest-repeated, H0 0.8, 50 runs": marked(
            python, f"@pytest.mark.repeated(null=0.8, ci=0.95, n={FIXED})"
        ),
        "fixed repeat of 10, 9 must pass": each(fixed_repeat),
        "pytest-rerunfailures, 2 reruns": marked(python, "", "--reruns", "2"),
    }


# --- adding up


def scored(source: Source, judged: list[Judged]) -> dict[str, Any]:
    wrong = "fail" if source.rate >= ZONE.good else "pass" if source.rate <= ZONE.bad else ""
    said = [one.verdict for one in judged]
    return {
        "rate": round(source.rate, 4),
        "pass": said.count("pass"),
        "fail": said.count("fail"),
        "undecided": said.count("undecided"),
        "wrong": said.count(wrong) if wrong else None,
        "of": len(judged),
        "mean_calls": round(sum(one.calls for one in judged) / len(judged), 2),
    }


def summed(rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Over the sources that are good, and over those that are bad."""
    found = {}
    for side, holds in (
        ("good", lambda rate: rate >= ZONE.good),
        ("bad", lambda rate: rate <= ZONE.bad),
        ("between", lambda rate: ZONE.bad < rate < ZONE.good),
    ):
        own = [row for row in rows.values() if holds(row["rate"])]
        of = sum(row["of"] for row in own)
        if of:
            found[side] = {
                "wrong_share": None if side == "between" else round(sum(row["wrong"] for row in own) / of, 4),
                "undecided_share": round(sum(row["undecided"] for row in own) / of, 4),
                "mean_calls": round(sum(row["mean_calls"] * row["of"] for row in own) / of, 2),
            }
    return found


def environment(folder: str | None) -> str:
    """The interpreter of the peers' environment; made when there is none."""
    root = Path(folder or tempfile.mkdtemp(prefix="peers-env-"))
    python = root / "bin/python"
    if not python.exists():
        venv.create(root, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PINNED], check=True)
    return os.fspath(python)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--streams", type=int, default=100)
    parser.add_argument("--env", help="where the peers are, or are to be, installed")
    parser.add_argument("--out")
    arguments = parser.parse_args()
    sources = [simulated(rate, arguments.streams) for rate in RATES] + recorded(arguments.streams)
    results = {}
    for name, tool in tools(environment(arguments.env)).items():
        said = tool(sources)
        rows = {one.name: scored(one, said[one.name]) for one in sources}
        results[name] = {"sum": summed(rows), "sources": rows}
        print(name, json.dumps(results[name]["sum"]), flush=True)
    found = {
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "packages": PINNED,
        "asked": {
            "good": ZONE.good,
            "bad": ZONE.bad,
            "alpha": ZONE.alpha,
            "beta": ZONE.beta,
            "most_trials": CAP,
        },
        "streams": arguments.streams,
        "tools": results,
    }
    if arguments.out:
        with open(arguments.out, "w", encoding="utf-8") as file:
            json.dump(found, file, indent=1)
            file.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
