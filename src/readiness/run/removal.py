"""Removing what a check left in its private folders, whatever it made of their permissions."""

from __future__ import annotations

import os


def remove_tree(path: str) -> None:
    """Remove a folder with all that is in it; symbolic links are removed, never followed.

    One that is gone already is fine. Raises OSError when something in it cannot be removed.
    """
    try:
        entries = list(os.scandir(path))
    except FileNotFoundError:
        return
    except PermissionError:
        os.chmod(path, 0o700)
        entries = list(os.scandir(path))
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            remove_tree(entry.path)
        else:
            _unlink(entry.path)
    os.rmdir(path)


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except PermissionError:
        os.chmod(os.path.dirname(path), 0o700)
        os.unlink(path)
