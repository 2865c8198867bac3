"""One spelling for commands that do the same."""

from __future__ import annotations

import os

from readiness.config.commands.call import Call
from readiness.config.commands.expansion import expand
from readiness.config.commands.programs import is_assignment, unwrapped
from readiness.config.commands.pytest_call import PytestCall, is_pytest
from readiness.config.commands.tokens import OPERATOR, REDIRECTIONS, tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def normalised(command: str) -> str:
    """The command with each part in one spelling, parted by its operators. See `normal_form`."""
    parts = list(_parts(command))
    while len(parts) > 1 and _activates(parts[0][0]):
        parts.pop(0)
    joined = [(_spelt(words, first=number == 0), operator) for number, (words, operator) in enumerate(parts)]
    return " ".join(text for part in joined for text in part if text)


def _parts(command: str) -> Iterator[tuple[list[str], str]]:
    """The words between two operators, and the operator after them."""
    words: list[str] = []
    for token in tokens(command):
        if token.kind is OPERATOR and token.text not in REDIRECTIONS:
            if token.text == "\n" and not words:
                continue
            yield words, ";" if token.text == "\n" else token.text
            words = []
        else:
            words.append(token.text)
    if words:
        yield words, ""


def _activates(words: list[str]) -> bool:
    return len(words) == 2 and words[0] in (".", "source") and words[1].endswith("/activate")


def _spelt(words: list[str], first: bool) -> str:
    own = list(words)
    env: list[str] = []
    while own and is_assignment(own[0]):
        env.append(own.pop(0))
    if not REDIRECTIONS.isdisjoint(own):
        return " ".join([*env, *own])
    more, inner = unwrapped(expand(own, {}))
    call = Call(tuple(inner))
    shown = [] if first else env
    shown += [] if first else [f"{name}={value}" for name, value in more]
    return " ".join([*shown, _pytest_spelt(PytestCall(call)) if is_pytest(call) else " ".join(inner)])


def _pytest_spelt(call: PytestCall) -> str:
    options = [f"-k {call.keyword}"] * bool(call.keyword) + [f"-m {call.marker}"] * bool(call.marker)
    options += sorted([*call.narrowed_by, *call.settings])
    targets = sorted(os.path.normpath(target) for target in call.targets)
    return " ".join(["pytest", *(["--pyargs"] * call.pyargs), *options, *targets])
