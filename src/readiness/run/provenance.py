"""Which code is about to run: commit, branch, and a digest of everything that differs from the commit."""

from __future__ import annotations

import os

from readiness.record.record import Provenance
from readiness.run.capture import capture

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

OWN_FILES = (".readiness/", "PROJECT_READY.md", "FINDINGS.md")
"""What the gate itself writes into a project never counts as a change of it."""

GENERATED = frozenset(
    (".git", ".readiness", "__pycache__", ".pytest_cache", ".mypy_cache", ".venv", "venv", "node_modules")
)
"""Folders that tools fill while they run: what lies in them decides nothing, unless git tracks it."""

_PATH_FIELD = {b"1": 8, b"2": 9, b"u": 10, b"?": 1}
"""Index of the path in an entry of `git status --porcelain=v2`, by the entry's kind."""


def provenance(root: str, environ: Mapping[str, str]) -> Provenance:
    """Ask git about the checkout at `root`; outside git, or without git, `note` says so."""
    command = ("git", "-C", root, "status", "--porcelain=v2", "--branch", "--untracked-files=all", "-z")
    try:
        code, output = capture(command, {**environ, "GIT_OPTIONAL_LOCKS": "0"})
    except OSError as error:
        return Provenance(note=f"git could not be run ({error.strerror}); the commit is not known")
    if code:
        return Provenance(note="not a git checkout; the commit is not known")
    return _read_status(root, output)


def _read_status(root: str, output: bytes) -> Provenance:
    commit = branch = ""
    changed: list[bytes] = []
    entries = iter(output.split(b"\0"))
    for entry in entries:
        if entry.startswith(b"# branch.oid "):
            commit = entry[13:].decode()
        elif entry.startswith(b"# branch.head "):
            branch = entry[14:].decode("utf-8", "replace")
        elif (kind := entry[:1]) in _PATH_FIELD:
            path = entry.split(b" ", _PATH_FIELD[kind])[-1]
            if kind != b"?" or not is_generated(path.decode("utf-8", "replace")):
                changed.append(path)
            if kind == b"2":
                next(entries, None)
    changed = [path for path in changed if not path.decode("utf-8", "replace").startswith(OWN_FILES)]
    note = "no commit yet" if commit == "(initial)" else ""
    return Provenance(
        commit="" if note else commit,
        branch=branch,
        dirty_digest=_digest(root, changed) if changed else "",
        dirty_files=len(changed),
        note=note,
    )


def commits_between(root: str, good: str, bad: str, environ: Mapping[str, str]) -> int | None:
    """How many commits lead from `good` to `bad`, the latter included; None when git does not say, or when `bad` does not
    come after `good`."""
    try:
        after, _ = capture(("git", "-C", root, "merge-base", "--is-ancestor", good, bad), environ)
        code, output = capture(("git", "-C", root, "rev-list", "--count", f"{good}..{bad}"), environ)
    except OSError:
        return None
    count = output.decode("utf-8", "replace").strip()
    return int(count) if not after and not code and count.isdecimal() else None


def is_generated(path: str) -> bool:
    """Whether a relative path lies in a folder that tools fill."""
    return not GENERATED.isdisjoint(path.split("/"))


def _digest(root: str, paths: list[bytes]) -> str:
    import hashlib

    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(path + b"\0" + file_digest(os.path.join(os.fsencode(root), path)).encode() + b"\0")
    return total.hexdigest()


def file_digest(path: str | bytes) -> str:
    """SHA-256 of a file's content; `gone` for what cannot be read as a file (deleted, a folder, a socket)."""
    import hashlib

    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "gone"


def blob_hash(path: str) -> str:
    """The hash that git gives a file's content (SHA-1 of a blob object); empty when it cannot be read."""
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError:
        return ""
    import hashlib

    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
