"""Which interpreter the checks will run with, and which modules it has."""

from __future__ import annotations

import os
import sys

from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Final

_QUESTION: Final = """\
import importlib.util, json, sys
def origin(name):
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    return spec.origin or next(iter(spec.submodule_search_locations or ()), "built-in")
print(json.dumps({name: origin(name) for name in sys.argv[1:]}))
"""
_SECONDS: Final = 30


@value
class Interpreter:
    """An interpreter and where it finds the modules that were asked for; None for one that it lacks.

    `configured` is how a configuration names it, empty when it need not. `trouble` says why it did not answer.
    """

    path: str
    configured: str
    origins: Mapping[str, str | None]
    trouble: str = ""

    def lacks(self, name: str) -> bool:
        return not self.trouble and self.origins.get(name, "") is None


def ask_interpreter(root: str, modules: Iterable[str], environ: Mapping[str, str]) -> Interpreter:
    """Find the interpreter as a run would, and ask it for `modules`. It imports none of them."""
    path, configured = _find(root, environ)
    import json
    import subprocess

    # Started from the top folder: from the project's own, every package of it would seem to be installed.
    command = [path, "-c", _QUESTION, *modules]
    try:
        done = subprocess.run(
            command, cwd="/", env=environ, capture_output=True, text=True, timeout=_SECONDS, check=True
        )
        return Interpreter(path, configured, json.loads(done.stdout))
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return Interpreter(
            path, configured, {}, f"{configured or path} could not be asked: {_first_line(error)}"
        )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _find(root: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """The project's own environment by its relative path, else the one that a run takes when nothing is said."""
    for folder in (".venv", "venv"):
        relative = f"{folder}/bin/python"
        if _executable(os.path.join(root, relative)):
            return os.path.join(root, relative), relative
    if environ.get("VIRTUAL_ENV") and _executable(os.path.join(environ["VIRTUAL_ENV"], "bin", "python")):
        return os.path.join(environ["VIRTUAL_ENV"], "bin", "python"), ""
    for folder in environ.get("PATH", os.defpath).split(os.pathsep):
        for name in ("python3", "python"):
            if _executable(os.path.join(folder, name)):
                return os.path.join(folder, name), ""
    return sys.executable, ""


def _executable(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)
