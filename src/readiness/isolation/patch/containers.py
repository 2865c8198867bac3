"""What sort of container a name of the project is bound to, as far as its first assignment says."""

from __future__ import annotations

import ast

from readiness.isolation.patch.source import Unreadable
from readiness.record.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from readiness.isolation.patch.files import Files
    from readiness.isolation.patch.state import State

_DISPLAYS: Final = {
    ast.List: "list",
    ast.ListComp: "list",
    ast.Dict: "dict",
    ast.DictComp: "dict",
    ast.Set: "set",
    ast.SetComp: "set",
}
_KNOWN: Final = {"sys.path": "list", "sys.meta_path": "list", "sys.argv": "list", "warnings.filters": "list"}


def with_container(state: State, files: Files) -> State:
    """The state with the builtin type of the container that it is, where the project's source tells."""
    if not state.in_place or state.kind != "attribute":
        return state
    return replace(state, container=_KNOWN.get(state.expression) or _of_source(state, files))


def _of_source(state: State, files: Files) -> str:
    path = state.module.replace(".", "/")
    for candidate in (f"{path}.py", f"{path}/__init__.py", f"src/{path}.py", f"src/{path}/__init__.py"):
        try:
            source = files.read(candidate)
        except Unreadable:
            return ""
        if source:
            return _assigned(source.tree.body, state.expression[len(state.module) + 1 :].split("."))
    return ""


def _assigned(body: list[ast.stmt], names: list[str]) -> str:
    for node in body:
        if len(names) > 1 and isinstance(node, ast.ClassDef) and node.name == names[0]:
            return _assigned(node.body, names[1:])
        targets = (
            node.targets
            if isinstance(node, ast.Assign)
            else [node.target]
            if isinstance(node, ast.AnnAssign)
            else []
        )
        if len(names) == 1 and any(isinstance(one, ast.Name) and one.id == names[0] for one in targets):
            return _type(node.value) if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value else ""
    return ""


def _type(new: ast.expr) -> str:
    if (
        isinstance(new, ast.Call)
        and isinstance(new.func, ast.Name)
        and new.func.id in ("list", "dict", "set")
    ):
        return new.func.id
    return _DISPLAYS.get(type(new), "")
