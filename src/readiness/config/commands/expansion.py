"""Turning a word as written into what the program sees: quotes removed, known variables put in.

What cannot be known without running something (`$HOME`, `$(date)`) stays as it is written.
"""

from __future__ import annotations

from readiness.config.commands.tokens import part_end

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Final

_SPECIAL: Final = frozenset("\\'\"$`")
_ESCAPED_IN_DOUBLE: Final = frozenset('$`"\\\n')
_ALL_ARGUMENTS: Final = ("$@", "$*", "${@}", "${*}", '"$@"', '"${@}"')


def expand(words: Iterable[str], variables: Mapping[str, str], arguments: tuple[str, ...] = ()) -> list[str]:
    """The fields that `words` come to; `arguments` are `$1`, `$2` and so on, and all of `$@`."""
    found: list[str] = []
    for word in words:
        if word in _ALL_ARGUMENTS:
            found += arguments
        elif _SPECIAL.isdisjoint(word):
            found.append(word)
        else:
            found += _Fields(variables, arguments).read(word)
    return found


def variables_in(word: str) -> list[str]:
    """Names of the variables that a word refers to, in order."""
    names: list[str] = []
    at = word.find("$")
    while at >= 0:
        start = at + 2 if word.startswith("{", at + 1) else at + 1
        name = word[start : _name_end(word, start)]
        if name and not name[0].isdigit():
            names.append(name)
        at = word.find("$", start)
    return names


class _Fields:
    """Reads one word. An unquoted expansion is split at blanks, as the shell does; globs are left alone."""

    def __init__(self, variables: Mapping[str, str], arguments: tuple[str, ...]) -> None:
        self.variables = variables
        self.arguments = arguments
        self.fields: list[str] = []
        self.open = False

    def read(self, word: str) -> list[str]:
        at = 0
        while at < len(word):
            end = _end(word, at)
            self._part(word[at:end])
            at = end
        return self.fields

    def _part(self, part: str) -> None:
        if part[0] == "'":
            self._add(part[1:].removesuffix("'"))
        elif part[0] == '"':
            self._add(self._double(part[1:].removesuffix('"')))
        elif part[0] == "\\":
            self._add("" if part[1:] == "\n" else part[1:])
        elif part.startswith("$'"):
            self._add(part[2:].removesuffix("'"))
        elif part[0] == "$":
            self._add_split(self._value(part))
        else:
            self._add(part)

    def _double(self, inside: str) -> str:
        found, at = "", 0
        while at < len(inside):
            end = _end(inside, at) if inside[at] in "\\$`" else at + 1
            part = inside[at:end]
            if part[0] == "\\" and part[1:] and part[1] in _ESCAPED_IN_DOUBLE:
                part = part[1:].replace("\n", "")
            elif part[0] == "$":
                part = self._value(part)
            found += part
            at = end
        return found

    def _value(self, reference: str) -> str:
        """What `$NAME`, `${NAME}` or `${NAME:-default}` comes to; the reference itself when unknown."""
        inside = reference[1:]
        if inside.startswith("{") and inside.endswith("}"):
            inside = inside[1:-1]
        end = _name_end(inside, 0)
        name, rest = inside[:end], inside[end:]
        value = self._argument(int(name)) if name.isdigit() else self.variables.get(name)
        operator = rest.lstrip(":")[:1]
        if value and not rest:
            return value
        if operator in ("-", "=") and not inside.startswith("("):
            return value or " ".join(expand([rest.lstrip(":")[1:]], self.variables, self.arguments))
        return reference if value is None or rest else value

    def _argument(self, number: int) -> str | None:
        return self.arguments[number - 1] if 0 < number <= len(self.arguments) else None

    def _add(self, text: str) -> None:
        if self.open:
            self.fields[-1] += text
        else:
            self.fields.append(text)
            self.open = True

    def _add_split(self, value: str) -> None:
        """Add an unquoted value. One that is still a reference has no blanks that count."""
        if value.startswith("$"):
            self._add(value)
            return
        pieces = value.split()
        if value[:1].isspace():
            self.open = False
        for number, piece in enumerate(pieces):
            self.open = self.open and number == 0
            self._add(piece)
        if pieces and value[-1:].isspace():
            self.open = False


def _end(word: str, at: int) -> int:
    """Where the part at `at` ends; `$NAME` is one part."""
    if word[at] == "$" and not word.startswith(("(", "{", "'"), at + 1):
        return max(_name_end(word, at + 1), at + 1)
    return part_end(word, at)


def _name_end(word: str, at: int) -> int:
    """Where the variable name, or the number of an argument, that starts at `at` ends."""
    end = at
    while end < len(word) and word[end].isascii() and (word[end].isalnum() or word[end] == "_"):
        end += 1
        if end == at + 1 and word[at].isdigit():
            return end
    return end
