"""What earlier runs left for later ones: how long each check took, and when each lane last ran."""

from __future__ import annotations

import fcntl
import json
import os
import time

from readiness.record.outcome import LaneVerdict, Outcome
from readiness.record.write_aside import write_aside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from readiness.record.record import Record

FORMAT = "readiness/history/1"
PATH = ".readiness/history.json"
MEASURED = frozenset({Outcome.PASSED, Outcome.FAILED, Outcome.FLAKY, Outcome.HOLLOW})
"""Outcomes whose duration says how long the check takes."""


class History:
    """`seconds` by check, and `lanes`: the last run of each with `run_id`, `at`, `epoch` and `verdict`."""

    def __init__(self, seconds: dict[str, float], lanes: dict[str, dict[str, Any]]) -> None:
        self.seconds = seconds
        self.lanes = lanes

    def lanes_with_age(self) -> dict[str, dict[str, Any]]:
        """Each lane's last run with `age`, the seconds since then."""
        now = time.time()
        return {
            name: {**lane, "age": round(max(0.0, now - lane["epoch"]), 1)}
            for name, lane in self.lanes.items()
        }


def load(root: str) -> History:
    """Read it; empty when there is none. A file of another format, or a broken one, is as none: it only orders
    and dates, and the next run writes it anew."""
    try:
        with open(os.path.join(root, PATH), encoding="utf-8") as file:
            data = json.load(file)
    except (OSError, ValueError, RecursionError):
        return History({}, {})
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        return History({}, {})
    return History(_entries(data.get("seconds"), _is_number), _entries(data.get("lanes"), _is_lane))


def _entries(data: Any, is_one: Callable[[Any], bool]) -> dict[str, Any]:
    """The entries that are what they should be."""
    return {name: one for name, one in data.items() if is_one(one)} if isinstance(data, dict) else {}


def _is_number(one: Any) -> bool:
    return isinstance(one, (int, float)) and not isinstance(one, bool)


def _is_lane(one: Any) -> bool:
    texts = ("run_id", "at", "verdict")
    return (
        isinstance(one, dict)
        and _is_number(one.get("epoch"))
        and all(isinstance(one.get(name), str) for name in texts)
    )


def remember(root: str, record: Record) -> None:
    """Add a finished run; several gates may do so at once. Raises OSError when it cannot be written."""
    path = os.path.join(root, PATH)
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        history = load(root)
        _add(history, record)
        write_aside(path, json.dumps({"format": FORMAT, "seconds": history.seconds, "lanes": history.lanes}))
    finally:
        os.close(lock)


def _add(history: History, record: Record) -> None:
    for check in record.checks:
        if check.outcome in MEASURED and not check.cached_from:
            history.seconds[check.name] = check.seconds
    for name, lane in record.lanes.items():
        if lane.verdict is not LaneVerdict.NOT_RUN and not record.interrupted:
            history.lanes[name] = {
                "run_id": record.header.run_id,
                "at": record.header.started_at,
                "epoch": time.time(),
                "verdict": lane.verdict.value,
            }
