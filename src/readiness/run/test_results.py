"""How every test of a check ended, in the run's folder: `tests/<check>.json`. History is made from it.

The record lists what went wrong and counts the rest; with a hundred thousand tests it would be no record any more.
"""

from __future__ import annotations

import json
import os
from collections import Counter

from readiness.record.write_aside import write_aside
from readiness.store.past_run import TestRun

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Final

    from readiness.record.redact import Redactor
    from readiness.run.artifacts import RunFolder
    from readiness.run.probe_events import ProbeSummary

FORMAT: Final = "readiness/tests/1"
FOLDER: Final = "tests"
PASSES: Final = ("passed", "xpassed")


def write_tests(folder: RunFolder, check: str, tests: ProbeSummary, redactor: Redactor) -> None:
    """Write them, where there are any. Raises OSError."""
    if not tests.results:
        return
    place = folder.inside(FOLDER)
    if not os.path.isdir(place):
        os.makedirs(place)
    told = list(_told(tests))
    names = redactor.value(tuple(one[0] for one in told))
    lines = [json.dumps((name, *one[1:])) for name, one in zip(names, told, strict=True)]
    text = f'{{"format": "{FORMAT}", "tests": [\n' + ",\n".join(lines) + "\n]}\n"
    write_aside(os.path.join(place, f"{check}.json"), text)


def _told(tests: ProbeSummary) -> Iterable[tuple[str, str, int, int, float]]:
    """Test, outcome, passes, fails, seconds: each test once, however often it was collected."""
    ran = Counter(tests.ended)
    last = {test: (outcome, seconds) for test, outcome, seconds in tests.results}
    for test, (outcome, seconds) in last.items():
        passes, fails = ran[test, True], ran[test, False]
        repeated = outcome in PASSES and fails > 0
        yield test, "flaky" if repeated else outcome, passes, fails, round(seconds, 4)


def read_tests(folder: RunFolder, check: str) -> tuple[TestRun, ...]:
    """What `write_tests` wrote; nothing where it wrote nothing. Raises as `read_list` does."""
    return read_list(folder.inside(FOLDER, f"{check}.json"))


def read_list(path: str) -> tuple[TestRun, ...]:
    """A list that `write_tests` wrote, by its path; nothing where there is none.

    Raises ValueError for a file of another form, OSError for one that cannot be read.
    """
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
    except FileNotFoundError:
        return ()
    except RecursionError as error:
        raise ValueError(f"{path}: not the tests of a check") from error
    try:
        if data["format"] != FORMAT:
            raise ValueError(f"{path}: its format is {data['format']!r}, not {FORMAT!r}")
        return tuple(
            TestRun(str(test), str(outcome), int(passes), int(fails), float(seconds))
            for test, outcome, passes, fails, seconds in data["tests"]
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: not the tests of a check: {error!r}") from error
