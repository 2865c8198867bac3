"""How one file of the project spells an object that the probe names by its module."""

from __future__ import annotations

from readiness.isolation.patch.edit import Import, bound_names, imported_modules
from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from readiness.isolation.patch.source import Source


@value
class Spelled:
    """An expression of a file, and the imports that it needs there."""

    text: str
    imports: tuple[Import, ...] = ()


def own_names(path: str) -> set[str]:
    """The names that the module in a file can have, by the folder that is on the import path."""
    parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
    return {".".join(parts[start:]) for start in range(len(parts))}


def spell(source: Source, expression: str, module: str) -> Spelled:
    """An expression that starts with `module`'s full name, or, where that is empty, with a name known on the spot."""
    if not module:
        return Spelled(expression)
    if module in own_names(source.path):
        rest = expression[len(module) :]
        if rest.startswith("."):
            return Spelled(rest[1:])
        return Spelled("sys.modules[__name__]", (Import(source.path, "import sys"),))
    for name, target in sorted(bound_names(source).items(), key=lambda one: -len(one[1])):
        covers = target == module or (target.startswith(f"{module}.") and _starts(expression, target))
        if covers and _starts(expression, target):
            return Spelled(name + expression[len(target) :])
    if module in imported_modules(source):
        return Spelled(expression)
    return Spelled(expression, (Import(source.path, f"import {module}"),))


def _starts(expression: str, target: str) -> bool:
    return expression == target or expression.startswith((f"{target}.", f"{target}[", f"{target}("))
