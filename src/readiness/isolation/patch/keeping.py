"""What puts a piece of state back when a test is over, as code that stands before the write."""

from __future__ import annotations

from readiness.isolation.patch.edit import Import
from readiness.isolation.patch.spelling import spell
from readiness.isolation.patch.state import ABSENT
from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from readiness.isolation.patch.source import Source
    from readiness.isolation.patch.state import State


@value
class Keep:
    """`patches` are calls of methods of pytest's MonkeyPatch that replace the state by itself, or by a copy, and so
    put it back when undone. `cleanups` say the same for `addCleanup` and `addfinalizer`: a callable and its
    arguments, as source; the last one is to be called first. At least one of the two is there.
    """

    patches: tuple[str, ...] = ()
    cleanups: tuple[tuple[str, ...], ...] = ()
    imports: tuple[Import, ...] = ()
    modules: tuple[str, ...] = ()
    """Modules that the code needs besides."""


_WORDS: Final = {
    "cwd": Keep(("chdir(os.getcwd())",), (("os.chdir", "os.getcwd()"),), modules=("os",)),
    "locale": Keep(
        (),
        (("locale.setlocale", "locale.LC_ALL", "locale.setlocale(locale.LC_ALL)"),),
        modules=("locale",),
    ),
    "timer": Keep(
        (),
        (("signal.setitimer", "signal.ITIMER_REAL", "*signal.getitimer(signal.ITIMER_REAL)"),),
        modules=("signal",),
    ),
    "gc thresholds": Keep((), (("gc.set_threshold", "*gc.get_threshold()"),), modules=("gc",)),
    "recursion": Keep((), (("sys.setrecursionlimit", "sys.getrecursionlimit()"),), modules=("sys",)),
    "sockets": Keep((), (("socket.setdefaulttimeout", "socket.getdefaulttimeout()"),), modules=("socket",)),
    "decimal": Keep((), (("decimal.setcontext", "decimal.getcontext().copy()"),), modules=("decimal",)),
    "random": Keep((), (("random.setstate", "random.getstate()"),), modules=("random",)),
    "numpy": Keep((), (("numpy.random.set_state", "numpy.random.get_state()"),), modules=("numpy",)),
    "loop": Keep((), (("lambda: asyncio.set_event_loop(asyncio.new_event_loop())",),), modules=("asyncio",)),
    "policy": Keep((), (("asyncio.set_event_loop_policy", "None"),), modules=("asyncio",)),
    "logging": Keep((), (("logging.disable", "logging.root.manager.disable"),), modules=("logging",)),
    "time zone": Keep((), (("time.tzset",),), modules=("time",)),
    "warnings": Keep(('setattr(warnings, "filters", list(warnings.filters))',), modules=("warnings",)),
}


def keeps(state: State, source: Source) -> list[Keep]:
    """The ways to keep a state in one file, the best first; none where no code reaches it."""
    if state.kind in _WORDS:
        return [_spelled_modules(_WORDS[state.kind], source)]
    if state.kind in ("file", "folder", "link"):
        keep = _of_file(state, source)
        return [_spelled_modules(keep, source)] if keep.cleanups else []
    if state.kind == "gc":
        return [_spelled_modules(_of_gc(state), source)]
    if state.kind in ("attribute", "item", "cache", "defaults"):
        holder = spell(source, state.holder, state.module)
        made = {"attribute": _attribute, "item": _item, "cache": _cache, "defaults": _defaults}[state.kind]
        return [
            Keep(
                one.patches,
                one.cleanups,
                (*holder.imports, *(Import(source.path, f"import {m}") for m in one.modules)),
            )
            for one in made(state, holder.text)
        ]
    return []


def _spelled_modules(keep: Keep, source: Source) -> Keep:
    """With the modules as the file has them, or imported."""
    patches, cleanups, imports = keep.patches, keep.cleanups, list(keep.imports)
    for module in keep.modules:
        imports += spell(source, module, module).imports
    return Keep(patches, cleanups, tuple(imports))


def _of_gc(state: State) -> Keep:
    back = "gc.enable" if state.before == "enabled" else "gc.disable"
    return Keep((), ((back,),), modules=("gc",))


def _of_file(state: State, source: Source) -> Keep:
    """A file is removed again, or gets its old content back; `pathlib` names it wherever the project lies."""
    modules = ["pathlib"]
    if state.name.startswith("~/"):
        path = f'pathlib.Path.home().joinpath("{state.name[2:]}")'
    elif state.name.startswith("$TMPDIR/"):
        path = f'pathlib.Path(tempfile.gettempdir(), "{state.name[8:]}")'
        modules.append("tempfile")
    else:
        depth = source.path.count("/")
        folder = f"parents[{depth}]" if depth else "parent"
        path = f'pathlib.Path(__file__).{folder}.joinpath("{state.name}")'
    if state.kind == "folder":
        removed = (("shutil.rmtree", path, "ignore_errors=True"),) if state.was_absent else ()
        return Keep((), removed, modules=("pathlib", "shutil"))
    if state.was_absent:
        return Keep((), ((f"{path}.unlink", "missing_ok=True"),), modules=tuple(modules))
    if state.kind == "link":
        return Keep()
    written: list[tuple[str, ...]] = [
        (f"{path}.chmod", f"{path}.stat().st_mode"),
        (f"{path}.write_bytes", f"{path}.read_bytes()"),
    ]
    if "mode" not in state.before + state.after:
        written.pop(0)
    if state.after == ABSENT:
        written.append((f"{path}.parent.mkdir", "parents=True", "exist_ok=True"))
    return Keep((), tuple(written), modules=tuple(modules))


def _attribute(state: State, holder: str) -> list[Keep]:
    whole, name = f"{holder}.{state.name}", f'"{state.name}"'
    if state.was_absent:
        made = (f"setattr({holder}, {name}, None, raising=False)", f"delattr({holder}, {name})")
        # Undone from the last to the first: the name is put back, then taken away.
        return [Keep((), (("delattr", holder, name),)), Keep(made)]
    if state.in_place:
        copied, modules = _copied(state, whole)
        return [
            Keep((f"setattr({holder}, {name}, {copied})",), _in_place(state, whole)[0], modules=modules),
            *(Keep((), one) for one in _in_place(state, whole)),
        ]
    if state.holder.startswith("logging.getLogger(") and state.name in ("handlers", "filters"):
        return [
            Keep(
                (f"setattr({holder}, {name}, list({whole}))",), (("setattr", holder, name, f"list({whole})"),)
            )
        ]
    if state.holder.startswith("logging.getLogger(") and state.name == "level":
        return [Keep((), ((f"{holder}.setLevel", whole),))]
    return [Keep((f"setattr({holder}, {name}, {whole})",), (("setattr", holder, name, whole),))]


def _item(state: State, holder: str) -> list[Keep]:
    key, whole = state.name, f"{holder}[{state.name}]"
    if holder.endswith("os.environ") or state.holder == "os.environ":
        if state.was_absent:
            return [Keep((), ((f"{holder}.pop", key, "None"),))]
        return [Keep((f"setenv({key}, {whole})",), ((f"{holder}.__setitem__", key, whole),))]
    if state.was_absent:
        return [Keep((), ((f"{holder}.pop", key, "None"),))]
    if state.in_place:
        copied, modules = _copied(state, whole)
        return [
            Keep((f"setitem({holder}, {key}, {copied})",), _in_place(state, whole)[0], modules=modules),
            *(Keep((), one) for one in _in_place(state, whole)),
        ]
    return [Keep((f"setitem({holder}, {key}, {whole})",), ((f"{holder}.__setitem__", key, whole),))]


def _copied(state: State, whole: str) -> tuple[str, tuple[str, ...]]:
    """A copy of a container, and the modules that making it takes."""
    return (f"{state.container}({whole})", ()) if state.container else (f"copy.copy({whole})", ("copy",))


def _in_place(state: State, whole: str) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """The content of a container put back into the same container, in each way that it may understand."""
    as_list = ((f"{whole}.extend", f"list({whole})"), (f"{whole}.clear",))
    as_set = ((f"{whole}.update", f"set({whole})"), (f"{whole}.clear",))
    as_dict = ((f"{whole}.update", f"dict({whole})"), (f"{whole}.clear",))
    known = {"list": (as_list,), "set": (as_set,), "dict": (as_dict,)}
    return known.get(state.container) or ((as_dict,) if state.before.startswith("{") else (as_list, as_set))


def _cache(_: State, holder: str) -> list[Keep]:
    return [Keep((), ((f"{holder}.cache_clear",),))]


def _defaults(_: State, holder: str) -> list[Keep]:
    value = f"copy.deepcopy({holder}.__defaults__)"
    return [
        Keep(
            (f'setattr({holder}, "__defaults__", {value})',),
            (("setattr", holder, '"__defaults__"', f"{holder}.__defaults__"),),
            modules=("copy",),
        )
    ]
