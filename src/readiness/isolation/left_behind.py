"""What a run left in the project's files, so that a patch is tried where the run began and not where it ended."""

from __future__ import annotations

import os
import subprocess

from readiness.record.value import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from readiness.isolation.mend import Mended
    from readiness.record.finding import Finding, LeftOver

_SORTS = ("file ", "folder ", "link ")


@value
class LeftBehind:
    """Paths relative to the project's root: those that were not there before, and the old content of others.

    `lost` are files whose old content nobody has.
    """

    made: frozenset[str]
    changed: Mapping[str, bytes]
    lost: frozenset[str] = frozenset()

    def say(self, mended: Mended) -> Mended:
        """The findings without a patch whose copy could not be as the run found it, with that as the reason."""
        return replace(mended, findings=tuple(map(self._said, mended.findings)))

    def _said(self, finding: Finding) -> Finding:
        lost = [name for cause in finding.causes if (name := cause.state.removeprefix("file ")) in self.lost]
        if finding.patch or not lost:
            return finding
        return replace(
            finding,
            no_patch=f"{lost[0]} is as the run left it, and git has no older content: put it back and run again",
        )


def left_behind(root: str, findings: Iterable[Finding], leaks: Iterable[LeftOver]) -> LeftBehind:
    """Files that causes and leaks name. What git knows gets its content in the index back; the rest is left out of a
    copy where it was absent before, or where nothing says that it was there.
    """
    absent = {one.state: one.before == "absent" for finding in findings for one in finding.causes}
    states = {**{one.state: True for one in leaks}, **absent}
    made, changed, lost = set(), {}, set()
    for state, was_absent in states.items():
        for sort in _SORTS:
            path = state.removeprefix(sort)
            if path == state or path.startswith(("~", "$")) or os.path.isabs(path):
                continue
            known = _in_index(root, path) if sort == "file " else None
            if known is not None:
                changed[path] = known
            elif was_absent:
                made.add(path)
            else:
                lost.add(path)
    return LeftBehind(frozenset(made), changed, frozenset(lost))


def _in_index(root: str, path: str) -> bytes | None:
    """The content that git has of a file; None where there is no git, or it does not know the file."""
    try:
        shown = subprocess.run(
            ["git", "show", f":./{path}"],
            cwd=root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError:
        return None
    return shown.stdout if shown.returncode == 0 else None
