"""The one folder that a sandboxed program may write to: made for one run of an agent, removed after it."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import tempfile

from mini_agent.sandbox.inside import plan as words
from mini_agent.sandbox.places import Places

FIRST_UID, LAST_UID = 61184, 65519
"""Numbers that belong to no account: what systemd hands out as dynamic users."""
PREFIX = "mini-agent-"


def make(way: str, places: Places, parent: str | None = None) -> str:
    """A new private folder. Made by root it belongs to a number without an account, which the program then runs as.

    Without a mount namespace root's own folders may hide the interpreter from that number; then the program stays
    root, without a capability, and Landlock alone keeps files from it.
    """
    folder = os.path.realpath(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    if os.geteuid() == 0 and (way != words.BARE or all(map(reachable, (folder, *places.readable)))):
        give_away(folder)
    return folder


def give_away(folder: str) -> None:
    """To a number without an account. Root of a container may lack the right to, or to look inside afterwards; then
    it stays root's.
    """
    number = random.SystemRandom().randint(FIRST_UID, LAST_UID)
    with contextlib.suppress(PermissionError):
        os.chown(folder, number, number)
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            os.chown(folder, 0, 0)


def reachable(path: str) -> bool:
    """Whether anybody may walk to this path."""
    while path != "/":
        path = os.path.dirname(path)
        if not os.stat(path).st_mode & 0o001:
            return False
    return True


def reopen(folder: str) -> None:
    """Let its owner in again: a program may have shut its own folder. Its place cannot have been taken by a link,
    because the program cannot write above it.
    """
    with contextlib.suppress(PermissionError):  # root without that right needs none to enter
        os.chmod(folder, 0o700)


def remove(folder: str) -> None:
    """Everything below it too; links are removed, not followed. A folder that the program made unreadable goes as well."""
    for here, below, _ in os.walk(folder):
        for name in below:
            path = os.path.join(here, name)
            if not os.path.islink(path):
                reopen(path)
    shutil.rmtree(folder, ignore_errors=True)
