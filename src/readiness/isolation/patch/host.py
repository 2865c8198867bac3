"""The function in which a leak is mended, and how code in it gets undone at its end."""

from __future__ import annotations

import ast
import re

from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from readiness.isolation.patch.source import Function, Source

XUNIT: Final = {
    "setup_module": "module",
    "setUpModule": "module",
    "setup_class": "class",
    "setup_function": "function",
    "setup_method": "function",
}
_ASSERTS: Final = re.compile(r"\bself\.(?:assert[A-Z]|addCleanup|subTest|fail\()")


@value
class Host:
    """`kind` is `test` or `fixture` (pytest's, with its `scope`), `xunit` (`setup_module` and its like), `instance`
    or `class` (methods of a unittest class that have `self` or `cls`), or `other`.
    """

    function: Function
    classes: tuple[ast.ClassDef, ...]
    kind: str
    scope: str = "function"

    @property
    def receiver(self) -> str:
        """What a method calls its own object."""
        given = [*self.function.args.posonlyargs, *self.function.args.args]
        return given[0].arg if given else ""


def host_of(source: Source, function: Function, classes: tuple[ast.ClassDef, ...]) -> Host:
    """What sort of function it is, as far as its file tells."""
    scope = _fixture_scope(function)
    if scope:
        return Host(function, classes, "fixture", scope)
    if classes and _is_unittest(source, classes[-1]):
        kind = "other" if _decorated(function, "staticmethod") else "instance"
        return Host(function, classes, "class" if _decorated(function, "classmethod") else kind)
    if function.name in XUNIT:
        return Host(function, classes, "xunit", XUNIT[function.name])
    if function.name.startswith("test") or function.name.endswith("_test"):
        return Host(function, classes, "test")
    return Host(function, classes, "other")


def enclosing(source: Source, line: int) -> Host | None:
    """The host around a line; None at the module's level."""
    function, classes = source.enclosing(line)
    return host_of(source, function, classes) if function else None


def by_name(source: Source, names: tuple[str, ...]) -> Host | None:
    """The function of a test's or a fixture's name; `names` are its classes and its own, as in a test's id."""
    for function, classes in source.functions():
        if (*(one.name for one in classes), function.name) == names:
            found = host_of(source, function, classes)
            return Host(function, classes, "test") if found.kind == "other" else found
    # A fixture's id does not name its class; a test's may name the class that inherits it.
    for function, classes in source.functions():
        if names and function.name == names[-1]:
            return host_of(source, function, classes)
    return None


def _fixture_scope(function: Function) -> str:
    for one in function.decorator_list:
        call = one if isinstance(one, ast.Call) else None
        name = ast.unparse(call.func if call else one)
        if name.rpartition(".")[2] == "fixture":
            given = {word.arg: word.value for word in call.keywords} if call else {}
            scope = given.get("scope")
            return (
                scope.value
                if isinstance(scope, ast.Constant) and isinstance(scope.value, str)
                else "function"
            )
    return ""


def _decorated(function: Function, name: str) -> bool:
    return any(ast.unparse(one).rpartition(".")[2] == name for one in function.decorator_list)


def _is_unittest(source: Source, owner: ast.ClassDef) -> bool:
    bases = [ast.unparse(one).rpartition(".")[2] for one in owner.bases]
    if any(one.endswith("TestCase") for one in bases):
        return True
    return bool(bases) and bool(_ASSERTS.search(source.text(owner)))
