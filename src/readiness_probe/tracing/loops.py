"""The event loop that `asyncio.get_event_loop()` answers with in this thread, without asking for it: that makes one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from readiness_probe.tracing.holders import dict_of
from readiness_probe.tracing.values import MISSING, module_names, shown

if TYPE_CHECKING:
    from typing import Any, Dict, Optional


class CurrentLoop:
    """Its state is: the loop, whether that is closed, and whether some loop (or none) was ever set."""

    def read(self) -> Any:
        if "asyncio.events" not in sys.modules:
            return MISSING
        names = self._names()
        if names is None:
            return None, False, False
        loop = names.get("_loop")
        return loop, self._closed(loop), bool(names.get("_set_called", False))

    def write(self, value: Any) -> None:
        loop, closed, called = value
        names = self._names()
        if names is None:
            return
        if loop is not None and not closed and self._closed(loop):
            # What was closed stays closed: another one in its place is what the test would find.
            loop = self._policy().new_event_loop()
        names["_loop"] = loop
        names["_set_called"] = called

    def words(self, value: Any) -> str:
        loop, closed, called = value
        if loop is not None:
            return f"{shown(loop)}, closed" if closed else shown(loop)
        return "none, and none will be made" if called else "made when asked for"

    def _policy(self) -> Any:
        module = sys.modules.get("asyncio.events")
        return None if module is None else module_names(module).get("_event_loop_policy")

    def _names(self) -> Optional[Dict[str, Any]]:
        policy = self._policy()
        local = None if policy is None else (dict_of(policy) or {}).get("_local")
        return None if local is None else local.__dict__

    def _closed(self, loop: Any) -> bool:
        return loop is not None and bool((dict_of(loop) or {}).get("_closed", False))
