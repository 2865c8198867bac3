"""A process that runs one command after another and answers for each one's whole tree.

Forked from the gate, so that a further check costs no interpreter start. It stands between the gate and the
command for three reasons: as a subreaper it inherits every orphan of its command and so can end all of them;
its deadline ticks on its own clock, whatever the gate is busy with; and when the gate dies, it sees its control
pipe close and takes the command down with it.
"""

from __future__ import annotations

import json
import os
import signal
import sys

from readiness.run import kernel
from readiness.run.job import Job
from readiness.run.supervision import Supervision

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from readiness.run.control import Control

OPEN = "open"
PRIVATE = "private"


def serve(control: Control, network: str, namespaces: tuple[int, ...]) -> NoReturn:
    """Enter the network asked for, then run jobs until the gate closes the pipe. Never returns.

    `network` is `open`, `private` (a new namespace) or anything else for the one behind `namespaces`.
    """
    try:
        _become_worker()
        control.say(_enter(network, namespaces))
        while (line := control.next_job()) is not None:
            ended = Supervision(Job.from_line(line), control).run()
            control.say(ended.to_line())
    except BaseException as error:  # noqa: BLE001 (said, then left)
        # Nothing above this frame may run in a forked copy of the gate: say what happened and leave.
        sys.stderr.write(f"readiness: worker {os.getpid()}: {type(error).__name__}: {error}\n")
        sys.stderr.flush()
        os._exit(70)
    os._exit(0)


def _become_worker() -> None:
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    # Ctrl-C reaches the gate, which tells its workers; a session of its own keeps the terminal's signals away.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.setsid()
    kernel.become_subreaper()


def _enter(network: str, namespaces: tuple[int, ...]) -> bytes:
    """Answer the gate with the network that the jobs of this worker will have."""
    if network == OPEN:
        return b'{"event": "hello", "network": "open"}\n'
    try:
        if network == PRIVATE:
            kernel.enter_new_network()
        elif namespaces:
            kernel.join_namespaces(namespaces)
        else:
            raise OSError("the shared network namespace could not be made")
    except OSError as error:
        return json.dumps({"event": "hello", "network": "open", "why": str(error)}).encode() + b"\n"
    return b'{"event": "hello", "network": "namespace"}\n'
