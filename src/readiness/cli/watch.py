"""`readiness run --watch`: run, wait for a change, and run what it touches, until a signal ends it.

Each run is a process of its own, so that it is the very run that the same words start by hand.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

from readiness.cli import project
from readiness.config.fault import ConfigError
from readiness.gate.settings import UsageError
from readiness.record.outcome import EXIT_INTERRUPTED, EXIT_TERMINATED
from readiness.report.plain import plain
from readiness.report.wording import plural
from readiness.run.changes import Tree, differing, touched

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from typing import Any, Final

    from readiness.cli.project import Project
    from readiness.run.changes import Look

LOOK_EVERY: Final = 0.3
SETTLED: Final = 0.15
"""Seconds between looks, and how long nothing may have changed before a run is started: editors write in steps."""
NAMED: Final = 3


def watch(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Never returns before a signal came; the exit code says which. Raises UsageError for what cannot be watched."""
    if args.resume:
        raise UsageError("--watch starts new runs; give it without --resume")
    root = os.path.dirname(project.find_config(args))
    return _Watch(args, environ, root).until_stopped()


def words(args: argparse.Namespace, names: tuple[str, ...]) -> list[str]:
    """What to type for one run with the options of `args`, of these checks alone where there are any."""
    valued = (
        ("-C", "" if args.folder == "." else args.folder), ("--config", args.config), ("--gate", args.gate),
        *(("--lane", lane) for lane in args.lane), ("--jobs", args.jobs or ""), ("--grace", args.grace),
    )  # fmt: skip
    switched = (
        ("--strict", args.strict), ("--no-strict", args.strict is False), ("--fail-on-skip", args.fail_on_skip),
        ("--no-timeout", args.timeouts is False), ("--no-cache", not args.cache), ("--record", args.record),
        ("--quiet", args.quiet),
    )  # fmt: skip
    given = [word for name, held in valued if held not in (None, "") for word in (name, str(held))]
    return ["run", *given, *(name for name, on in switched if on), *names]


class _Watch:
    def __init__(self, args: argparse.Namespace, environ: Mapping[str, str], root: str) -> None:
        self._args = args
        self._environ = environ
        self._root = root
        self._tree = Tree(root, environ)
        self._child: subprocess.Popen[bytes] | None = None
        self._stopped = 0
        self._outcomes: dict[str, str] = {}

    def until_stopped(self) -> int:
        before = {
            number: signal.signal(number, self._stop)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        try:
            self._loop()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        _say(f"stopped by {signal.Signals(self._stopped).name}")
        return EXIT_INTERRUPTED if self._stopped == signal.SIGINT else EXIT_TERMINATED

    def _stop(self, number: int, _: object) -> None:
        self._stopped = number
        if self._child:
            # It is in a group of its own, so that a key pressed in a terminal reaches it once.
            self._child.send_signal(number)

    def _loop(self) -> None:
        changed: frozenset[str] | None = None
        written: frozenset[str] = frozenset()
        while not self._stopped:
            before = self._tree.look()
            asked = self._project()
            if asked:
                self._run(asked, changed)
                after = self._tree.look()
                during = differing(before, after)
                # What changes in every run is written by the checks themselves, and nobody's change.
                changed, written = during - written, during
            else:
                after = before
            if self._stopped or (asked and changed):
                continue
            _say(f"watching {plural(len(after), 'file')}; Ctrl-C ends")
            news = self._wait(after)
            changed = None if changed is None else changed | news

    def _project(self) -> Project | None:
        """What there is to run; None while the configuration is not understood, which is shown."""
        try:
            return project.open_project(self._args, self._environ)
        except (ConfigError, UsageError) as error:
            print(error, file=sys.stderr, flush=True)
            return None

    def _run(self, asked: Project, changed: frozenset[str] | None) -> None:
        names: tuple[str, ...] = tuple(self._args.names)
        if changed is not None:
            checks = [item.check for item in asked.plan.items]
            found = touched(checks, changed, os.path.relpath(asked.config.path, self._root))
            _say(
                f"changed: {_some(changed)}; {f'runs {_some(found)}' if found else 'no check depends on it'}"
            )
            if not found:
                return
            if len(found) < len(checks):
                names = found
        command = [sys.executable, "-P", "-m", "readiness", *words(self._args, names)]
        self._child = subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0)
        if self._stopped:
            self._child.send_signal(self._stopped)
        self._child.wait()
        self._child = None
        if not self._stopped:
            self._remember(names)

    def _remember(self, names: tuple[str, ...]) -> None:
        """A run of some checks says nothing of the others: those that did not pass are named again."""
        for check in _last_report(self._root).get("checks", ()):
            self._outcomes[str(check["name"])] = str(check["outcome"])
        open_ones = [
            name
            for name, outcome in self._outcomes.items()
            if outcome != "passed" and names and name not in names
        ]
        if open_ones:
            _say(f"not run again, and not passed before: {_some(open_ones)}")

    def _wait(self, before: Look) -> frozenset[str]:
        """Until something has changed and then nothing for a moment, or a signal came."""
        while not self._stopped:
            time.sleep(LOOK_EVERY)
            now = self._tree.look()
            if now == before:
                continue
            while not self._stopped:
                time.sleep(SETTLED)
                later = self._tree.look()
                if later == now:
                    return differing(before, now)
                now = later
        return frozenset()


def _last_report(root: str) -> dict[str, Any]:
    try:
        with open(os.path.join(root, ".readiness", "latest", "report.json"), encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError) as error:
        _say(f"the report of that run cannot be read: {error}")
        return {}
    return found if isinstance(found, dict) else {}


def _some(names: frozenset[str] | tuple[str, ...] | list[str]) -> str:
    listed = sorted(names) if isinstance(names, frozenset) else list(names)
    more = f" and {len(listed) - NAMED} more" if len(listed) > NAMED else ""
    return plain(", ".join(listed[:NAMED])) + more


def _say(text: str) -> None:
    print(f"watch  {text}", flush=True)
