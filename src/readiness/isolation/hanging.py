"""A test that came to no end: the stack of the run that it ended, and a second run that runs it in copies alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile

from readiness.record.finding import Finding
from readiness.record.value import replace
from readiness.run.probe_files import runs
from readiness.run.probe_link import link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Final

    from readiness.isolation.asked import Asked
    from readiness.run.probe_files import Run

STACK_LINES: Final = 4
SAID: Final = "still running at its deadline"
TOLD: Final = frozenset({"victim", "hanging", "broken_and_polluted"})
"""What the second run can tell. What ended otherwise there is asked about in new processes."""
_FRAME: Final = re.compile(r'File "([^"]+)", line (\d+) in (\S+)')
_PYTEST: Final = "/_pytest/"


def came_to_no_end(test: str, deadline: str) -> Finding:
    """A finding that is not judged yet. `deadline` is what faulthandler said of the process when it was ended."""
    note = "it passed its deadline, and pytest was ended: no later test was run"
    return Finding(test, "unjudged", SAID, notes=(note, f"it was at {stack_of(deadline)}"))


def stack_of(dump: str) -> str:
    """Where the test was, `file:line in function`, the innermost first: in the thread that pytest runs in."""
    threads = [_FRAME.findall(one) for one in re.split(r"\(most recent call first\)", dump)[1:]]
    ours = [one for one in threads if any(_PYTEST in file for file, *_ in one)] or threads
    if not ours:
        return "no known place"
    depth = next((number for number, frame in enumerate(ours[-1]) if _PYTEST in frame[0]), len(ours[-1]))
    frames = [f"{file}:{line} in {function}" for file, line, function in ours[-1][:depth]]
    shown = frames if len(frames) <= STACK_LINES else [*frames[: STACK_LINES - 1], "…", frames[-1]]
    return " < ".join(shown) or "no known place"


def ask_before_it(
    asked: Asked, environ: Mapping[str, str], finding: Finding, order: Sequence[str]
) -> tuple[Finding, int]:
    """The finding, judged if that can be done, and the replays that it took.

    The tests of `order`, up to this one, are run again and traced; this one is run in copies of that process, which
    can be ended when it hangs. Raises OSError when the probe cannot be placed.
    """
    events = _run(asked, environ, [*order[: order.index(finding.test)], finding.test])
    replays = sum(int(event["replays"]) for run in events for event in run.of("isolation"))
    told = [Finding.from_json(event) for run in events for event in run.of("finding")]
    judged = [one for one in told if one.test == finding.test and one.kind in TOLD]
    if not judged:
        return finding, replays
    notes = (*finding.notes, *judged[0].notes)
    return replace(judged[0], error=SAID, notes=notes), replays


def _run(asked: Asked, environ: Mapping[str, str], tests: Sequence[str]) -> tuple[Run, ...]:
    with tempfile.TemporaryDirectory(prefix="readiness-hanging-") as folder:
        chosen = os.path.join(folder, "tests.json")
        with open(chosen, "w", encoding="utf-8") as file:
            json.dump(tests, file)
        options = {**json.loads(asked.options()), "all": False, "only": chosen, "hangs": asked.timeout}
        events, probe = os.path.join(folder, "events"), os.path.join(folder, "probe")
        env = link(
            environ, probe, events, test_timeout=asked.timeout, guard=False, isolation=json.dumps(options)
        )
        command = [asked.python, "-m", "pytest", *asked.arguments]
        nowhere = subprocess.DEVNULL
        subprocess.run(
            command, cwd=asked.folder, env=env, stdin=nowhere, stdout=nowhere, stderr=nowhere, check=False
        )
        return runs(events)
