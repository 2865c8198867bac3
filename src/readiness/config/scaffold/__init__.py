"""A first `readiness.yml`, read off a project: what is there decides what is written, and why is written beside it.

Nothing of the project is run. Its interpreter is asked once which modules it has.
"""

from __future__ import annotations

from readiness.config.scaffold.compose import compose
from readiness.config.scaffold.survey import ScaffoldError, survey
from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Scaffold", "ScaffoldError", "scaffold"]


@value
class Scaffold:
    """The text of a configuration, and notes for whoever asked for it: what was seen, and what is missing."""

    text: str
    notes: tuple[str, ...]


def scaffold(root: str, environ: Mapping[str, str] | None = None) -> Scaffold:
    """Look at the project in the folder `root` and write a configuration whose checks run as they are.

    `environ` stands in for the process's environment. Raises ScaffoldError when there is nothing to check.
    """
    seen = survey(root, environ)
    return Scaffold(compose(seen), seen.notes)
