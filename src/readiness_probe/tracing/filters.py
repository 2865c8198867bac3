"""The warnings filters. pytest puts its own in their place around each test, where `-p no:warnings` does not forbid it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from readiness_probe.tracing.holders import SequenceHolder
from readiness_probe.tracing.values import module_names

if TYPE_CHECKING:
    from typing import Any

_HEARD = ("_filters_mutated", "_filters_mutated_lock_held")
"""What has the interpreter forget how it judged a warning before: by version of Python."""


class FiltersHolder(SequenceHolder):
    """The list that is in force when nobody stands around a test."""

    plain = True

    def __init__(self) -> None:
        super().__init__("warnings.filters", warnings.filters)

    def put(self, name: Any, value: Any) -> None:
        super().put(name, value)
        names = module_names(warnings)
        for one in _HEARD:
            if one in names:
                names[one]()
                return
