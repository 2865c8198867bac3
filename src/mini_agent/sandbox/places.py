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

LIBRARIES = ("/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec/coreutils", "/lib", "/lib32", "/lib64")
FILES = ("/etc/ld.so.cache", "/etc/ld-musl-x86_64.path", "/etc/ld-musl-aarch64.path")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
PROGRAM_PATH = "/usr/local/bin:/usr/bin:/bin"
LINKS = ("/bin", "/lib", "/lib32", "/lib64")


@dataclass(frozen=True, slots=True)
class Places:
    """Absolute paths without symbolic links. `links` are top-level links of the system that must look the same inside."""

    python: str
    readable: tuple[str, ...]
    devices: tuple[str, ...] = DEVICES
    links: tuple[tuple[str, str], ...] = ()


def places(programs: Iterable[str] = (), readable: Iterable[str] = (), python: str = "") -> Places:
    """The running interpreter (or `python`, a path), the named `programs`, and what is `readable` besides.

    Raises ValueError for a program that is not installed or a path that does not exist.
    """
    interpreter, own = this_interpreter() if not python else other_interpreter(python)
    system = [path for path in LIBRARIES if os.path.isdir(path) and not os.path.islink(path)]
    wanted = [*system, *(path for path in FILES if os.path.exists(path)), interpreter, *own]
    wanted += [program_path(name) for name in programs]
    for path in readable:
        if not os.path.exists(path):
            raise ValueError(f"{path} should be readable for generated code but does not exist")
        wanted.append(os.path.realpath(path))
    links = tuple((path, os.readlink(path)) for path in LINKS if os.path.islink(path))
    return Places(interpreter, outermost(wanted), tuple(filter(os.path.exists, DEVICES)), links)


def this_interpreter() -> tuple[str, tuple[str, ...]]:
    """The executable behind any virtual environment, and its standard library: not the service's own packages."""
    bases = {"base": sys.base_prefix, "platbase": sys.base_exec_prefix}
    folders = {os.path.realpath(sysconfig.get_path(name, vars=bases)) for name in ("stdlib", "platstdlib")}
    return os.path.realpath(sys.executable), (
        *sorted(folders),
        *shared_library(sysconfig.get_config_var("LIBDIR")),
    )


def shared_library(folder: object) -> list[str]:
    """The interpreter's own library, where it was built as one."""
    return sorted(map(os.path.realpath, glob.glob(f"{folder}/libpython*.so*"))) if folder else []


ASK = (
    "import sys, sysconfig, os; print(os.path.realpath(sys.executable), sysconfig.get_config_var('LIBDIR') or '', "
    "*sorted({os.path.realpath(sysconfig.get_path(n)) for n in ('stdlib', 'platstdlib', 'purelib', 'platlib')}), sep='\\n')"
)


def other_interpreter(python: str) -> tuple[str, tuple[str, ...]]:
    """What another interpreter says of itself, its installed packages included. Raises ValueError."""
    try:
        told = subprocess.run(
            [python, "-I", "-c", ASK], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError) as fault:
        raise ValueError(f"{python} cannot serve as the interpreter of generated code: {fault}") from fault
    executable, library_folder, *folders = told.stdout.splitlines()
    return executable, (*folders, *shared_library(library_folder))


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
        if not any(path == outer or path.startswith(outer.rstrip("/") + "/") for outer in kept):
            kept.append(path)
    return tuple(kept)
