"""What `unittest.mock` was told to patch and not to put back: `patch(...).start()` without a `stop()`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from readiness_probe.tracing.holders import dict_of
from readiness_probe.tracing.values import module_names

if TYPE_CHECKING:
    from typing import Any

NOTE = "patched by unittest.mock, started and never stopped"


def is_left_started(target: Any, name: Any) -> bool:
    """Whether a patch of the attribute `name` of `target` is in force by now."""
    for patch in _started():
        names = dict_of(patch) or {}
        if names.get("target") is target and names.get("attribute") == name:
            return True
    return False


def _started() -> Any:
    """Only where the project has loaded `unittest.mock`."""
    module = sys.modules.get("unittest.mock")
    kind = None if module is None else module_names(module).get("_patch")
    return list(getattr(kind, "_active_patches", ()))
