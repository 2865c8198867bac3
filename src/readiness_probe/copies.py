"""In a copy of a project: which of its modules were not loaded from the copy but from where it was made."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, List

LIMIT = 20


def loaded_from(root: str) -> List[str]:
    """`module (file)` of modules below `root`; installed packages, which are not copied, are none of them."""
    start = os.path.join(os.path.realpath(root), "")
    found = []
    for name, module in sys.modules.copy().items():
        path = _file(module)
        if path.startswith(start) and not _installed(path):
            found.append(f"{name} ({path})")
    return found[:LIMIT]


def _file(module: Any) -> str:
    """Its file as its namespace says: a lazy module imports when it is asked for an attribute."""
    try:
        namespace = object.__getattribute__(module, "__dict__")
    except AttributeError:
        return ""
    path = namespace.get("__file__")
    return os.path.realpath(path) if type(path) is str else ""


def _installed(path: str) -> bool:
    library = os.path.join(os.path.dirname(os.path.realpath(os.__file__)), "")
    return "site-packages" in path or "dist-packages" in path or path.startswith(library)
