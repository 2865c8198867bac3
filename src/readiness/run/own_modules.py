"""The names that a project's own code can be imported by."""

from __future__ import annotations

import os

FOLDERS = ("", "src", "lib", "tests")
"""Where projects keep what they import, from the root."""


def own_modules(root: str) -> frozenset[str]:
    """Files and folders that Python would find; a folder need not be a package."""
    return frozenset(name for folder in FOLDERS for name in _names(os.path.join(root, folder)))


def _names(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [
                one.name.removesuffix(".py") for one in entries if one.name.endswith(".py") or one.is_dir()
            ]
    except OSError:
        # Not there: then nothing is imported from it.
        return []
