"""The structure of a shell command: which command follows which, and on what condition.

Covers the grammar of POSIX.1-2024, Shell Command Language, section 2.10, with bash's `[[`, `((`,
`select` and `function`. Enough to follow an exit status; it runs nothing.
"""

from __future__ import annotations

from readiness.config.commands.programs import is_assignment
from readiness.config.commands.tokens import OPERATOR, REDIRECTIONS, WORD, tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final, TypeVar

    from readiness.config.commands.tokens import Token

    AnyNode = TypeVar("AnyNode", bound="Node")

_BRANCH_ENDS: Final = (";;", ";&", ";;&")


class NotShell(ValueError):
    """The text is no shell command that could be read; says what was met and on which line (from 0)."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class Node:
    """A part of a command: its source text, and the line it starts on (from 0)."""

    __slots__ = ("line", "text")

    text: str
    line: int


class Simple(Node):
    """Assignments and words, as written. `[[ … ]]` and `(( … ))` are simple commands of that name."""

    __slots__ = ("assignments", "words")

    def __init__(self) -> None:
        self.assignments: list[str] = []
        self.words: list[str] = []


class Pipeline(Node):
    """`a | b`; one member when nothing is piped. `negated` when `!` stands before it."""

    __slots__ = ("members", "negated")

    def __init__(self, negated: bool) -> None:
        self.negated = negated
        self.members: list[Node] = []


class AndOr(Node):
    """`a && b || c`; one more pipeline than operators. `background` when `&` ends it."""

    __slots__ = ("background", "operators", "pipelines")

    def __init__(self) -> None:
        self.pipelines: list[Pipeline] = []
        self.operators: list[str] = []
        self.background = False


class Sequence(Node):
    """Commands one after the other, parted by `;`, `&` or line ends."""

    __slots__ = ("items",)

    def __init__(self) -> None:
        self.items: list[AndOr] = []


class Block(Node):
    """`( … )` when it is a subshell, else `{ … }`."""

    __slots__ = ("body", "subshell")

    def __init__(self, body: Sequence, subshell: bool) -> None:
        self.body = body
        self.subshell = subshell


class Branches(Node):
    """`if` and `case`: conditions that are tested, and bodies of which at most one runs."""

    __slots__ = ("bodies", "conditions")

    def __init__(self) -> None:
        self.conditions: list[Sequence] = []
        self.bodies: list[Sequence] = []


class Loop(Node):
    """`for`, `while`, `until` and `select`; `condition` is None where nothing is tested."""

    __slots__ = ("body", "condition")

    def __init__(self, condition: Sequence | None, body: Sequence) -> None:
        self.condition = condition
        self.body = body


class Function(Node):
    """A function's definition: nothing runs until its name is called."""

    __slots__ = ("body", "name")

    def __init__(self, name: str, body: Node) -> None:
        self.name = name
        self.body = body


def parse(text: str) -> Sequence:
    """The command that `text` is. Raises NotShell when it cannot be read as one."""
    parser = _Parser(text)
    sequence = parser.sequence(())
    if parser.at < len(parser.tokens):
        raise parser.unexpected()
    return sequence


class _Parser:
    """Recursive descent; `at` is the next token."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[Token] = tokens(text)
        self.at = 0

    def sequence(self, stops: tuple[str, ...]) -> Sequence:
        """Commands up to one of `stops` (a reserved word or operator), which is left in place."""
        found, first = Sequence(), self.at
        self._separators()
        while self.at < len(self.tokens) and not self._next(*stops):
            item = self._and_or()
            found.items.append(item)
            if self._next("&"):
                item.background = True
            if not self._separators() and not self._next(*stops) and self.at < len(self.tokens):
                raise self.unexpected()
        return self._finish(found, first)

    def _and_or(self) -> AndOr:
        found, first = AndOr(), self.at
        found.pipelines.append(self._pipeline())
        while self._next("&&", "||"):
            found.operators.append(self._take().text)
            self._line_ends()
            found.pipelines.append(self._pipeline())
        return self._finish(found, first)

    def _pipeline(self) -> Pipeline:
        first, negated = self.at, False
        while self._next("!"):
            self.at += 1
            negated = not negated
        found = Pipeline(negated)
        found.members.append(self._command())
        while self._next("|", "|&"):
            self.at += 1
            self._line_ends()
            found.members.append(self._command())
        return self._finish(found, first)

    def _command(self) -> Node:
        first, token = self.at, self._peek()
        read = _COMPOUND.get(token.text)
        if read is None:
            return self._finish(self._function() or self._simple(), first)
        compound = read(self)
        self._redirections()
        return self._finish(compound, first)

    def _function(self) -> Function | None:
        """`name() body`, or None when something else comes next."""
        ahead = [token.text for token in self.tokens[self.at + 1 : self.at + 3]]
        if self._peek().kind is not WORD or ahead != ["(", ")"]:
            return None
        name = self._take().text
        self.at += 2
        self._line_ends()
        return Function(name, self._command())

    def _simple(self) -> Simple:
        found = Simple()
        while self.at < len(self.tokens):
            if self._redirections():
                continue
            token = self.tokens[self.at]
            if token.kind is OPERATOR:
                break
            self.at += 1
            assigns = not found.words and is_assignment(token.text)
            (found.assignments if assigns else found.words).append(token.text)
        if not found.words and not found.assignments and (self.at == 0 or not self._after_redirection()):
            raise self.unexpected()
        return found

    def _after_redirection(self) -> bool:
        return self.at >= 2 and self.tokens[self.at - 2].text in REDIRECTIONS

    def subshell(self) -> Node:
        opening = self._take()
        if self._next("(") and self._peek().start == opening.end:
            return self._arithmetic()
        body = self.sequence((")",))
        self._expect(")")
        return Block(body, subshell=True)

    def _arithmetic(self) -> Simple:
        found, depth = Simple(), 1
        found.words.append("((")
        while depth > 0:
            token = self._take()
            depth += (token.text == "(") - (token.text == ")")
        return found

    def group(self) -> Node:
        self.at += 1
        body = self.sequence(("}",))
        self._expect("}")
        return Block(body, subshell=False)

    def condition(self) -> Node:
        found = Branches()
        self.at += 1
        found.conditions.append(self.sequence(("then",)))
        self._expect("then")
        found.bodies.append(self.sequence(("elif", "else", "fi")))
        while self._next("elif"):
            self.at += 1
            found.conditions.append(self.sequence(("then",)))
            self._expect("then")
            found.bodies.append(self.sequence(("elif", "else", "fi")))
        if self._next("else"):
            self.at += 1
            found.bodies.append(self.sequence(("fi",)))
        self._expect("fi")
        return found

    def case(self) -> Node:
        found = Branches()
        while not self._next("in"):
            self.at += 1
            self._peek()
        self.at += 1
        self._line_ends()
        while not self._next("esac"):
            while self._take().text != ")":
                pass
            found.bodies.append(self.sequence(("esac", *_BRANCH_ENDS)))
            if self._next(*_BRANCH_ENDS):
                self.at += 1
            self._line_ends()
        self._expect("esac")
        return found

    def loop(self) -> Node:
        """`while` and `until`."""
        self.at += 1
        condition = self.sequence(("do",))
        return Loop(condition, self._body())

    def each(self) -> Node:
        """`for` and `select`, whose list of words is passed over."""
        while not self._next("do", "{"):
            self.at += 1
            self._peek()
        if self._next("{"):
            block = self.group()
            assert isinstance(block, Block)
            return Loop(None, block.body)
        return Loop(None, self._body())

    def _body(self) -> Sequence:
        self._expect("do")
        body = self.sequence(("done",))
        self._expect("done")
        return body

    def test(self) -> Node:
        """`[[ … ]]`, in which `&&`, `||`, `<` and brackets are no shell operators."""
        found = Simple()
        while True:
            token = self._take()
            found.words.append(token.text)
            if token.text == "]]":
                return found

    def function(self) -> Node:
        self.at += 1
        name = self._take().text
        if self._next("("):
            self.at += 1
            self._expect(")")
        self._line_ends()
        return Function(name, self._command())

    def _redirections(self) -> bool:
        """Pass over the redirections that come next; True when there was one."""
        before = self.at
        while self.at < len(self.tokens) and self._peek().kind is OPERATOR and self._next(*REDIRECTIONS):
            self.at += 1
            if self._take().kind is not WORD:
                self.at -= 1
                raise self.unexpected()
        return self.at > before

    def _separators(self) -> bool:
        before = self.at
        while self._next(";", "&", "\n"):
            self.at += 1
        return self.at > before

    def _line_ends(self) -> None:
        while self._next("\n"):
            self.at += 1

    def _next(self, *texts: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at].text in texts

    def _peek(self) -> Token:
        if self.at >= len(self.tokens):
            raise self.unexpected()
        return self.tokens[self.at]

    def _take(self) -> Token:
        token = self._peek()
        self.at += 1
        return token

    def _expect(self, text: str) -> None:
        if not self._next(text):
            raise self.unexpected(text)
        self.at += 1

    def _finish(self, node: AnyNode, first: int) -> AnyNode:
        read = self.tokens[first : self.at]
        node.line = read[0].line if read else 0
        node.text = self.text[read[0].start : read[-1].end].strip() if read else ""
        return node

    def unexpected(self, wanted: str = "") -> NotShell:
        hint = f" where `{wanted}` should stand" if wanted else ""
        if self.at >= len(self.tokens):
            return NotShell(f"the command ends too early{hint}", self.tokens[-1].line if self.tokens else 0)
        token = self.tokens[self.at]
        shown = "the line's end" if token.text == "\n" else f"`{token.text}`"
        return NotShell(f"unexpected {shown}{hint}", token.line)


_COMPOUND: Final = {
    "(": _Parser.subshell,
    "{": _Parser.group,
    "if": _Parser.condition,
    "case": _Parser.case,
    "while": _Parser.loop,
    "until": _Parser.loop,
    "for": _Parser.each,
    "select": _Parser.each,
    "[[": _Parser.test,
    "function": _Parser.function,
}


def assigns(node: Node) -> bool:
    """True when some part of the node sets a variable of the shell, and so may keep a status for later."""
    if isinstance(node, Simple):
        return bool(node.assignments) and not node.words
    return any(assigns(part) for part in _parts(node))


def _parts(node: Node) -> list[Node]:
    if isinstance(node, Sequence):
        return [member for item in node.items for one in item.pipelines for member in one.members]
    if isinstance(node, Pipeline):
        return node.members
    if isinstance(node, (Block, Loop)):
        return [node.body]
    return [*node.conditions, *node.bodies] if isinstance(node, Branches) else []
