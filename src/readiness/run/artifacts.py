"""Where a run keeps what it writes: `.readiness/runs/<id>/`, with `.readiness/latest` pointing at the newest."""

from __future__ import annotations

import os
import re
import time

from readiness.gate.settings import UsageError
from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Final

FOLDER = ".readiness"
_ID: Final = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{4}")
KEPT_RUNS = 50
FORGOTTEN_TOGETHER = 10
"""Runs beyond those that gather before they are forgotten: before that they are taken into the history."""


@value
class RunFolder:
    """The folder of one run; every path is absolute."""

    root: str
    run_id: str

    @property
    def path(self) -> str:
        return os.path.join(self.root, FOLDER, "runs", self.run_id)

    @property
    def journal(self) -> str:
        return os.path.join(self.path, "journal.jsonl")

    def inside(self, *names: str) -> str:
        return os.path.join(self.path, *names)

    def relative(self, path: str) -> str:
        """As it stands in the record: relative to the project's root."""
        return os.path.relpath(path, self.root)


def create(root: str) -> RunFolder:
    """Make a folder for a new run. Raises UsageError when the project's folder cannot be written."""
    try:
        make_base(root)
        while True:
            folder = RunFolder(root, _next_id(os.listdir(os.path.join(root, FOLDER, "runs"))))
            try:
                os.mkdir(folder.path)
            except FileExistsError:
                continue
            os.mkdir(folder.inside("logs"))
            return folder
    except OSError as error:
        raise UsageError(
            f"{error.filename}: {error.strerror}; the run's record cannot be kept, so nothing was run"
        ) from error


def _next_id(known: list[str]) -> str:
    """The time and four hexadecimal digits. Ids are ordered as their runs began, also within one second."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    same = [int(one[-4:], 16) for one in known if _ID.fullmatch(one) and one.startswith(stamp)]
    number = max(same) + 1 if same else int.from_bytes(os.urandom(2), "big") >> 1
    return f"{stamp}-{number:04x}"


def make_base(root: str) -> None:
    """Make `.readiness`, which git leaves alone, where it is not there. Raises OSError."""
    base = os.path.join(root, FOLDER)
    if os.path.isdir(os.path.join(base, "runs")):
        return
    os.makedirs(os.path.join(base, "runs"), exist_ok=True)
    os.makedirs(os.path.join(base, "cache"), exist_ok=True)
    with open(os.path.join(base, ".gitignore"), "w", encoding="utf-8") as file:
        file.write("*\n")


def point_latest(folder: RunFolder) -> None:
    """Make `.readiness/latest` lead to this run, in one step. Raises OSError when it cannot."""
    link = os.path.join(folder.root, FOLDER, "latest")
    aside = f"{link}.{folder.run_id}.part"
    os.symlink(os.path.join("runs", folder.run_id), aside)
    try:
        os.replace(aside, link)
    except OSError as error:
        os.unlink(aside)
        raise OSError(error.errno, error.strerror, link) from error


def find(root: str, run: str = "latest") -> RunFolder:
    """The folder of an earlier run, by id, by the start of one, or `latest`. Raises UsageError when there is none."""
    runs = os.path.join(root, FOLDER, "runs")
    known = sorted(os.listdir(runs)) if os.path.isdir(runs) else []
    if not known:
        raise UsageError(f"{root}: no run is on record here; start one with `readiness run`")
    if run == "latest":
        link = os.path.join(root, FOLDER, "latest")
        target = os.path.basename(os.path.realpath(link)) if os.path.lexists(link) else ""
        return RunFolder(root, target if target in known else known[-1])
    matching = [name for name in known if name.startswith(run)]
    if len(matching) != 1:
        what = "matches more than one run" if matching else "is no run on record"
        raise UsageError(f"{run!r} {what}; known: {', '.join((matching or known)[-5:])}")
    return RunFolder(root, matching[0])


def old_runs(root: str) -> list[str]:
    """The runs to be forgotten: all but the newest `KEPT_RUNS`, once enough of them have gathered."""
    try:
        known = sorted(os.listdir(os.path.join(root, FOLDER, "runs")))
    except OSError:
        # What cannot be listed cannot be removed either.
        return []
    return known[:-KEPT_RUNS] if len(known) >= KEPT_RUNS + FORGOTTEN_TOGETHER else []


def forget(root: str, names: Iterable[str]) -> None:
    """Remove these runs. Another gate of the same project may be removing them too."""
    import shutil

    for name in names:
        shutil.rmtree(os.path.join(root, FOLDER, "runs", name), ignore_errors=True)
