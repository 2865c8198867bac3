"""The process that becomes the program: confines itself, writes the program's files, executes it."""

from __future__ import annotations

import os

from mini_agent.sandbox.inside import confine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from mini_agent.sandbox.inside.plan import Plan

COULD_NOT_START = 127
COULD_NOT_WRITE = 1
PRIVATE = 0o077


def tell(word_pipe: int, line: str) -> None:
    """One line to the launcher."""
    os.write(word_pipe, " ".join(line.split()).encode()[:4000] + b"\n")


def become(plan: Plan, word_pipe: int, uid: int, gid: int, processes: int) -> NoReturn:
    """Confine this process, write the program's files as the program itself might, and become it."""
    try:
        os.setsid()
        os.umask(PRIVATE)
        confine.confine(plan, uid, gid, processes)
        os.chdir(plan["folder"])
        write_files(plan["files"])
        os.execve(plan["argv"][0], plan["argv"], plan["env"])
    except Exception as fault:  # noqa: BLE001  # a forked child must not return into its parent's frames
        tell(word_pipe, f"fault {fault}")
    os._exit(COULD_NOT_START)


def write_files(files: dict[str, bytes]) -> None:
    """What stands in the way was put there by an earlier program: that is told to this one's reader, as its failure."""
    for name, content in files.items():
        try:
            with open(name, "wb") as file:
                file.write(content)
        except OSError as fault:
            os.write(2, f"{name} could not be written: {fault}\n".encode())
            os._exit(COULD_NOT_WRITE)
