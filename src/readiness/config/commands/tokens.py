"""Splitting shell text into words and operators, with the line each one stands on.

Follows the token recognition rules of POSIX.1-2024, Shell Command Language, section 2.3, and bash's
`[[`, `&>`, `|&`, `<<<` and process substitution. Words keep their quotes; `expansion.py` removes them.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

WORD: Final = "word"
OPERATOR: Final = "operator"

REDIRECTIONS: Final = frozenset(
    ("<<<", "<<-", "&>>", "<<", ">>", ">|", ">&", "<&", "<>", "&>", "<", ">"),
)
_OPERATORS: Final = (
    *("<<<", "<<-", "&>>", ";;&", "&&", "||", ";;", ";&", "|&", "<<", ">>", ">|", ">&", "<&", "<>", "&>"),
    *("(", ")", ";", "&", "|", "<", ">", "\n"),
)
_ENDS_WORD: Final = frozenset(" \t\r\n;&|()<>")
_CLOSING: Final = {"(": ")", "{": "}"}


class Token:
    """One word or operator: its source text, the line it starts on (from 0) and where it stands in the text.

    A slotted class, not a dataclass: defining a dataclass costs more than reading a command does.
    """

    __slots__ = ("end", "kind", "line", "start", "text")

    def __init__(self, kind: str, text: str, line: int, start: int) -> None:
        self.kind = kind
        self.text = text
        self.line = line
        self.start = start
        self.end = start + len(text)

    def __repr__(self) -> str:
        return f"Token({self.kind}, {self.text!r}, line {self.line})"


def tokens(text: str) -> list[Token]:
    """Every word and operator of `text`, in order; comments and here-documents left out.

    A quote that is never closed runs to the end of the text.
    """
    found: list[Token] = []
    delimiters: list[tuple[str, bool]] = []
    at, line = 0, 0
    while at < len(text):
        skipped = _blank(text, at)
        if skipped > at:
            line += text.count("\n", at, skipped)
            at = skipped
            continue
        token = _token(text, at, line)
        if _is_file_number(token, text):
            at = token.end
            continue
        _note_delimiter(found, token, delimiters)
        found.append(token)
        at = _past_documents(text, token.end, delimiters) if token.text == "\n" else token.end
        line += text.count("\n", token.start, at)
    return found


def _blank(text: str, at: int) -> int:
    """Where the blanks, the escaped line ends and the comment that start at `at` are over."""
    if text[at] in " \t\r":
        return at + 1
    if text.startswith("\\\n", at):
        return at + 2
    if text[at] == "#":
        end = text.find("\n", at)
        return len(text) if end < 0 else end
    return at


def _token(text: str, at: int, line: int) -> Token:
    if text[at] in _ENDS_WORD and not text.startswith(("<(", ">("), at):
        for operator in _OPERATORS:
            if text.startswith(operator, at):
                return Token(OPERATOR, operator, line, at)
    return Token(WORD, text[at : word_end(text, at)], line, at)


def _is_file_number(token: Token, text: str) -> bool:
    """True for the `2` of `2>&1`."""
    return token.kind is WORD and token.text.isdigit() and text.startswith(("<", ">"), token.end)


def _note_delimiter(found: list[Token], token: Token, delimiters: list[tuple[str, bool]]) -> None:
    if token.kind is WORD and found and found[-1].text in ("<<", "<<-") and found[-1].kind is OPERATOR:
        bare = token.text.replace("'", "").replace('"', "").replace("\\", "")
        delimiters.append((bare, found[-1].text == "<<-"))


def _past_documents(text: str, at: int, delimiters: list[tuple[str, bool]]) -> int:
    """Where the here-documents that start at `at` are over; empties `delimiters`."""
    for delimiter, tabs in delimiters:
        while at < len(text):
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            line = text[at:end]
            at = min(end + 1, len(text))
            if (line.lstrip("\t") if tabs else line) == delimiter:
                break
    delimiters.clear()
    return at


def word_end(text: str, at: int) -> int:
    """Where the word that starts at `at` ends."""
    if text.startswith(("<(", ">("), at):
        at = closing(text, at + 1)
    while at < len(text) and text[at] not in _ENDS_WORD:
        at = part_end(text, at)
    return at


def part_end(text: str, at: int) -> int:
    """Where the quoted part, the expansion or the single character at `at` ends."""
    char = text[at]
    if char == "\\":
        return min(at + 2, len(text))
    if char in "'`":
        return _past(text, char, at + 1)
    if char == '"':
        return _past_double(text, at + 1)
    if char == "$" and text.startswith(("(", "{"), at + 1):
        return closing(text, at + 1)
    if char == "$" and text.startswith("'", at + 1):
        return _past_dollar_quote(text, at + 2)
    return at + 1


def _past(text: str, mark: str, at: int) -> int:
    end = text.find(mark, at)
    return len(text) if end < 0 else end + 1


def _past_dollar_quote(text: str, at: int) -> int:
    while at < len(text) and text[at] != "'":
        at += 2 if text[at] == "\\" else 1
    return min(at + 1, len(text))


def _past_double(text: str, at: int) -> int:
    while at < len(text):
        if text[at] == '"':
            return at + 1
        at = part_end(text, at) if text[at] in "\\$`" else at + 1
    return len(text)


def closing(text: str, at: int) -> int:
    """Where the bracket opened at `at` has been closed, counting nested ones and passing over quotes."""
    opened, shut, depth = text[at], _CLOSING[text[at]], 0
    while at < len(text):
        if text[at] == opened:
            depth += 1
        elif text[at] == shut:
            depth -= 1
            if depth == 0:
                return at + 1
        at = part_end(text, at)
    return len(text)
