"""The headers of a run: the environment's, then the request's, which win. One line a name, whatever its case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mini_agent.headers.table import HeaderError, check_size, checked

__all__ = ["HeaderError", "add_absent", "merge"]


def merge(environment: Mapping[str, str], request: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What is sent on every call: (name, value), one of each name, in the spelling of the one that won.

    Within one source a later field wins over an earlier one whose name differs in case alone. Raises HeaderError,
    which names the header and never its value.
    """
    fields: dict[str, tuple[str, str]] = {}
    for source in (environment, request):
        for name, value in source.items():
            field = checked(name, value)
            fields[field[0].lower()] = field
    check_size(fields)
    return tuple(fields.values())


def add_absent(fields: Iterable[tuple[str, str]], defaults: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """`fields`, then those of `defaults` whose name is not among them: a default never overrides, never repeats.

    Raises HeaderError for a default that may not be sent.
    """
    kept = tuple(fields)
    names = {name.lower() for name, _ in kept}
    added: dict[str, tuple[str, str]] = {}
    for name, value in defaults.items():
        field = checked(name, value)
        if name.lower() not in names:
            added.setdefault(name.lower(), field)
    return (*kept, *added.values())
