"""The packages whose own test suites `isolation_packages.py` runs: what each needs, and how it is fetched.

Chosen by how much they are used and by whether their suite, as the source distribution has it, runs by itself in
about a minute at most; before anything of ours was measured on them. What was tried and left is in `NOT_RUN`.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple

PYTEST = "pytest==9.2.0"
SAME_EXAMPLES = ("--hypothesis-profile=ci",)
"""Of hypothesis: the same examples in each run, none kept on the disk, and no deadline, which a busy machine misses."""


class Wanted(NamedTuple):
    """A package at one version. `needs` are the requirements of its tests, of the newest version unless said."""

    version: str
    needs: str = ""
    tests: str = "tests"
    options: tuple[str, ...] = ()
    less: str = ""
    """What of its suite is left out, and why."""


PACKAGES: dict[str, Wanted] = {
    "attrs": Wanted("26.1.0", "cloudpickle hypothesis pympler", options=SAME_EXAMPLES),
    "cachetools": Wanted("8.0.2"),
    "click": Wanted("8.5.1"),
    "flask": Wanted("3.1.3", "pytest==9.0.2 asgiref greenlet python-dotenv"),
    "freezegun": Wanted("1.5.5"),
    "h11": Wanted("0.16.0", tests="h11/tests"),
    "h2": Wanted("4.4.1", "hypothesis", options=SAME_EXAMPLES),
    "httpcore": Wanted(
        "1.0.9",
        "anyio h2 pytest-httpbin==2.0.0 pytest-trio socksio trio",
        options=("-k", "not test_h2_timeout"),
        less="six tests of time limits, which its authors mark as failing at times",
    ),
    "humanize": Wanted(
        "4.17.0",
        "freezegun pytest-benchmark",
        options=("--ignore=tests/test_benchmarks.py",),
        less="its benchmarks, which repeat themselves for a time and not for a number",
    ),
    "idna": Wanted("3.20", "hypothesis", options=SAME_EXAMPLES),
    "itsdangerous": Wanted("2.2.0", "freezegun"),
    "jinja2": Wanted("3.1.6", "trio"),
    "jsonschema": Wanted("4.26.0", "jsonpath-ng", tests="jsonschema/tests"),
    "marshmallow": Wanted("4.4.0", "simplejson"),
    "more-itertools": Wanted("11.2.1"),
    "packaging": Wanted(
        "26.4",
        "coverage hypothesis pretend tomli_w",
        options=tuple(f"--ignore=tests/test_{name}.py" for name in ("ranges", "specifiers", "version")),
        less="55,000 tests of comparisons in three files, which take over a minute a run",
    ),
    "pluggy": Wanted("1.7.0", "pytest-benchmark", tests="testing", options=("--benchmark-disable",)),
    "python-dateutil": Wanted("4.0.0", "attrs freezegun hypothesis pytest-cov", options=SAME_EXAMPLES),
    "requests": Wanted(
        "2.34.2",
        "httpbin pysocks pytest-httpbin==2.1.0 pytest-mock trustme",
        options=("-k", "not test_connect_timeout and not test_total_timeout_connect"),
        less="four tests that connect to an address outside",
    ),
    "sqlparse": Wanted("0.6.1"),
    "starlette": Wanted(
        "1.10.0",
        "blockbuster httpx httpx2[zstd] importlib-metadata itsdangerous jinja2 opentelemetry-sdk"
        " python-multipart pyyaml trio",
    ),
    "tenacity": Wanted("9.2.1", "tornado trio"),
    "toolz": Wanted("1.2.0", tests="toolz/tests"),
    "werkzeug": Wanted(
        "3.1.9",
        "cffi cryptography ephemeral-port-reserve pytest-timeout watchdog",
        options=("-m", "not dev_server"),
        less="the tests that start its server, which hang here without the probe too",
    ),
    "wsproto": Wanted("1.3.2", "hypothesis", options=SAME_EXAMPLES),
}

NOT_RUN: dict[str, str] = {
    "anyio": "a run of its suite takes longer than 400 s",
    "filelock": "its source distribution is not to be built here: a build requirement is missing",
    "markdown": "its tests are for unittest: pytest 9 collects a class of them wrongly and stops",
    "platformdirs": "its source distribution is not to be built here: a build requirement is missing",
    "pyparsing": "a run of its suite takes 75 s of CPU",
    "sortedcontainers": "its source distribution holds no tests",
    "tomli": "its source distribution holds no tests",
    "urllib3": "a run waits over three minutes; 45 of its tests fail here without the probe, at a proxy with TLS",
}
"""What was tried, and why it is not measured."""


class Fetched(NamedTuple):
    name: str
    wanted: Wanted
    source: Path
    python: Path


def fetched(home: Path, name: str) -> Fetched:
    """Where the package lies under `home`: its source, and an interpreter that has it and what its tests need."""
    sources = sorted((home / name / "source").glob("*/"))
    python = home / name / "venv" / "bin" / "python"
    if len(sources) != 1 or not (home / name / "complete").exists():
        raise SystemExit(
            f"{home / name} is not complete: run once with --fetch, which takes about a minute a package"
        )
    return Fetched(name, PACKAGES[name], sources[0], python)


def fetch(home: Path, name: str) -> None:
    """Get the source distribution, and install it in place, as its developers do, in an environment of its own."""
    folder, wanted = home / name, PACKAGES[name]
    if (folder / "complete").exists():
        return
    print(f"fetching {name}", file=sys.stderr, flush=True)
    _ran(sys.executable, "-m", "venv", "--clear", str(folder / "venv"))
    pip = [str(folder / "venv" / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "-q"]
    _unpacked(pip, f"{name}=={wanted.version}", folder / "source")
    (source,) = (folder / "source").iterdir()
    own = [] if "pytest==" in wanted.needs else [PYTEST]
    _ran(*pip, "install", *own, *wanted.needs.split(), "-e", str(source))
    (folder / "complete").touch()


def _unpacked(pip: list[str], requirement: str, into: Path) -> None:
    name = requirement.partition("==")[0]
    with tempfile.TemporaryDirectory() as made:
        _ran(*pip, "download", "--no-deps", "--no-binary", name, "-d", made, requirement)
        (archive,) = Path(made).iterdir()
        into.mkdir(parents=True, exist_ok=True)
        with tarfile.open(archive) as opened:
            opened.extractall(into, filter="data")


def _ran(*command: str) -> None:
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}")
