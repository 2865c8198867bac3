"""Loads the modules of the probe under names that are no file names.

coverage.py measures every file that lies outside the standard library and site-packages, so the probe would
show in the checked project's figures and could move a `fail_under`. It leaves code alone whose file name
starts with `<`, as that of generated code does. `entry` runs this file under such a name, too.
"""

from __future__ import annotations

import _imp
import builtins
import os
import sys
from importlib import import_module
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_loader
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import CodeType, ModuleType
    from typing import Any, Optional

_PACKAGE = "readiness_probe"
_FOLDER = os.path.dirname(os.path.abspath(__file__))
_BUILTINS = dict(vars(builtins))
_ON_DEMAND = {
    "GUARD": ("guard",),
    "TRIALS": ("repeat_hooks",),
    "ISOLATION": ("tracing.hooks",),
    "COPY_OF": ("copies",),
}
"""By the variable that asks for it: what is imported when it is needed."""


class _Loader(SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType:
        code = super().get_code(fullname)
        assert code is not None  # SourceFileLoader raises where there is no source
        _imp._fix_co_filename(  # type: ignore[attr-defined]
            code, f"<{_PACKAGE}>/{fullname.partition('.')[2].replace('.', '/')}.py"
        )
        return code

    def exec_module(self, module: ModuleType) -> None:
        # A test that leaves a builtin replaced must not break what looks for that.
        module.__dict__["__builtins__"] = _BUILTINS
        super().exec_module(module)


class _Unmeasured:
    """Finds the modules of the probe. It is on `sys.meta_path` while they are loaded, and not when tests run."""

    def find_spec(self, name: str, *_: Any) -> Optional[ModuleSpec]:
        if not name.startswith(f"{_PACKAGE}."):
            return None
        path = os.path.join(_FOLDER, *name.split(".")[1:])
        package = os.path.isdir(path)
        file = os.path.join(path, "__init__.py") if package else f"{path}.py"
        return spec_from_loader(name, _Loader(name, file), is_package=package)


def _load() -> Any:
    """The plugin. Everything that is asked for is loaded with it: what is imported later has a file name again."""
    wanted = ["plugin"]
    for variable, names in _ON_DEMAND.items():
        if f"READINESS_PROBE_{variable}" in os.environ:
            wanted += names
    finder = _Unmeasured()
    sys.meta_path.insert(0, finder)
    try:
        for name in wanted:
            import_module(f"{_PACKAGE}.{name}")
    finally:
        sys.meta_path.remove(finder)
    return sys.modules[f"{_PACKAGE}.plugin"]


plugin = _load()
