"""What every part of one run shares: where it works, what it obeys, what it found on the machine."""

from __future__ import annotations

import os

from readiness.record.value import value
from readiness.run.artifacts import FOLDER
from readiness.run.interpreter import shims_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from readiness.config.model import Check, Config
    from readiness.gate.settings import Settings
    from readiness.run.artifacts import RunFolder
    from readiness.run.interpreter import Interpreter


@value
class Context:
    """Fixed for the whole run. `interpreters` maps a configured `python` (None: the default) to what it is.

    `secrets` are values that no file or log may hold. `slots` is how many cores checks may use at once, `grace`
    the seconds between a polite stop and a sure one. `scratch` holds private homes and temporary folders; it is
    short, because socket paths below it must be, and lies outside the project.
    """

    root: str
    config: Config
    settings: Settings
    folder: RunFolder
    environ: Mapping[str, str]
    interpreters: Mapping[str | None, Interpreter]
    secrets: tuple[str, ...]
    scratch: str
    slots: int
    grace: float = 2.0
    use_cache: bool = True
    record: bool = False
    """Let nd and live checks that name a cassette record it anew."""

    def interpreter(self, check: Check | None = None) -> Interpreter:
        return self.interpreters[check.python if check else None]

    def path_folders(self, interpreter: Interpreter) -> tuple[str, ...]:
        """Folders that come first on PATH, so that every `python` and `pytest` is the one on record."""
        return (shims_folder(self.root, interpreter), interpreter.folder)


def shims_folder(root: str, interpreter: Interpreter) -> str:
    """Where the shims of an interpreter are kept from run to run."""
    return os.path.join(root, FOLDER, "cache", "bin", shims_of(interpreter))
