"""What of a logger decides which records get where."""

from __future__ import annotations

import sys
from operator import is_
from typing import TYPE_CHECKING

from readiness_probe.tracing.holders import Holder
from readiness_probe.tracing.values import MISSING, class_module, module_names

if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Set, Tuple

NEW: Dict[Any, Any] = {"level": 0, "propagate": True, "disabled": False, "handlers": (), "filters": ()}
"""What a logger is when it is made: one that a test made and set up differs from that, not from what it found."""


class LoggerHolder(Holder):
    """Level, propagation, handlers and filters of one logger."""

    def now(self) -> Dict[Any, Any]:
        logger = self.target
        return {
            "level": logger.level,
            "propagate": logger.propagate,
            "disabled": logger.disabled,
            "handlers": tuple(_own(logger.handlers)),
            "filters": tuple(logger.filters),
        }

    def changes(self, before: Dict[Any, Any], after: Dict[Any, Any]) -> List[Tuple[Any, Any, Any]]:
        """A handler that does nothing is what a library gives its logger as a matter of course."""
        found = super().changes(before, after)
        return [one for one in found if not (one[0] == "handlers" and before is NEW and _do_nothing(one[2]))]

    def moved(self) -> bool:
        logger, seen = self.target, self.seen
        return not (
            logger.level == seen["level"]
            and logger.propagate == seen["propagate"]
            and logger.disabled == seen["disabled"]
            and len(logger.handlers) >= len(seen["handlers"])
            and (not logger.handlers or _same(_own(logger.handlers), seen["handlers"]))
            and len(logger.filters) == len(seen["filters"])
        )

    def put(self, name: Any, value: Any) -> None:
        if name == "handlers":
            self.target.handlers[:] = [*value, *filter(_is_pytests, self.target.handlers)]
        elif name == "filters":
            self.target.filters[:] = value
        else:
            setattr(self.target, name, value)
        self.target.manager._clear_cache()


def when_new(title: str, name: Any) -> Any:
    """What the value was before there was such a logger; MISSING for what is no logger."""
    return NEW.get(name, MISSING) if title.startswith("logging.getLogger(") else MISSING


def _is_pytests(handler: Any) -> bool:
    """pytest captures what is logged with handlers of its own, in loggers that do not propagate too."""
    return (class_module(type(handler)) or "").startswith("_pytest.")


def _own(handlers: List[Any]) -> List[Any]:
    return [one for one in handlers if not _is_pytests(one)]


def _same(some: List[Any], others: Tuple[Any, ...]) -> bool:
    return len(some) == len(others) and all(map(is_, some, others))


def _do_nothing(handlers: Any) -> bool:
    nothing = module_names(sys.modules["logging"]).get("NullHandler")
    return all(type(handler) is nothing for handler in handlers)


def loggers(known: Set[int]) -> Iterator[LoggerHolder]:
    """Every logger there is by now and whose id is not known, without loading `logging` where nobody has."""
    module = sys.modules.get("logging")
    root = None if module is None else module_names(module).get("root")
    if root is None:
        return
    if id(root) not in known:
        yield LoggerHolder("logging.getLogger()", root)
    for name, logger in list(root.manager.loggerDict.items()):
        if id(logger) not in known and hasattr(logger, "handlers"):
            yield LoggerHolder(f"logging.getLogger({name!r})", logger)
