"""Loads the modules of the probe under names that are no file names.

coverage.py measures every file that lies outside the standard library and site-packages, so the probe would
show in the checked project's figures and could move a `fail_under`. It leaves code alone whose file name
starts with `<`, as that of generated code does. `entry` runs this file under such a name, too.
"""

from __future__ import annotations

import builtins
import os
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import CodeType, ModuleType

_IN_ORDER = (
    "environment",
    "events",
    "places",
    "evidence",
    "handlers",
    "swallowed",
    "outcomes",
    "deadline",
    "workers",
    "recorder",
    "trial_variables",
    "trial",
)
"""Every module after those that it imports. `guard` comes when it is asked for: it imports `socket`."""
_FOR_TRIALS = ("forked", "upper", "orders", "course", "trial_outcome", "repeat", "repeat_hooks")

_FOR_ISOLATION = ("forked", "upper", "tracing") + tuple(
    f"tracing.{name}"
    for name in (
        *("values", "versions", "holders", "loops", "interpreter", "loggers", "graph", "ledger", "tracker"),
        *(
            "worlds",
            "silence",
            "locate",
            "replay",
            "minimise",
            "causes",
            "names",
            "findings",
            "session",
            "hooks",
        ),
    )
)
_BUILTINS = dict(vars(builtins))


class _Unmeasured(SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType:
        code = super().get_code(fullname)
        assert code is not None  # SourceFileLoader raises where there is no source
        return _renamed(code, f"<readiness_probe>/{fullname.partition('.')[2].replace('.', '/')}.py")


def _renamed(code: CodeType, name: str) -> CodeType:
    inner = (_renamed(one, name) if isinstance(one, type(code)) else one for one in code.co_consts)
    return code.replace(co_filename=name, co_consts=tuple(inner))


def _load(name: str) -> ModuleType:
    full = f"readiness_probe.{name}"
    if full not in sys.modules:
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), *name.split("."))
        package = os.path.isdir(path)
        loader = _Unmeasured(full, os.path.join(path, "__init__.py") if package else path + ".py")
        spec = spec_from_loader(full, loader, is_package=package)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        # A test that leaves a builtin replaced must not break what looks for that.
        module.__dict__["__builtins__"] = _BUILTINS
        sys.modules[full] = module
        spec.loader.exec_module(module)
        parent, _, last = full.rpartition(".")
        setattr(sys.modules[parent], last, module)
    return sys.modules[full]


if "READINESS_PROBE_GUARD" in os.environ:
    _load("guard")
_wanted = [*_IN_ORDER]
if "READINESS_PROBE_TRIALS" in os.environ:
    _wanted += _FOR_TRIALS
if "READINESS_PROBE_ISOLATION" in os.environ:
    _wanted += _FOR_ISOLATION
for _name in _wanted:
    _load(_name)
plugin = _load("plugin")
