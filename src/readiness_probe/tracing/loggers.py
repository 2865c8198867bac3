"""What of a logger decides which records get where."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from readiness_probe.tracing.holders import Holder
from readiness_probe.tracing.values import module_names

if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, Set

_LISTS = ("handlers", "filters")


class LoggerHolder(Holder):
    """Level, propagation, handlers and filters of one logger."""

    def now(self) -> Dict[Any, Any]:
        logger = self.target
        return {
            "level": logger.level,
            "propagate": logger.propagate,
            "disabled": logger.disabled,
            "handlers": tuple(logger.handlers),
            "filters": tuple(logger.filters),
        }

    def moved(self) -> bool:
        logger, seen = self.target, self.seen
        return not (
            logger.level == seen["level"]
            and logger.propagate == seen["propagate"]
            and logger.disabled == seen["disabled"]
            and len(logger.handlers) == len(seen["handlers"])
            and all(one is other for one, other in zip(logger.handlers, seen["handlers"]))
            and len(logger.filters) == len(seen["filters"])
        )

    def put(self, name: Any, value: Any) -> None:
        if name in _LISTS:
            getattr(self.target, name)[:] = value
        else:
            setattr(self.target, name, value)
        self.target.manager._clear_cache()


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
