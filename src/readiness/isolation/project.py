"""The files of the project that findings speak of, found from pytest's rootdir and parsed once."""

from __future__ import annotations

import os

from readiness.isolation.patch.files import Files
from readiness.isolation.patch.source import Source
from readiness.isolation.scratch import paths_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from readiness.isolation.scratch import Paths
    from readiness.record.finding import Finding


class Project:
    """A project: `root` is what gets copied and what paths in diffs are relative to, `folder` where pytest starts.

    `bases` are further folders that the paths in findings may be relative to: pytest's rootdir, say.
    """

    def __init__(self, root: str, folder: str, bases: Sequence[str] = ()) -> None:
        self.root = root
        self.folder = folder
        self._bases = (root, *bases)
        self._sources: dict[str, Source | None] = {}

    @classmethod
    def of(cls, folder: str, rootdir: str) -> Project:
        """The folder that pytest was started in, or its rootdir where that lies around it."""
        folder, rootdir = os.path.realpath(folder), os.path.realpath(rootdir)
        around = folder.startswith(os.path.join(rootdir, ""))
        return cls(rootdir if around else folder, folder, (rootdir,))

    def read(self, path: str) -> Source | None:
        """A Python file below the root. Raises Unreadable when it cannot be parsed."""
        if path not in self._sources:
            found = next(
                (
                    one
                    for base in self._bases
                    if (one := os.path.realpath(os.path.join(base, path))) and os.path.isfile(one)
                ),
                "",
            )
            inside = os.path.relpath(found, self.root) if found else ""
            own = inside.endswith(".py") and not inside.startswith("..") and "site-packages" not in inside
            self._sources[path] = self._source(found, inside) if own else None
        return self._sources[path]

    def _source(self, found: str, inside: str) -> Source:
        with open(found, "rb") as file:
            return Source(inside.replace(os.sep, "/"), file.read())

    def files(self, paths: Paths) -> Files:
        return Files(self.read, paths.is_module)

    def paths(self, python: str, environ: Mapping[str, str], findings: Sequence[Finding]) -> Paths:
        """Where the project's pytest looks for modules: what pytest adds for its test files comes first."""
        folders = [self.folder, os.path.join(self.root, "src")]
        for finding in findings:
            for test in (finding.test, *(cause.polluter for cause in finding.causes)):
                source = test.partition("[")[0].partition("::")[0]
                folders += [os.path.join(base, os.path.dirname(source)) for base in self._bases]
        unique = tuple(one for one in dict.fromkeys(folders) if os.path.isdir(one))
        return paths_of(python, self.folder, environ, unique)
