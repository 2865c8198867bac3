"""`Sandbox.run`: one program in one launcher, from the event loop; cancelling it ends the program's whole tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mini_agent.sandbox.bounds import Bounds
from mini_agent.sandbox.inside import plan as words
from mini_agent.sandbox.places import PROGRAM_PATH, Places, places, this_interpreter
from mini_agent.sandbox.result import SandboxError, SandboxResult
from mini_agent.sandbox.running import PACKAGE, Run

if TYPE_CHECKING:
    from mini_agent.sandbox.inside.plan import Plan

ALL_LAYERS = (
    words.IDENTITY,
    words.RLIMITS,
    words.LANDLOCK,
    words.SECCOMP,
    words.WATCHER,
    words.SWEEP,
    words.CGROUP,
)
"""What there can be; the self-test leaves out what this machine has not."""
DEFAULT_LAYERS = ALL_LAYERS[:-1]
NEWEST_LANDLOCK = 99


@dataclass(frozen=True, slots=True)
class Sandbox:
    """How programs are held. `way` and `layers` are what the self-test found to work; see `self_test`.

    `landlock_abi`: no newer version of Landlock is used, to try what an older kernel would do.
    """

    way: str = words.NAMESPACES
    layers: tuple[str, ...] = DEFAULT_LAYERS
    places: Places = field(default_factory=places)
    bounds: Bounds = field(default_factory=Bounds)
    bubblewrap: str = ""
    landlock_abi: int = NEWEST_LANDLOCK

    async def run(
        self,
        argv: Sequence[str],
        *,
        folder: str,
        timeout: float,
        stdin: bytes = b"",
        files: Mapping[str, bytes] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> SandboxResult:
        """Run `argv` (its first word an absolute path) in `folder`, the only place where it may write.

        `files` are written into the folder first, with the program's own rights. Raises SandboxError when the program
        could not be held or started. Cancelled or not, no process of it is left when this returns.
        """
        plan = self._plan(argv, folder, timeout, stdin, files or {}, env or {})
        run = Run(self.bounds.output)
        try:
            ending = await run.through(plan, timeout)
        finally:
            await run.end()
        if ending["fault"]:
            raise SandboxError(ending["fault"])
        if words.SWEEP in self.layers and not ending["reaped"]:
            raise SandboxError("a process of the program could not be ended")
        return run.result(ending)

    def _plan(
        self,
        argv: Sequence[str],
        folder: str,
        timeout: float,
        stdin: bytes,
        files: Mapping[str, bytes],
        env: Mapping[str, str],
    ) -> Plan:
        bounds = asdict(self.bounds)
        del bounds["output"]
        return {
            "way": self.way,
            "layers": self.layers,
            "argv": tuple(argv),
            "env": {"PATH": PROGRAM_PATH, "HOME": folder, "TMPDIR": folder, "LANG": "C.UTF-8", **env},
            "stdin": stdin,
            "files": dict(files),
            "folder": folder,
            "readable": self.places.readable,
            "links": self.places.links,
            "devices": self.places.devices,
            "bounds": {**bounds, "cpu_seconds": int(timeout) + 2},  # type: ignore[typeddict-item]
            "seconds": timeout,
            "package": PACKAGE,
            "own": launcher_paths() if self.way == words.BUBBLEWRAP else (),
            "bubblewrap": self.bubblewrap,
            "landlock_abi": self.landlock_abi,
        }


def launcher_paths() -> tuple[str, ...]:
    """What the launcher's second process, started by bubblewrap, must be able to read."""
    return (*this_interpreter().readable, str(Path(__file__).resolve().parent))
