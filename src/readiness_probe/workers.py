"""Getting the probe into the workers of pytest-xdist.

A worker parses the command line anew, in a process that starts with our clean environment and with an import
path that xdist froze early. So the controller loads the probe in the worker before xdist starts there; the
worker's own start then takes it out again as everywhere.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from readiness_probe.environment import inject

if TYPE_CHECKING:
    from typing import Any

    from readiness_probe.environment import Options

_IN_THE_WORKER = """
import os, sys
folder, path, variables = channel.receive()
os.environ.update(variables)
sys.path[:] = [folder] + path
import readiness_probe.entry
sys.path.remove(folder)
"""
_SECONDS = 60


def prepare(node: Any, options: Options, controller: str) -> bool:
    """Load the probe in the worker of `node` (an xdist WorkerController that has not started its session).

    False for a worker on another machine, which cannot see our folder.
    """
    if not node.gateway.spec.popen:
        return False
    theirs = inject(os.environ, options.for_worker(str(node.gateway.id), controller))
    added = {name: value for name, value in theirs.items() if os.environ.get(name) != value}
    channel = node.gateway.remote_exec(_IN_THE_WORKER)
    channel.send((options.folder, [str(entry) for entry in sys.path], added))
    channel.waitclose(_SECONDS)
    return True
