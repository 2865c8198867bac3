"""What an operator may set of the local tools, and the backend that follows from it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from mini_agent.sandbox.bounds import MEBIBYTE, Bounds
from mini_agent.tools.local.command import DEFAULT_PROGRAMS, check_names

PROGRAMS = "MINI_AGENT_LOCAL_PROGRAMS"
PYTHON = "MINI_AGENT_LOCAL_PYTHON"
READABLE = "MINI_AGENT_LOCAL_READABLE"
MEMORY = "MINI_AGENT_LOCAL_MEMORY_MB"


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """`programs`: the allow-list of `run_shell`, names only. `python`: another interpreter, with its packages.

    `readable`: further absolute paths that generated code may read.
    """

    programs: tuple[str, ...] = DEFAULT_PROGRAMS
    python: str = ""
    readable: tuple[str, ...] = ()
    bounds: Bounds = field(default_factory=Bounds)

    def __post_init__(self) -> None:
        """Raises ValueError for a name that is a path, or a path that is not absolute."""
        check_names(self.programs)
        for path in filter(None, (self.python, *self.readable)):
            if not os.path.isabs(path):
                raise ValueError(f"{path!r} is no absolute path")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> LocalSettings:
        """Programs are separated by commas, paths by colons. Raises ValueError naming the variable."""
        settings: dict[str, object] = {}
        if PROGRAMS in environ:
            settings["programs"] = tuple(filter(None, map(str.strip, environ[PROGRAMS].split(","))))
        if environ.get(READABLE):
            settings["readable"] = tuple(filter(None, environ[READABLE].split(os.pathsep)))
        if environ.get(PYTHON):
            settings["python"] = environ[PYTHON]
        if environ.get(MEMORY):
            settings["bounds"] = memory_bounds(environ[MEMORY])
        try:
            return cls(**settings)  # type: ignore[arg-type]
        except ValueError as fault:
            raise ValueError(f"{PROGRAMS}, {PYTHON} or {READABLE}: {fault}") from fault


def memory_bounds(text: str) -> Bounds:
    """The tree's memory in MiB; one process may map half as much again. Raises ValueError."""
    if not text.isascii() or not text.isdigit() or int(text) < 64:
        raise ValueError(f"{MEMORY} must be a whole number of MiB of at least 64, is {text!r}")
    memory = int(text) * MEBIBYTE
    return Bounds(memory=memory, address_space=memory * 3 // 2)
