"""Reads the ends of the logs that the page shows; nothing outside the folder of all runs is opened."""

from __future__ import annotations

import os
import stat

from readiness.report.html.tails import Tail, wanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from readiness.record.record import Record


def read_tails(record: Record, run_folder: str, root: str) -> tuple[Tail, ...]:
    """Each log that the page has room for. One that cannot be read is there too, and says why; never raises OSError.

    The paths of a record are relative to `root`. A cached check's log lies in the folder of an earlier run.
    """
    runs = os.path.join(os.path.realpath(os.path.dirname(run_folder)), "")
    return tuple(_read(one.log, one.most, root, runs) for one in wanted(record))


def _read(log: str, most: int, root: str, runs: str) -> Tail:
    try:
        path = os.path.realpath(os.path.join(root, log))
        if not path.startswith(runs):
            return Tail(log, problem="not read: it lies outside the folder of the runs")
        return _end(log, path, most)
    except OSError as error:
        return Tail(log, problem=f"not read: {error.strerror}")
    except ValueError as error:
        # A path with a NUL, or one that no file name can hold.
        return Tail(log, problem=f"not read: {error}")


def _end(log: str, path: str, most: int) -> Tail:
    # Without O_NONBLOCK a pipe in the log's place would hold the gate.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            return Tail(log, problem="not read: it is no regular file")
        return Tail(log, os.pread(descriptor, most, max(0, about.st_size - most)), about.st_size)
    finally:
        os.close(descriptor)
