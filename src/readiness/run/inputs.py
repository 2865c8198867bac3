"""The files that decide a hermetic check's outcome, as digests: from git's index where there is one."""

from __future__ import annotations

import os

from readiness.run.capture import capture
from readiness.run.globs import matches
from readiness.run.provenance import GENERATED, OWN_FILES, file_digest, is_generated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Inputs:
    """Digests of the project's files, each computed once a run.

    In a git checkout an unchanged tracked file has the hash that the index holds, so only changed and untracked
    files are read. Elsewhere every file that the patterns name is read.
    """

    def __init__(self, root: str, environ: Mapping[str, str]) -> None:
        self._root = root
        self._environ = environ
        self._files: dict[str, str] | None = None
        self._in_git = False
        self._digests: dict[tuple[str, ...], tuple[str, dict[str, str]]] = {}

    def of(self, patterns: tuple[str, ...]) -> tuple[str, dict[str, str]]:
        """One digest over all matching files, and each file's own. No pattern: every file of the checkout.

        The digest is empty when there is nothing to go by: no pattern, and no git to tell what belongs.
        """
        if patterns not in self._digests:
            self._digests[patterns] = self._compute(patterns)
        return self._digests[patterns]

    def names(self) -> tuple[str, ...]:
        """The relative paths of all files that can be inputs."""
        if self._files is None:
            self._files = self._list()
        return tuple(self._files)

    def _compute(self, patterns: tuple[str, ...]) -> tuple[str, dict[str, str]]:
        if self._files is None:
            self._files = self._list()
        if not patterns and not self._in_git:
            return "", {}
        files = {path: mark for path, mark in self._files.items() if not patterns or matches(path, patterns)}
        files = {path: mark or file_digest(os.path.join(self._root, path)) for path, mark in files.items()}
        import hashlib

        total = hashlib.sha256()
        for path in sorted(files):
            total.update(f"{path}\0{files[path]}\0".encode("utf-8", "surrogateescape"))
        return total.hexdigest(), files

    def _list(self) -> dict[str, str]:
        """Relative paths with their hash, empty where the file must be read."""
        listed = self._git("ls-files", "--stage", "-z")
        if listed is None:
            return dict.fromkeys(self._walk(), "")
        self._in_git = True
        files: dict[str, str] = {}
        for entry in listed:
            facts, _, path = entry.partition("\t")
            files[path] = "git:" + " ".join(facts.split()[:2])
        for path in (
            self._git("ls-files", "--modified", "--others", "--deleted", "--exclude-standard", "-z") or ()
        ):
            if path in files or not is_generated(path):
                files[path] = ""
        return {path: mark for path, mark in files.items() if not path.startswith(OWN_FILES)}

    def _git(self, *words: str) -> list[str] | None:
        command = ("git", "-C", self._root, *words)
        try:
            code, output = capture(command, {**self._environ, "GIT_OPTIONAL_LOCKS": "0"})
        except OSError:
            return None
        if code:
            return None
        return [entry.decode("utf-8", "surrogateescape") for entry in output.split(b"\0") if entry]

    def _walk(self) -> Iterator[str]:
        for folder, names, files in os.walk(self._root):
            names[:] = sorted(name for name in names if name not in GENERATED)
            for name in files:
                yield os.path.relpath(os.path.join(folder, name), self._root)
