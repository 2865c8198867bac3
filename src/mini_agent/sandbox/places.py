"""What a sandboxed program may read: an interpreter, some programs, and the libraries that they need."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass

LIBRARIES = (
    "/usr/share/zoneinfo",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libexec/coreutils",
    "/lib",
    "/lib32",
    "/lib64",
)
FILES = ("/etc/ld.so.cache", "/etc/ld-musl-x86_64.path", "/etc/ld-musl-aarch64.path")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
PROGRAM_PATH = "/usr/local/bin:/usr/bin:/bin"
LINKS = ("/bin", "/lib", "/lib32", "/lib64")


@dataclass(frozen=True, slots=True)
class Interpreter:
    """Where a Python lies: its executable, what it must read to run, and links that must be there for it."""

    path: str
    readable: tuple[str, ...]
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Places:
    """Absolute paths without symbolic links. `links` (path, target) are those that must look the same inside."""

    python: str
    readable: tuple[str, ...]
    devices: tuple[str, ...] = DEVICES
    links: tuple[tuple[str, str], ...] = ()


def places(programs: Iterable[str] = (), readable: Iterable[str] = (), python: str = "") -> Places:
    """The running interpreter (or `python`, a path), the named `programs`, and what is `readable` besides.

    Raises ValueError for a program that is not installed or a path that does not exist.
    """
    interpreter = this_interpreter() if not python else other_interpreter(python)
    system = [path for path in LIBRARIES if os.path.isdir(path) and not os.path.islink(path)]
    wanted = [*system, *(path for path in FILES if os.path.exists(path)), *interpreter.readable]
    wanted += [program_path(name) for name in programs]
    for path in readable:
        if not os.path.exists(path):
            raise ValueError(f"{path} should be readable for generated code but does not exist")
        wanted.append(os.path.realpath(path))
    shown = outermost(wanted)
    links = [(path, os.readlink(path)) for path in LINKS if os.path.islink(path)]
    links += [one for one in interpreter.links if not any(below(one[0], outer) for outer in shown)]
    return Places(interpreter.path, shown, tuple(filter(os.path.exists, DEVICES)), tuple(links))


def this_interpreter() -> Interpreter:
    """The interpreter behind any virtual environment, with its standard library: not the service's own packages."""
    bases = {"base": sys.base_prefix, "platbase": sys.base_exec_prefix}
    folders = {os.path.realpath(sysconfig.get_path(name, vars=bases)) for name in ("stdlib", "platstdlib")}
    path = os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)
    return Interpreter(path, (path, *sorted(folders), *shared_library(sysconfig.get_config_var("LIBDIR"))))


def shared_library(folder: object) -> list[str]:
    """The interpreter's own library, where it was built as one."""
    return sorted(map(os.path.realpath, glob.glob(f"{folder}/libpython*.so*"))) if folder else []


ASK = """
import os, sys, sysconfig
print(sys.executable, sys.prefix, sys.base_prefix, sysconfig.get_config_var("LIBDIR") or "", sep="\\n")
names = ("stdlib", "platstdlib", "purelib", "platlib")
base = sysconfig.get_path("stdlib", vars={"base": sys.base_prefix})
print(*sorted({os.path.realpath(path) for path in (base, os.path.dirname(os.__file__), *map(sysconfig.get_path, names))}), sep="\\n")
"""


def other_interpreter(python: str) -> Interpreter:
    """What another interpreter says of itself, its installed packages included; it may be a virtual environment's.

    Raises ValueError.
    """
    try:
        told = subprocess.run(
            [python, "-I", "-c", ASK], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError) as fault:
        raise ValueError(f"{python} cannot serve as the interpreter of generated code: {fault}") from fault
    executable, prefix, base_prefix, library_folder, *folders = told.stdout.splitlines()
    real = os.path.realpath(executable)
    readable = (real, *filter(os.path.exists, folders), *shared_library(library_folder))
    if prefix == base_prefix:
        return Interpreter(real, readable)
    # A virtual environment is found by the place of its executable, which is a link, and the file above it.
    own = os.path.join(os.path.realpath(os.path.dirname(executable)), os.path.basename(executable))
    settings = os.path.join(os.path.realpath(prefix), "pyvenv.cfg")
    return Interpreter(own, (*readable, settings), ((own, real),) if own != real else ())


def program_path(name: str) -> str:
    """Where an installed program lies, links resolved. Raises ValueError."""
    found = shutil.which(name, path=PROGRAM_PATH)
    if found is None:
        raise ValueError(f"{name} is not installed in {PROGRAM_PATH}")
    return os.path.realpath(found)


def outermost(paths: Iterable[str]) -> tuple[str, ...]:
    """Without paths that lie below another one of them."""
    kept: list[str] = []
    for path in sorted(set(paths)):
        if not any(below(path, outer) for outer in kept):
            kept.append(path)
    return tuple(kept)


def below(path: str, outer: str) -> bool:
    """Whether a path is the outer one or lies in it."""
    return path == outer or path.startswith(outer.rstrip("/") + "/")
