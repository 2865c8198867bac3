"""Fenced code in a reply (CommonMark 4.5) as tool calls: each language in its own tool, or not at all. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from mini_agent.conversation import ToolCall

PYTHON = frozenset({"python", "python3", "py", "py3"})
SHELL = frozenset({"sh", "bash", "shell"})
PLAIN_TEXT = frozenset({"text", "txt", "plain", "plaintext", "output", "log", "markdown", "md", "diff"})
DATA = frozenset({"json", "jsonc", "yaml", "yml", "toml", "ini", "xml", "csv", "tsv", "mermaid"})
NOT_CODE = PLAIN_TEXT | DATA
"""What a fence is also used for. A block of it, or of no language at all, is part of an answer, not something to run."""

UNSUPPORTED = "run_code_block"
"""The name under which a block of another language is answered; no backend has it."""

_OPENING = re.compile(r"^([ \t]*)(`{3,}(?=[^`]*$)|~{3,})[ \t]*(.*)$")
_LINE_END = re.compile(r"\r\n|\n|\r")
"""As Markdown has it; `str.splitlines` would also cut code at characters that may stand in a string."""
_LANGUAGE = re.compile(r"[^\s:,{}=]+")


@dataclass(frozen=True, slots=True)
class Block:
    """`language` in lower case, empty when the fence names none."""

    language: str
    code: str


def blocks(text: str) -> Iterator[Block]:
    """Every closed fence. One that is never closed was cut off, and is nothing to run."""
    lines = iter(_LINE_END.split(text))
    for line in lines:
        if opening := _OPENING.match(line):
            indent, fence, words = opening.groups()
            body = _body(lines, fence, len(indent))
            if body is not None:
                yield Block(_language(words), body)


def _body(lines: Iterator[str], fence: str, indent: int) -> str | None:
    closing = re.compile(rf"^[ \t]*{re.escape(fence[0])}{{{len(fence)},}}[ \t]*$")
    inside: list[str] = []
    for line in lines:
        if closing.match(line):
            return "".join(f"{one}\n" for one in inside)
        inside.append(line[min(indent, len(line) - len(line.lstrip(" \t"))) :])
    return None


def _language(words: str) -> str:
    found = _LANGUAGE.search(words)
    return found[0].lower().removeprefix(".") if found else ""


def as_calls(text: str, already_run: Collection[tuple[str, str]] = ()) -> tuple[ToolCall, ...]:
    """A call for each block of code; none when every block is in `already_run`.

    `already_run` holds name and argument text of what ran well before: a model that shows its code again beside the
    result is answering, not asking.
    """
    calls = tuple(_call(one) for one in blocks(text) if one.language and one.language not in NOT_CODE)
    return () if all((one.name, one.arguments_text) in already_run for one in calls) else calls


def _call(block: Block) -> ToolCall:
    if block.language in PYTHON:
        return ToolCall("", "run_python", json.dumps({"code": block.code}))
    if block.language in SHELL:
        return ToolCall("", "run_shell", json.dumps({"command": block.code.strip()}))
    return ToolCall("", UNSUPPORTED, json.dumps({"language": block.language, "code": block.code}))


def refusal(arguments_text: str) -> str:
    language = json.loads(arguments_text)["language"]
    return f"not supported: code in {language!r} is not run; python, sh and bash are"
