"""The one interpreter that every `python` and `pytest` in a command means."""

from __future__ import annotations

import os
import stat
import sys

from readiness.gate.settings import UsageError
from readiness.record.value import value
from readiness.record.write_aside import write_aside
from readiness.run.capture import capture
from readiness.run.probe_link import PUT_BACK_FIRST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_PYTEST_ENTRY = "import runpy\nrunpy.run_module('pytest', run_name='__main__', alter_sys=True)\n"


@value
class Interpreter:
    """An interpreter: absolute path, version, and the packages found beside it (name to version)."""

    path: str
    version: str
    packages: Mapping[str, str]

    @property
    def folder(self) -> str:
        return os.path.dirname(self.path)


def resolve(root: str, configured: str | None, environ: Mapping[str, str], where: str) -> Interpreter:
    """Find it: the configured one, else the active virtual environment, else `.venv`, else PATH, else our own.

    `where` names the line that configured it. Raises UsageError when a configured interpreter cannot be run.
    """
    if configured:
        path = os.path.join(root, os.path.expanduser(configured))
        if not _executable(path):
            raise UsageError(
                f"{where}: python: {configured} is not an interpreter that can be run; "
                "make that environment, or name another"
            )
        return _describe(os.path.abspath(path), environ, may_be_a_wrapper=False)
    return _describe(_usual(root, environ), environ, may_be_a_wrapper=True)


def _usual(root: str, environ: Mapping[str, str]) -> str:
    homes = [environ["VIRTUAL_ENV"]] if environ.get("VIRTUAL_ENV") else []
    for home in (*homes, os.path.join(root, ".venv"), os.path.join(root, "venv")):
        path = os.path.join(os.path.abspath(home), "bin", "python")
        if _executable(path):
            return path
    for folder in environ.get("PATH", os.defpath).split(os.pathsep):
        for name in ("python3", "python"):
            if _executable(os.path.join(folder, name)):
                return os.path.join(os.path.abspath(folder), name)
    return sys.executable


def _describe(path: str, environ: Mapping[str, str], *, may_be_a_wrapper: bool) -> Interpreter:
    home = os.path.dirname(os.path.dirname(path))
    version = _venv_version(home)
    if not version and os.path.realpath(path) == os.path.realpath(sys.executable):
        version = ".".join(map(str, sys.version_info[:3]))
    if not version:
        real, version = _ask(path, environ)
        home = os.path.dirname(os.path.dirname(real))
        path = real if may_be_a_wrapper else path
    return Interpreter(path, version, _packages(home, version))


def _venv_version(home: str) -> str:
    """The version that a virtual environment's pyvenv.cfg gives; empty when it is none."""
    try:
        with open(os.path.join(home, "pyvenv.cfg"), encoding="utf-8") as file:
            lines = [line.partition("=") for line in file]
    except OSError:
        return ""
    known = {key.strip(): value.strip() for key, _, value in lines}
    words = (known.get("version") or known.get("version_info") or "").split(".")
    return ".".join(words[:3])


def _ask(path: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """Let it name itself: what lies on PATH may be a wrapper around the real one."""
    asked = "import sys; print(sys.executable); print('%d.%d.%d' % sys.version_info[:3])"
    try:
        code, output = capture((path, "-I", "-c", asked), environ)
    except OSError:
        code, output = 1, b""
    words = output.decode("utf-8", "replace").split("\n")
    if code or len(words) < 2:
        raise UsageError(f"{path} does not run as a Python interpreter; name a working one under `python:`")
    return words[0], words[1]


def _packages(home: str, version: str) -> dict[str, str]:
    minor = ".".join(version.split(".")[:2])
    for folder in (
        f"lib/python{minor}/site-packages",
        f"lib64/python{minor}/site-packages",
        "lib/python3/dist-packages",
    ):
        try:
            names = os.listdir(os.path.join(home, folder))
        except OSError:
            continue
        stems = [name[: -len(".dist-info")] for name in names if name.endswith(".dist-info")]
        return dict(
            sorted((name.lower(), number) for name, _, number in (stem.partition("-") for stem in stems))
        )
    return {}


def make_shims(interpreter: Interpreter, folder: str) -> None:
    """Put `python`, `python3` and `pytest` into `folder`, which comes first on PATH; keep those that are there.

    A `pytest` of another environment further down PATH would otherwise run the checks, and a command such as
    `PYTHONPATH=src pytest` would run without the probe. The shim starts pytest as its console script does, with the
    same `sys.path[0]` semantics, not as `python -m pytest`.
    """
    if _executable(os.path.join(folder, "pytest")):
        return
    os.makedirs(folder, exist_ok=True)
    entry = os.path.join(folder, "pytest_entry.py")
    write_aside(entry, _PYTEST_ENTRY)
    for name, words in (("python", ()), ("python3", ()), ("pytest", (entry,))):
        _write_script(os.path.join(folder, name), (interpreter.path, *words))


def shims_of(interpreter: Interpreter) -> str:
    """The name of the folder that holds an interpreter's shims: one for each path."""
    return interpreter.path.strip(os.sep).replace(os.sep, "_")[-200:]


def _write_script(path: str, words: tuple[str, ...]) -> None:
    command = " ".join(map(_quoted, words))
    aside = f"{path}.{os.getpid()}.part"
    with open(aside, "w", encoding="utf-8") as file:
        file.write(f'#!/bin/sh\n{PUT_BACK_FIRST}\nexec {command} "$@"\n')
    os.chmod(aside, stat.S_IRWXU | stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH)
    os.replace(aside, path)


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "'\\''") + "'"


def _executable(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)
