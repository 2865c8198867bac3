"""What the project's CI does: the lines that run the gate, and every variable that it names.

The files are searched as text, not read as YAML: a line holds a command, or it does not.
"""

from __future__ import annotations

import os

from readiness.record.outcome import LANES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Final

    from readiness.config.commands import Call, CommandReader
    from readiness.config.model import Config

_MAY_RUN_IT: Final = ("readiness", "mvp_check", "make ", ".sh", "./", ".ci/", "npm ", "yarn ", "pnpm ")
_KEYS: Final = ("run", "script", "command", "sh", "bash", "commands", "inlineScript")
_LARGEST: Final = 500_000
DEFAULT_GATE: Final = "dev"


class CiFile:
    """One CI file: its path from the root, and its lines with comments taken out."""

    def __init__(self, path: str, lines: list[str]) -> None:
        self.path = path
        self.lines = lines

    def names(self, variable: str) -> bool:
        """True when the file names the variable anywhere."""
        return any(_has_word(line, variable) for line in self.lines)

    def value(self, variable: str, number: int) -> str:
        """What a YAML mapping sets the variable to (`NAME: value`) for the command on line `number`."""
        for at, line in enumerate(self.lines, 1):
            start = line.find(variable)
            if start < 0 or not _has_word(line, variable):
                continue
            rest = line[start + len(variable) :].lstrip("'\" ")
            if rest[:1] == ":" and self._reaches(at, number):
                return rest[1:].strip(" '\"}").partition(" #")[0].rstrip()
        return ""

    def _reaches(self, at: int, number: int) -> bool:
        """True when the mapping on line `at` belongs to the step or job of line `number`, or to the whole file."""
        key = at
        while not _is_block_key(self.lines[key - 1]) and key > 1 and "{" not in self.lines[key - 1]:
            key -= 1
        column = _column(self.lines[key - 1])
        between = self.lines[min(key, number) : max(key, number) - 1]
        return all(_indent(line) >= column for line in between if line.strip())


class GateRun:
    """One line of a CI file that runs the gate: where, which gate, and the lanes it reaches.

    `through` is the line of a make target or script that it runs the gate by, else the same as `where`. `gates` are
    the gates by name, empty where checks or lanes were asked for.
    """

    def __init__(
        self, where: str, gate: str, lanes: frozenset[str], through: str = "", gates: tuple[str, ...] = ()
    ) -> None:
        self.where = where
        self.gate = gate
        self.lanes = lanes
        self.through = through or where
        self.gates = gates

    def __str__(self) -> str:
        shown = ", ".join(lane for lane in LANES if lane in self.lanes)
        return f"{self.where} runs {self.gate} ({shown or 'no lane'})"


def read_ci_files(root: str, paths: list[str]) -> list[CiFile]:
    """The CI files at `paths`, and those in the folders among them, by path."""
    found = [path for path in paths if os.path.isfile(os.path.join(root, path))]
    for folder in paths:
        found += _below(root, folder)
    return [CiFile(path, _lines(os.path.join(root, path))) for path in sorted(found)]


def _below(root: str, folder: str) -> Iterator[str]:
    for inside, _, names in os.walk(os.path.join(root, folder)):
        for name in names:
            if name.endswith((".yml", ".yaml")):
                yield os.path.normpath(os.path.join(os.path.relpath(inside, root), name))


def _lines(path: str) -> list[str]:
    with open(path, encoding="utf-8", errors="replace") as file:
        text = file.read(_LARGEST)
    return [line if not line.lstrip().startswith(("#", "//")) else "" for line in text.splitlines()]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _column(line: str) -> int:
    """Where the key of a line stands, past the dash of a list."""
    return _indent(line) + (2 if line.lstrip().startswith("- ") else 0)


def _is_block_key(line: str) -> bool:
    """True for `env:`, whose mapping stands below it."""
    return line.rstrip().endswith(":")


def _has_word(line: str, word: str) -> bool:
    at = line.find(word)
    while at >= 0:
        before, after = line[at - 1 : at], line[at + len(word) : at + len(word) + 1]
        if not (before.isalnum() or before == "_" or after.isalnum() or after == "_"):
            return True
        at = line.find(word, at + 1)
    return False


def gate_runs(files: list[CiFile], reader: CommandReader, config: Config) -> list[GateRun]:
    """Every line that runs the gate, by itself or through make and scripts."""
    found: list[GateRun] = []
    for file in files:
        for number, command in _commands(file):
            for call in reader.trace(command, file=file.path, line=number).calls:
                if _runs_gate(call.words):
                    found.append(_gate_run(call, file, number, config))
    return found


def _commands(file: CiFile) -> Iterator[tuple[int, str]]:
    """Lines that may run the gate, as shell text; one that ends in a backslash with those it goes on in."""
    waiting, start = "", 0
    for number, line in enumerate(file.lines, 1):
        text = line.strip() if waiting else _command(line)
        start = start if waiting else number
        waiting += text
        if text.endswith("\\"):
            waiting = f"{waiting[:-1]} "
            continue
        if any(mark in waiting for mark in _MAY_RUN_IT):
            yield start, waiting
        waiting = ""


def _command(line: str) -> str:
    """The command of a line such as `- run: make ready`, `sh 'make ready'` or `make ready`."""
    text = line.strip().removeprefix("- ").strip()
    key, colon, rest = text.partition(":")
    if colon and key in _KEYS and rest[:1] in ("", " "):
        text = rest.strip()
    elif text.startswith(("sh '", 'sh "', "sh('", 'sh("')):
        text = text[2:].strip("() ")
    if text[:1] in ("'", '"') and text[-1:] == text[:1] and text.count(text[:1]) in (2, 6):
        text = text.strip(text[0])
    return text


def _runs_gate(words: tuple[str, ...]) -> bool:
    if not words:
        return False
    if words[0].rpartition("/")[2] == "readiness":
        return "run" in words[1:]
    script = words[1] if words[0] == "python" and len(words) > 1 else words[0]
    return script.rpartition("/")[2] == "mvp_check.py"


def _gate_run(call: Call, file: CiFile, number: int, config: Config) -> GateRun:
    """Read as the gate itself would: flags over variables; variables of the command over the file's."""
    where, variables = f"{file.path}:{number}", dict(call.env)
    names = ("READINESS_GATE", "READINESS_EXPECT", "READINESS_LIVE", "LIVE_PROVIDERS", "ND_REAL")
    env = {name: variables.get(name) or file.value(name, number) for name in names}
    gates, lanes, checks = _flags(call.words)
    gate = gates[-1] if gates else env["READINESS_GATE"] or DEFAULT_GATE
    expected = checks or tuple(env["READINESS_EXPECT"].replace(",", " ").split())
    if expected:
        reached = frozenset(check.lane for check in config.checks if check.name in expected)
        return GateRun(where, f"the checks {', '.join(expected)}", reached, call.where)
    if lanes:
        return GateRun(where, f"lane {', '.join(lanes)}", frozenset(lanes), call.where)
    chosen = _gates_meant(gate, file, config)
    shown = " or ".join(chosen) or gate
    return GateRun(where, f"gate {shown}", _lanes_of(chosen, env, config), call.where, tuple(chosen))


def _flags(words: tuple[str, ...]) -> tuple[list[str], list[str], tuple[str, ...]]:
    """Gates, lanes and names of checks on the command line of `readiness run`."""
    taken: dict[str, list[str]] = {"--gate": [], "--lane": []}
    if "run" not in words:
        return [], [], ()
    rest, names = list(words[words.index("run") + 1 :]), []
    while rest:
        word = rest.pop(0)
        option, equals, value = word.partition("=")
        if option in (*taken, "-C", "--config", "--jobs", "--grace"):
            taken.setdefault(option, []).append(value if equals else rest.pop(0) if rest else "")
        elif not word.startswith("-"):
            names.append(word)
    return taken["--gate"], taken["--lane"], tuple(names)


def _gates_meant(gate: str, file: CiFile, config: Config) -> list[str]:
    """The gate of that name; for a value that only the CI knows, every gate that its file names."""
    if "$" not in gate:
        return [gate]
    return [known.name for known in config.gates if file.names(known.name)]


def _lanes_of(gates: list[str], env: Mapping[str, str], config: Config) -> frozenset[str]:
    lanes = {lane for gate in config.gates if gate.name in gates for lane in gate.lanes}
    lanes |= {"nd"} if _on(env["ND_REAL"]) else set()
    lanes |= {"live"} if _on(env["READINESS_LIVE"]) or _on(env["LIVE_PROVIDERS"]) else set()
    return frozenset(lanes)


def _on(value: str) -> bool:
    return value.lower() not in ("", "0", "false", "no", "off")
