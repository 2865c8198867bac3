"""State that no namespace shows: of the process, of the interpreter and of its standard library.

Nothing is imported for it: what the project has not loaded is not asked.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from typing import TYPE_CHECKING

from readiness_probe.tracing import chance, process
from readiness_probe.tracing.holders import Holder
from readiness_probe.tracing.loops import CurrentLoop
from readiness_probe.tracing.values import ATOMS, MISSING, module_names, same, shown, shown_variable

if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple

_LONG = 3600.0
_OF_PYTEST = "PYTEST_CURRENT_TEST"


class EnvironmentHolder(Holder):
    """`os.environ`, by its variables."""

    plain = True

    def __init__(self) -> None:
        super().__init__("os.environ", os.environ)
        self._raw: Optional[Dict[Any, Any]] = None

    def now(self) -> Dict[Any, Any]:
        self._raw = dict(self.target._data)
        return {name: value for name, value in dict(self.target).items() if name != _OF_PYTEST}

    def moved(self) -> bool:
        return bool(self._raw != self.target._data)

    def put(self, name: Any, value: Any) -> None:
        if value is MISSING:
            self.target.pop(name, None)
        else:
            self.target[name] = value
        if name == "TZ":
            time.tzset()

    def state(self, name: Any) -> str:
        return f"os.environ[{name!r}]"

    def shown(self, name: Any, value: Any) -> str:
        return shown_variable(str(name), value)


class Facet:
    """One thing that can be read and, as a rule, written. `read` answers MISSING where there is no such thing."""

    def __init__(
        self,
        read: Callable[[], Any],
        write: Optional[Callable[[Any], None]] = None,
        words: Callable[[Any], str] = shown,
        *,
        quiet: bool = False,
        plain: bool = True,
        copied: bool = True,
        mark: Optional[Callable[[], Any]] = None,
    ) -> None:
        """`copied`: whether a fork of the process has it too. `mark` answers with what differs whenever `read` does,
        and is compared without a say of anybody's `__eq__`; where it is not given, that holds of `read` itself."""
        self.copied = copied
        self.read = read
        self.mark = mark or read
        self.write = write
        self.words = words
        self.quiet = quiet
        self.plain = plain and not quiet


class FacetsHolder(Holder):
    """Some of what is below, by name."""

    def __init__(self, title: str, facets: Dict[str, Facet]) -> None:
        super().__init__(title, None)
        self.facets = facets
        self._mark_of = [facet.mark for facet in self.facets.values()]
        self._marks: List[Any] = []

    def now(self) -> Dict[Any, Any]:
        self._marks = [mark() for mark in self._mark_of]
        found = {name: facet.read() for name, facet in self.facets.items()}
        return {name: value for name, value in found.items() if value is not MISSING}

    def moved(self) -> bool:
        return [mark() for mark in self._mark_of] != self._marks

    def changes(self, before: Dict[Any, Any], after: Dict[Any, Any]) -> List[Tuple[Any, Any, Any]]:
        """What was loaded in between has not changed."""
        names = [name for name in after if name in before and not self.same(before[name], after[name])]
        return [(name, before[name], after[name]) for name in names]

    def same(self, one: Any, other: Any) -> bool:
        if isinstance(one, chance.Opaque) and isinstance(other, chance.Opaque):
            return bool(one.value == other.value)
        return same(one, other, 4)

    def get(self, name: Any) -> Any:
        return self.facets[name].read()

    def put(self, name: Any, value: Any) -> None:
        write = self.facets[name].write
        if write is None:
            raise TypeError(f"{name} cannot be put back")
        write(value)

    def can_put(self, name: Any, value: Any) -> bool:  # noqa: ARG002
        return self.facets[name].write is not None

    def keep(self) -> Callable[[], None]:
        """What puts everything back as it is now. A fork resets the current event loop and the random state."""
        kept = self.now()

        def put_back() -> None:
            now = self.now()
            for name, value in kept.items():
                if self.facets[name].write is not None and not self.same(now.get(name, MISSING), value):
                    self.put(name, value)

        return put_back

    def state(self, name: Any) -> str:
        return str(name)

    def shown(self, name: Any, value: Any) -> str:
        return self.facets[name].words(value)


def of_the_interpreter() -> FacetsHolder:
    """What tests seldom change, and what tells by itself in a copy of the process who changed it."""
    return FacetsHolder("interpreter", _of_the_interpreter())


def of_the_process() -> FacetsHolder:
    """What a copy of the process is without, what tools change around each test, and what a test both reads and moves
    on: how it was when that test began is known from a look just before alone."""
    loop, sockets, children = CurrentLoop(), process.Sockets(), process.Children()
    facets = {
        "cwd": Facet(_cwd, lambda path: os.chdir(path)),
        "the current event loop": Facet(
            loop.read, loop.write, loop.words, plain=False, mark=lambda: _mark(loop.read())
        ),
        "the state of random": Facet(
            chance.read_random,
            chance.write_random,
            lambda _: "a state",
            quiet=True,
            mark=chance.Twister().mark,
        ),
        "the state of numpy.random": Facet(
            chance.read_numpy, chance.write_numpy, lambda _: "a state", quiet=True, mark=chance.mark_of_numpy
        ),
        "threads": Facet(process.threads, None, process.words_of_threads, quiet=True, copied=False),
        "child processes": Facet(children.read, None, children.words, quiet=True, copied=False),
        "open sockets": Facet(sockets.read, None, sockets.words, quiet=True),
    }
    return FacetsHolder("process", facets)


def _of_the_interpreter() -> Dict[str, Facet]:
    return {
        "umask": Facet(_umask, lambda mask: _drop(os.umask(mask)), oct),
        "locale": Facet(_locale, _set_locale),
        "the decimal context": Facet(_decimal, _set_decimal, mark=lambda: _mark(_decimal())),
        "the default timeout of sockets": Facet(_socket_timeout, _set_socket_timeout),
        "the recursion limit": Facet(sys.getrecursionlimit, sys.setrecursionlimit),
        "the switch interval": Facet(sys.getswitchinterval, sys.setswitchinterval),
        "gc": Facet(gc.isenabled, _set_gc, lambda on: "enabled" if on else "disabled"),
        "the thresholds of gc": Facet(gc.get_threshold, lambda limits: gc.set_threshold(*limits)),
        "signal handlers": Facet(
            _signals, _set_signals, _words_of_signals, mark=lambda: list(map(id, _signals()))
        ),
        "the interval timer": Facet(_timer, _set_timer, lambda on: "running" if on else "not running"),
        "logging.disable": Facet(
            _logging_disabled, _set_logging_disabled, mark=lambda: _mark(_logging_disabled())
        ),
        "the time zone": Facet(
            process.time_zone,
            process.set_time_zone,
            process.words_of_time_zone,
            mark=lambda: _mark(process.time_zone()),
        ),
        "atexit callbacks": Facet(process.exit_callbacks, process.set_exit_callbacks, quiet=True),
    }


def _mark(value: Any) -> Any:
    """Equal for what `same` calls the same, without code of a value's class."""
    kind = type(value)
    if kind is tuple:
        return [_mark(one) for one in value]
    return value if kind in ATOMS else (id(value),)


def _drop(_: object) -> None:
    """What a call answered is of no use."""


def _names(module: str) -> Dict[str, Any]:
    found = sys.modules.get(module)
    return module_names(found) if found is not None else {}


def _cwd() -> Any:
    try:
        return os.getcwd()
    except OSError:
        return "a folder that is gone"


def _umask() -> Any:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _locale() -> Any:
    found = _names("_locale")
    return found["setlocale"](found["LC_ALL"], None) if found else MISSING


def _set_locale(value: Any) -> None:
    found = _names("_locale")
    if ";" not in value:
        found["setlocale"](found["LC_ALL"], value)
        return
    for part in value.split(";"):
        category, _, name = part.partition("=")
        if category in found:
            found["setlocale"](found[category], name)


def _decimal() -> Any:
    names = _names("decimal")
    if "getcontext" not in names:
        return MISSING
    context = names["getcontext"]()
    return context.prec, context.rounding, context.Emin, context.Emax, context.capitals, context.clamp


def _set_decimal(value: Any) -> None:
    context = _names("decimal")["getcontext"]()
    parts = ("prec", "rounding", "Emin", "Emax", "capitals", "clamp")
    for name, part in zip(parts, value):
        setattr(context, name, part)


def _socket_timeout() -> Any:
    names = _names("_socket")
    return names["getdefaulttimeout"]() if "getdefaulttimeout" in names else MISSING


def _set_socket_timeout(value: Any) -> None:
    _names("_socket")["setdefaulttimeout"](value)


def _set_gc(on: bool) -> None:
    (gc.enable if on else gc.disable)()


_WATCHED_SIGNALS = tuple(
    number for number in range(1, signal.NSIG) if number not in (signal.SIGKILL, signal.SIGSTOP)
)
_get_handler = module_names(signal).get("_signal", signal).getsignal


def _signals() -> Any:
    return tuple(map(_get_handler, _WATCHED_SIGNALS))


def _set_signals(handlers: Any) -> None:
    for number, handler in zip(_WATCHED_SIGNALS, handlers):
        if handler is not None and _get_handler(number) is not handler:
            signal.signal(number, handler)


def _words_of_signals(handlers: Any) -> str:
    own = [
        f"{signal.Signals(number).name}: {shown(handler)}"
        for number, handler in zip(_WATCHED_SIGNALS, handlers)
        if callable(handler) and handler is not signal.default_int_handler
    ]
    return ", ".join(own) or "the usual ones"


def _timer() -> Any:
    return signal.getitimer(signal.ITIMER_REAL)[0] > 0


def _set_timer(on: bool) -> None:
    """A fork has no timer; that one runs is what a test can see of it, long before it ends."""
    signal.setitimer(signal.ITIMER_REAL, _LONG if on else 0)


def _manager() -> Any:
    root = _names("logging").get("root")
    return None if root is None else root.manager


def _logging_disabled() -> Any:
    manager = _manager()
    return MISSING if manager is None else manager.disable


def _set_logging_disabled(value: Any) -> None:
    manager = _manager()
    manager.disable = value
    manager._clear_cache()
