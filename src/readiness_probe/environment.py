"""How the probe gets into a check's environment, and out of it again inside pytest.

The gate puts a folder with our entry point at the front of PYTHONPATH and asks pytest for it by name. Inside
pytest every trace is taken out before any code of the project is imported: tests and the processes that they
start see the world as the user made it, and a pytest that a test starts is not recorded as the check's own.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Mapping, MutableMapping, Optional, Sequence, Tuple

PLUGIN_NAME = "cmath"
"""Name of our entry point, and on purpose that of a compiled module of every standard library.

pytest ends with an error when it cannot import a `-p` plugin, and commands such as `PYTHONPATH=src pytest`
take our folder away. pytest looks a `-p` name up among the entry points first and imports a module of that
name only when there is none. So where our folder is gone, pytest registers a module without hooks, and the
check runs as if there were no gate.
"""
WORKER_PLUGIN = "readiness_probe.plugin"
"""Name in a pytest-xdist worker, where the modules were loaded beforehand (see `workers`)."""

_PREFIX = "READINESS_PROBE_"
_ORIGINAL = _PREFIX + "ORIGINAL_"


class Options:
    """What the gate asks of the probe. `folder` is on PYTHONPATH, `out` takes the event files; both absolute.

    `test_timeout` is in seconds. `trials` is empty, or how tests are to be repeated (JSON, see `orders`); `isolation`
    is empty, or how leaks are to be traced (JSON, see docs/isolation.md). `worker` and `controller` are set in a
    pytest-xdist worker: its name, and the name of the event file of the process that controls it. `copy_of` is the
    folder of which the project is a copy, or empty (see `copies`).
    """

    __slots__ = (
        "controller",
        "copy_of",
        "folder",
        "guard",
        "isolation",
        "out",
        "test_timeout",
        "trials",
        "worker",
    )

    def __init__(
        self,
        folder: str,
        out: str,
        test_timeout: Optional[float] = None,
        guard: bool = False,
        worker: str = "",
        controller: str = "",
        trials: str = "",
        isolation: str = "",
        copy_of: str = "",
    ) -> None:
        self.folder = folder
        self.out = out
        self.test_timeout = test_timeout
        self.guard = guard
        self.worker = worker
        self.controller = controller
        self.trials = trials
        self.isolation = isolation
        self.copy_of = copy_of

    def for_worker(self, worker: str, controller: str) -> Options:
        """The same, for a worker of pytest-xdist."""
        return Options(
            self.folder,
            self.out,
            self.test_timeout,
            self.guard,
            worker,
            controller,
            isolation=self.isolation,
            copy_of=self.copy_of,
        )

    @property
    def plugin_option(self) -> str:
        return "-p " + (WORKER_PLUGIN if self.worker else PLUGIN_NAME)


def inject(environ: Mapping[str, str], options: Options) -> Dict[str, str]:
    """A copy of `environ` in which every pytest loads the probe; an earlier injection in it is replaced.

    Raises ValueError for a folder that PYTHONPATH cannot hold.
    """
    if os.pathsep in options.folder:
        raise ValueError(
            f"PYTHONPATH cannot hold {options.folder!r}, because of its {os.pathsep!r}: "
            "put the run's folder elsewhere"
        )
    injected, _ = take(environ)
    _put_first(injected, "PYTHONPATH", options.folder, os.pathsep)
    _put_first(injected, "PYTEST_ADDOPTS", options.plugin_option, " ")
    injected[_PREFIX + "FOLDER"] = options.folder
    injected[_PREFIX + "OUT"] = options.out
    if options.test_timeout is not None:
        injected[_PREFIX + "TEST_TIMEOUT"] = repr(options.test_timeout)
    if options.guard:
        injected[_PREFIX + "GUARD"] = "1"
    if options.trials:
        injected[_PREFIX + "TRIALS"] = options.trials
    if options.isolation:
        injected[_PREFIX + "ISOLATION"] = options.isolation
    if options.copy_of:
        injected[_PREFIX + "COPY_OF"] = options.copy_of
    if options.worker:
        injected[_PREFIX + "WORKER"] = options.worker
        injected[_PREFIX + "CONTROLLER"] = options.controller
    return injected


def take(environ: Mapping[str, str]) -> Tuple[Dict[str, str], Optional[Options]]:
    """A copy of `environ` as the user had it, and what the gate asked for (None: the gate asked nothing).

    Raises ValueError when READINESS_PROBE_TEST_TIMEOUT is not a number.
    """
    clean = {name: value for name, value in environ.items() if not name.startswith(_PREFIX)}
    if _PREFIX + "FOLDER" not in environ or _PREFIX + "OUT" not in environ:
        return clean, None
    timeout = environ.get(_PREFIX + "TEST_TIMEOUT")
    options = Options(
        folder=environ[_PREFIX + "FOLDER"],
        out=environ[_PREFIX + "OUT"],
        test_timeout=float(timeout) if timeout else None,
        guard=environ.get(_PREFIX + "GUARD") == "1",
        worker=environ.get(_PREFIX + "WORKER", ""),
        controller=environ.get(_PREFIX + "CONTROLLER", ""),
        trials=environ.get(_PREFIX + "TRIALS", ""),
        isolation=environ.get(_PREFIX + "ISOLATION", ""),
        copy_of=environ.get(_PREFIX + "COPY_OF", ""),
    )
    _take_back(clean, environ, "PYTHONPATH", options.folder, os.pathsep)
    _take_back(clean, environ, "PYTEST_ADDOPTS", options.plugin_option, " ")
    return clean, options


def make(environ: MutableMapping[str, str], wanted: Mapping[str, str]) -> None:
    """Make `environ` (os.environ, say) hold exactly what `wanted` holds, touching only what differs."""
    for name in [name for name in environ if name not in wanted]:
        del environ[name]
    for name, value in wanted.items():
        if environ.get(name) != value:
            environ[name] = value


def without(path: Sequence[str], folder: str) -> List[str]:
    """The import path `path` without our folder."""
    return [entry for entry in path if entry != folder]


def _put_first(environ: Dict[str, str], name: str, ours: str, separator: str) -> None:
    original = environ.get(name)
    if original is not None:
        environ[_ORIGINAL + name] = original
    environ[name] = ours + separator + original if original else ours


def _take_back(
    clean: Dict[str, str], environ: Mapping[str, str], name: str, ours: str, separator: str
) -> None:
    """Put back the original where nobody touched our value; else take only our part out of what is there."""
    current, original = environ.get(name), environ.get(_ORIGINAL + name)
    if current is None:
        return
    if current == (ours + separator + original if original else ours):
        if original is None:
            del clean[name]
        else:
            clean[name] = original
        return
    padded = separator + current + separator
    rest = padded.replace(separator + ours + separator, separator, 1)[1:-1]
    if rest or not current:
        clean[name] = rest
    else:
        del clean[name]
