"""Following the exit status: which failure reaches whoever started the command, and where others are lost.

Source: POSIX.1-2024, Shell Command Language, sections 2.8.2 (exit status), 2.9 (lists, compound commands)
and 2.15 (`set -e`, with its exceptions; `set -o pipefail`). A status is followed, not computed: a program
that can fail might fail, and the question is only where that would end up.
"""

from __future__ import annotations

from readiness.config.commands.call import BACKGROUND, IGNORED, OVERTAKEN, PIPED, POWERLESS, Call, Loss, Trace
from readiness.config.commands.expansion import expand, variables_in
from readiness.config.commands.nested import Missing, Script
from readiness.config.commands.programs import (
    CANNOT_FAIL_AS_FILTER,
    TESTS,
    can_fail,
    powerless_option,
    unwrapped,
)
from readiness.config.commands.state import ShellState
from readiness.config.commands.syntax import (
    Block,
    Branches,
    Function,
    Loop,
    NotShell,
    Sequence,
    Simple,
    assigns,
    parse,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from readiness.config.commands.nested import Project
    from readiness.config.commands.syntax import AndOr, Node, Pipeline

_MOST_CALLS: Final = 2_000
_DEEPEST: Final = 12


def follow(script: Script, project: Project) -> Trace:
    """Read a shell text and everything of the project that it runs."""
    reader = _Reader(project)
    try:
        fails = _Shell(reader, script).run()
    except NotShell as error:
        return Trace((), unread=f"line {error.line + 1}: {error}")
    except RecursionError:
        return Trace((), unread="it is nested too deeply")
    return Trace(tuple(reader.calls), fails, missing=tuple(reader.missing))


class _Reader:
    """What the shells of one command share: the calls found so far, and the scripts being read."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.calls: list[Call] = []
        self.missing: list[tuple[str, Call]] = []
        self.reading: list[str] = []

    def lose(self, first: int, last: int, loss: Loss, whole_shell: bool = False) -> None:
        """Mark the calls of a range as lost, but for those whose failure leaves the shell by another way."""
        for call in self.calls[first:last]:
            if call.loss is None and (whole_shell or not call.leaves):
                call.loss = loss

    def nested(self, script: Script) -> bool:
        """Read a script that a call runs; True when it can fail."""
        if script.key in self.reading or len(self.reading) >= _DEEPEST or len(self.calls) >= _MOST_CALLS:
            return True
        first = len(self.calls)
        self.reading.append(script.key)
        try:
            fails = _Shell(self, script).run()
        except NotShell:
            return True
        finally:
            self.reading.pop()
        for call in self.calls[first:]:
            call.leaves = False
        if script.ignored:
            self.lose(first, len(self.calls), Loss(IGNORED, script.ignored, script.file, script.line), True)
        return fails and not script.ignored


class _Shell:
    """One shell process, or subshell. `exits_badly` once an `exit` other than 0 was met, `over` after any.

    Every method that takes a node returns True when that node's status can be other than 0.
    """

    def __init__(self, reader: _Reader, script: Script, state: ShellState | None = None) -> None:
        self.reader = reader
        self.script = script
        self.state = state or ShellState(script)
        self.exits_badly = False
        self.over = False
        self.calling: list[str] = []

    def run(self) -> bool:
        first = len(self.reader.calls)
        fails = self.sequence(parse(self.script.text)) or self.exits_badly
        if not self.state.swallows_exit:
            return fails
        how = f"`{self.state.swallows_exit}` ends the shell with 0"
        self.reader.lose(first, len(self.reader.calls), self._loss(IGNORED, how, 0), True)
        return False

    def sequence(self, node: Sequence) -> bool:
        fails = False
        for number, item in enumerate(node.items):
            following = node.items[number + 1 :]
            fails = self._item(item, following) or (fails and bool(self.state.errexit) and not self.over)
            if self.over:
                break
        return fails

    def _item(self, item: AndOr, following: list[AndOr]) -> bool:
        first = len(self.reader.calls)
        fails = self._and_or(item, ends=not following)
        if item.background:
            return self._background(item, first, following)
        if not following or not fails or self.over:
            return fails
        if self.state.errexit or _looks_at_status(following[0]):
            self._leave(first)
            return bool(self.state.errexit)
        after = following[0]
        how = f"`{_short(after.text)}` runs after it without `set -e`"
        kind = IGNORED if _is_plain_success(after) else OVERTAKEN
        self.reader.lose(first, len(self.reader.calls), self._loss(kind, how, item.line))
        return False

    def _background(self, item: AndOr, first: int, following: list[AndOr]) -> bool:
        waited = any(
            "wait " in f"{other.text} " and not other.text.strip().endswith("wait") for other in following
        )
        if waited:
            self._leave(first)
        else:
            how = "`&` puts it in the background, and nothing waits for its status"
            self.reader.lose(first, len(self.reader.calls), self._loss(BACKGROUND, how, item.line), True)
        return False

    def _and_or(self, node: AndOr, ends: bool) -> bool:
        """A chain of `&&` and `||`; `ends` is True for the last of its list, whose status is the list's."""
        starts: list[int] = []
        can: list[bool] = []
        leaves: list[bool] = []
        for pipeline in node.pipelines:
            starts.append(len(self.reader.calls))
            before, self.exits_badly = self.exits_badly, False
            can.append(self._pipeline(pipeline))
            leaves.append(self.exits_badly)
            self.exits_badly = self.exits_badly or before
            self.over = self.over and len(node.pipelines) == 1
        starts.append(len(self.reader.calls))
        for number in range(len(node.operators)):
            self._chained(node, number, starts, can, leaves, ends)
        if self.state.errexit and not ends and "||" not in node.operators:
            return can[-1]
        return _chain_fails(node.operators, can)

    def _chained(
        self, node: AndOr, number: int, starts: list[int], can: list[bool], leaves: list[bool], ends: bool
    ) -> None:
        """Say where a failure of the pipeline `number`, which is not the last of its chain, goes."""
        first, last = starts[number], starts[number + 1]
        rescue = next((n for n in range(number, len(node.operators)) if node.operators[n] == "||"), None)
        if rescue is None:
            if self.state.errexit and not ends:
                how = f"`set -e` looks only at the last command of `{_short(node.text)}`"
                self.reader.lose(first, last, self._loss(OVERTAKEN, how, node.line))
            return
        after = node.pipelines[rescue + 1]
        if any(leaves[rescue + 1 :]) or assigns(after):
            self._leave(first, last)
        elif not can[rescue + 1]:
            how = f"`|| {_short(after.text)}` follows it"
            self.reader.lose(first, last, self._loss(IGNORED, how, after.line))

    def _pipeline(self, node: Pipeline) -> bool:
        starts: list[int] = []
        fails: list[bool] = []
        for number, member in enumerate(node.members):
            starts.append(len(self.reader.calls))
            shell = self if len(node.members) == 1 else _Shell(self.reader, self.script, self.state.copy())
            can = shell.command(member) or (shell is not self and shell.exits_badly)
            fails.append(can and not (number and _is_filter(member)))
        if len(node.members) == 1:
            return fails[0] or node.negated
        if self.state.pipefail:
            return any(fails) or node.negated
        if "PIPESTATUS" in self.script.text:
            self._leave(starts[0])
            return True
        into = f"`{_short(node.members[-1].text)}`"
        how = f"it is piped into {into} without `set -o pipefail`"
        self.reader.lose(starts[0], starts[-1], self._loss(PIPED, how, node.line), True)
        return fails[-1] or node.negated

    def command(self, node: Node) -> bool:
        if isinstance(node, Simple):
            return self._simple(node)
        if isinstance(node, Block):
            return self._block(node)
        if isinstance(node, Branches):
            return self._branches(node)
        if isinstance(node, Loop):
            return self._loop(node)
        if isinstance(node, Function):
            self.state.functions[node.name] = node.body
        return False

    def _block(self, node: Block) -> bool:
        if not node.subshell:
            return self.sequence(node.body)
        first = len(self.reader.calls)
        inner = _Shell(self.reader, self.script, self.state.copy())
        fails = inner.sequence(node.body) or inner.exits_badly
        for call in self.reader.calls[first:]:
            call.leaves = False
        return fails

    def _branches(self, node: Branches) -> bool:
        first = len(self.reader.calls)
        for condition in node.conditions:
            self._tested(condition)
        last = len(self.reader.calls)
        before, self.exits_badly = self.exits_badly, False
        fails = max([self._branch(body) for body in node.bodies])
        if self.exits_badly or any(assigns(body) for body in node.bodies):
            self._leave(first, last)
        elif not fails or not _runs_on_failure(node):
            why = "none of its branches can fail" if not fails else "it has no `else`"
            how = f"`{_short(node.text)}` tests it, and {why}"
            self.reader.lose(first, last, self._loss(IGNORED, how, node.line))
        self.exits_badly = self.exits_badly or before
        return fails

    def _branch(self, body: Sequence) -> bool:
        """One way among several: an `exit` in it does not end the others."""
        fails = self.sequence(body)
        self.over = False
        return fails

    def _tested(self, condition: Sequence) -> None:
        """Read a condition, in which `set -e` does not count; one that it sets counts from there on."""
        before, self.state.errexit = self.state.errexit, None
        self._branch(condition)
        if self.state.errexit is None:
            self.state.errexit = before

    def _loop(self, node: Loop) -> bool:
        if node.condition is not None:
            self._tested(node.condition)
        first = len(self.reader.calls)
        fails = self._branch(node.body)
        if fails and not self.state.errexit:
            how = "the loop goes on to its next round without `set -e`"
            self.reader.lose(first, len(self.reader.calls), self._loss(OVERTAKEN, how, node.line))
        return fails

    def _simple(self, node: Simple) -> bool:
        words = expand(node.words, self.state.variables, self.script.arguments)
        env = [_assignment(one, self) for one in node.assignments]
        if not words:
            self.state.variables.update({name: value for name, value in env if "$(" not in value})
            return any("$(" in one or "`" in one for one in node.assignments)
        if words[0] in self.state.functions and words[0] not in self.calling:
            return self._function(words[0])
        if words[0] in ("exit", "return"):
            return self._exit(words)
        return self._call(node, words, env)

    def _function(self, name: str) -> bool:
        self.calling.append(name)
        fails = self.command(self.state.functions[name])
        self.calling.pop()
        return fails

    def _exit(self, words: list[str]) -> bool:
        fails = words[1:] != ["0"]
        self.over = words[0] == "exit"
        if self.over:
            self.exits_badly = self.exits_badly or fails
        return fails

    def _call(self, node: Simple, words: list[str], env: list[tuple[str, str]]) -> bool:
        more, inner = unwrapped(words)
        tested = self._tested_variables(node) if words[0] in TESTS else []
        call = Call(
            tuple(inner),
            env=(*env, *more),
            cwd=self.state.cwd,
            file=self.script.file,
            line=self.script.line + node.line,
            source=_short(node.text),
            tested=tuple(tested),
        )
        self.reader.calls.append(call)
        self.state.apply(inner)
        option = powerless_option(call.words)
        if option:
            call.loss = self._loss(POWERLESS, f"`{option}` keeps it from judging anything", node.line)
        return self._nested(call) and not option

    def _tested_variables(self, node: Simple) -> list[str]:
        """Variables of the environment that a test looks at; not those the shell set itself."""
        named = [name for word in node.words for name in variables_in(word)]
        return [name for name in named if name not in self.state.variables]

    def _nested(self, call: Call) -> bool:
        """Read what the call runs; True when it can fail."""
        try:
            scripts = self.reader.project.scripts(call.words, call.cwd, call.file, call.line)
        except Missing as missing:
            self.reader.missing.append((str(missing), call))
            return True
        if scripts is None:
            return can_fail(call.words)
        call.opened = True
        return max([self.reader.nested(script) for script in scripts], default=False)

    def _leave(self, first: int, last: int | None = None) -> None:
        for call in self.reader.calls[first:last]:
            if call.loss is None:
                call.leaves = True

    def _loss(self, kind: str, how: str, line: int) -> Loss:
        return Loss(kind, how, self.script.file, self.script.line + line)


def _chain_fails(operators: list[str], can: list[bool]) -> bool:
    fails = can[0]
    for operator, following in zip(operators, can[1:], strict=True):
        fails = (fails or following) if operator == "&&" else (fails and following)
    return fails


def _assignment(text: str, shell: _Shell) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.removesuffix("+"), " ".join(expand([value], shell.state.variables, shell.script.arguments))


def _looks_at_status(item: AndOr) -> bool:
    """True for what takes over the status before it, or fails whatever that was."""
    ends = item.text.startswith("exit") and item.text != "exit 0"
    return ends or "$?" in item.text or "PIPESTATUS" in item.text or item.text == "false"


def _runs_on_failure(node: Branches) -> bool:
    """True when a failing condition leads into a branch: by `else`, or by `!` before the condition."""
    negated = any(one.items and one.items[-1].pipelines[-1].negated for one in node.conditions)
    return negated or not node.conditions or len(node.bodies) > len(node.conditions)


def _is_plain_success(item: AndOr) -> bool:
    return item.text in ("true", ":", "exit 0")


def _is_filter(node: Node) -> bool:
    return isinstance(node, Simple) and bool(node.words) and node.words[0] in CANNOT_FAIL_AS_FILTER


def _short(text: str) -> str:
    """A command's text on one line, cut to what a message can hold."""
    line = " ".join(text.replace("\\\n", " ").split())
    return line if len(line) <= 60 else f"{line[:57]}…"
