"""What no single value shows: names used twice, names that nothing has, needs that go in a circle."""

from __future__ import annotations

from readiness.config.reading import quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from readiness.config.nodes import Node
    from readiness.config.reading import Reading
    from readiness.config.sections import Entry


def refuse_duplicates(entries: Sequence[Entry], what: str, reading: Reading) -> None:
    """No name twice, both places in the message; nor two that only case tells apart.

    The second because names become file names, and some file systems ignore case.
    """
    first: dict[str, Entry] = {}
    for entry in entries:
        node = entry.name_node
        if node is None or not entry.name:
            continue
        earlier = first.setdefault(entry.name.lower(), entry)
        if earlier is entry or earlier.name_node is None:
            continue
        same = earlier.name == entry.name
        how = "is used twice" if same else f"differs from {quoted(earlier.name)} in case alone"
        message = f"the {what} name {quoted(entry.name)} {how}, first at {reading.place(earlier.name_node)}"
        reading.refuse(node, message, "rename or remove one: the reports of one would overwrite the other's")


def refuse_unknown(
    entries: Sequence[Entry], key: str, what: str, known: Sequence[Entry], reading: Reading
) -> None:
    """Every name listed under `key` is the name of one of `known`."""
    names = {entry.name: entry for entry in known if entry.name}
    for entry in entries:
        for name, node in _listed(entry, key):
            if name not in names:
                reading.refuse_unknown(node, f"`{key}` names an unknown {what}", name, names)


def refuse_cycles(entries: Sequence[Entry], what: str, reading: Reading) -> None:
    """No entry needs itself, through others or not. Each circle is told once, at the first of its needs."""
    graph: dict[str, list[str]] = {}
    places: dict[tuple[str, str], Node] = {}
    for entry in entries:
        for name, node in _listed(entry, "needs"):
            graph.setdefault(entry.name, []).append(name)
            places.setdefault((entry.name, name), node)
    while cycle := find_cycle(graph):
        path = " → ".join((*cycle, cycle[0]))
        needed = cycle[1] if len(cycle) > 1 else cycle[0]
        message = f"the {what} {quoted(cycle[0])} needs itself: {path}"
        reading.refuse(places[cycle[0], needed], message, "remove one of these needs")
        if reading.full:
            return
        graph = {name: needs for name, needs in graph.items() if name not in cycle}


def find_cycle(graph: Mapping[str, Sequence[str]]) -> list[str]:
    """The names of one circle, from its first in the graph's order; empty when there is none.

    Takes away whatever needs nothing that is left, again and again (Kahn, CACM 5(11), 1962); walks the rest.
    """
    left = _on_cycles(graph)
    if not left:
        return []
    walked: dict[str, None] = {}
    name = next(name for name in graph if name in left)
    while name not in walked:
        walked[name] = None
        name = next(needed for needed in graph[name] if needed in left)
    path = list(walked)
    cycle = path[path.index(name) :]
    order = {one: position for position, one in enumerate(graph)}
    start = cycle.index(min(cycle, key=order.__getitem__))
    return cycle[start:] + cycle[:start]


def _on_cycles(graph: Mapping[str, Sequence[str]]) -> set[str]:
    """The names from which every way on ends in a circle or beyond one: those that can never be satisfied."""
    waiting = {name: {needed for needed in needs if needed in graph} for name, needs in graph.items()}
    users: dict[str, list[str]] = {}
    for name, needs in waiting.items():
        for needed in needs:
            users.setdefault(needed, []).append(name)
    free = [name for name, needs in waiting.items() if not needs]
    while free:
        done = free.pop()
        del waiting[done]
        for user in users.get(done, ()):
            waiting[user].discard(done)
            if not waiting[user]:
                free.append(user)
    return set(waiting)


def _listed(entry: Entry, key: str) -> list[tuple[str, Node]]:
    """The sound names of a list and their nodes."""
    values = entry.values.get(key, ())
    return [(item.value, item) for item in entry.nodes[key].value if item.value in values] if values else []
