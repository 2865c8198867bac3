"""Running a small command for its output, without the cost of importing `subprocess`."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def capture(argv: tuple[str, ...], env: Mapping[str, str]) -> tuple[int, bytes]:
    """Run `argv` (found on PATH) with no input; its exit code and what it wrote to standard output.

    Standard error is thrown away. Raises OSError when it cannot be started.
    """
    reads, writes = os.pipe()
    try:
        pid = os.posix_spawnp(
            argv[0],
            argv,
            env,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, writes, 1),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            ],
        )
    except OSError:
        os.close(reads)
        raise
    finally:
        os.close(writes)
    with open(reads, "rb", buffering=0) as pipe:
        output = pipe.read()
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), output
