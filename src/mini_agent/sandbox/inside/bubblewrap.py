"""The same world made by bubblewrap (https://github.com/containers/bubblewrap), where that is allowed to and we are not.

Landlock forbids mounting and seccomp too, so both come after bubblewrap: it starts a second small process of ours, the
stage, which confines itself and becomes the program.
"""

from __future__ import annotations

import marshal
import os
import sys

from mini_agent.sandbox.inside import program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from mini_agent.sandbox.inside.plan import Plan

STAGE = (
    "import sys; package = type(sys)('mini_agent'); package.__path__ = [sys.argv[1]]; "
    "sys.modules['mini_agent'] = package; from mini_agent.sandbox.inside.bubblewrap import stage; stage()"
)
RIGHTS_TO_GIVE_UP = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")


def arguments(plan: Plan, root: bool, command: list[str]) -> list[str]:
    """bwrap's command line. As root no user namespace is made, so that root can become the folder's owner inside."""
    words = [plan["bubblewrap"], "--die-with-parent", "--unshare-pid", "--unshare-net", "--unshare-ipc"]
    words += ["--unshare-uts", "--unshare-cgroup-try"]
    words += [] if root else ["--unshare-user"]
    for right in RIGHTS_TO_GIVE_UP if root else ():
        words += ["--cap-add", right]
    shown = (*plan["readable"], *plan["own"], *plan["devices"], plan["folder"], *dict(plan["links"]))
    for folder in sorted({above for path in shown for above in parents(path)}):
        words += ["--dir", folder]
    for path in (*plan["readable"], *plan["own"]):
        words += ["--ro-bind-try", path, path]
    for path in plan["devices"]:
        words += ["--dev-bind-try", path, path]
    words += ["--bind", plan["folder"], plan["folder"]]
    for path, target in plan["links"]:
        words += ["--symlink", target, path]
    return [*words, "--remount-ro", "/", "--chdir", "/", "--", *command]


def parents(path: str) -> list[str]:
    """Folders above a path, which bubblewrap would make for root alone; the root itself is always there."""
    found = []
    while (path := os.path.dirname(path)) != "/":
        found.append(path)
    return found


def start(plan: Plan, word_pipe: int, owner: os.stat_result, processes: int) -> NoReturn:
    """Become bwrap. Raises OSError."""
    told = os.memfd_create("plan", 0)
    with open(told, "wb", closefd=False) as file:
        file.write(marshal.dumps((plan, owner.st_uid, owner.st_gid, processes)))  # type: ignore[arg-type]
    os.lseek(told, 0, os.SEEK_SET)
    os.set_inheritable(word_pipe, True)
    command = [
        os.path.realpath(sys.executable),
        "-I",
        "-S",
        "-c",
        STAGE,
        plan["package"],
        str(told),
        str(word_pipe),
    ]
    words = arguments(plan, os.geteuid() == 0, command)
    os.execve(words[0], words, {})


def stage() -> NoReturn:
    """Inside: the last steps before the program."""
    told, word_pipe = map(int, sys.argv[2:4])
    os.set_inheritable(word_pipe, False)
    with open(told, "rb") as file:
        plan, uid, gid, processes = marshal.load(file)
    program.become(plan, word_pipe, uid, gid, processes)
