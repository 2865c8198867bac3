"""The environment of a check: the gate's own, with a few additions, and everything added or removed on record."""

from __future__ import annotations

import os

from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

REMOVED = (
    "PYTHONHOME",
    "MAKEFLAGS",
    "MFLAGS",
    "MAKELEVEL",
    "MAKEOVERRIDES",
    "READINESS_EXPECT",
    "READINESS_GATE",
    "READINESS_HISTORY",
)
"""What must not reach a check: another interpreter's home, the job server of a `make` that started the gate, and
the selection and history of this run, which a nested gate would take for its own."""

TEMPORARY = "tmp"
"""Name of the temporary folder in a private home."""


@value
class Environment:
    """Variables for one process, and how they differ from the gate's own (names only)."""

    variables: Mapping[str, str]
    added: tuple[str, ...]
    removed: tuple[str, ...]


def build(
    inherited: Mapping[str, str],
    *,
    declared: Mapping[str, str],
    services: Mapping[str, str],
    path_folders: tuple[str, ...],
    virtual_env: str = "",
    hermetic_home: str = "",
) -> Environment:
    """The variables of a check: what is inherited, less `REMOVED`, then services', then the check's own on top.

    `path_folders` come first on PATH. A `hermetic_home` becomes its HOME, with TMPDIR below it, UTC and fixed seeds;
    packages installed for the user stay importable.
    """
    variables = {name: value for name, value in inherited.items() if name not in REMOVED}
    additions = {"PYTHONUNBUFFERED": "1", "PATH": _path(inherited, path_folders)}
    if virtual_env:
        additions["VIRTUAL_ENV"] = virtual_env
    if hermetic_home:
        additions |= _hermetic(inherited, hermetic_home)
    variables.update(additions)
    variables.update(services)
    variables.update(declared)
    return Environment(variables, *differences(inherited, variables))


def differences(
    before: Mapping[str, str], after: Mapping[str, str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names that were added or changed, and names that were removed."""
    added = tuple(sorted(name for name, value in after.items() if before.get(name) != value))
    return added, tuple(sorted(before.keys() - after.keys()))


def _path(inherited: Mapping[str, str], folders: tuple[str, ...]) -> str:
    return os.pathsep.join((*folders, inherited.get("PATH", os.defpath)))


def _hermetic(inherited: Mapping[str, str], home: str) -> dict[str, str]:
    user_base = inherited.get("PYTHONUSERBASE") or os.path.join(inherited.get("HOME", "/"), ".local")
    return {
        "HOME": home,
        "TMPDIR": os.path.join(home, TEMPORARY),
        "TZ": "UTC",
        "PYTHONHASHSEED": "0",
        "READINESS_SEED": "0",
        "PYTHONUSERBASE": user_base,
    }
