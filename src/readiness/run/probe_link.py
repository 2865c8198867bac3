"""Putting the probe where every pytest of a check finds it, whatever environment that pytest lives in."""

from __future__ import annotations

import os

import readiness_probe
from readiness_probe.environment import PLUGIN_NAME, Options, inject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

_PACKAGE: Final = "readiness_probe"
_METADATA: Final = "Metadata-Version: 2.1\nName: readiness-probe\nVersion: 1\n"
_ENTRY_POINTS: Final = f"[pytest11]\n{PLUGIN_NAME} = {_PACKAGE}.entry:plugin\n"

PUT_BACK_FIRST: Final = (
    'case "${READINESS_PROBE_FOLDER:+:$PYTHONPATH:}" in ""|*":$READINESS_PROBE_FOLDER:"*) ;; '
    '*) export PYTHONPATH="$READINESS_PROBE_FOLDER${PYTHONPATH:+:$PYTHONPATH}" ;; esac'
)
"""A line for a shell script that stands before `python` or `pytest` on PATH.

A command such as `PYTHONPATH=src pytest` replaces the variable that holds our folder; this puts it back in
front. Inside a recorded pytest it does nothing.
"""


def link(
    env: Mapping[str, str],
    folder: str,
    out: str,
    *,
    test_timeout: float | None,
    guard: bool,
    trials: str = "",
    isolation: str = "",
    copy_of: str = "",
) -> dict[str, str]:
    """The environment `env` in which every pytest records itself under `out`.

    `folder` is made to hold a link to the probe and the entry point by which pytest finds it; one folder may
    serve many checks. `test_timeout` is in seconds; `guard` keeps the network out of every pytest process;
    `trials` asks for repetition (see `trial_link`), `isolation` for traced leaks (JSON, see docs/isolation.md);
    `copy_of` is the folder of which the project is a copy.
    Raises OSError when the folder cannot be written, ValueError when PYTHONPATH cannot hold its name.
    """
    folder, out = os.path.abspath(folder), os.path.abspath(out)
    options = Options(folder, out, test_timeout, guard, trials=trials, isolation=isolation, copy_of=copy_of)
    injected = inject(env, options)
    _fill(folder)
    return injected


def _fill(folder: str) -> None:
    metadata = os.path.join(folder, f"{_PACKAGE}-1.dist-info")
    if os.path.exists(os.path.join(metadata, "entry_points.txt")):
        return
    os.makedirs(metadata, exist_ok=True)
    _place_package(os.path.join(folder, _PACKAGE))
    for name, content in (("METADATA", _METADATA), ("entry_points.txt", _ENTRY_POINTS)):
        path = os.path.join(metadata, name)
        with open(path + ".part", "w", encoding="utf-8") as file:
            file.write(content)
        os.replace(path + ".part", path)


def _place_package(target: str) -> None:
    """A symbolic link where the file system has them, else a copy."""
    source = os.path.dirname(os.path.abspath(readiness_probe.__file__))
    if os.path.lexists(target):
        return
    try:
        os.symlink(source, target, target_is_directory=True)
    except (OSError, NotImplementedError):
        import shutil

        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
