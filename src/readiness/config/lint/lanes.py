"""What a lane promises, held against what its checks say."""

from __future__ import annotations

from itertools import pairwise

from readiness.config.lint.subject import NOTE, WARNING, at, found, listed
from readiness.record.outcome import LANES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    from readiness.config.lint.subject import Reading, Subject
    from readiness.config.model import Check, Config, Gate
    from readiness.record.result import LintFinding

# Program: the subcommands that go out, and the options that keep them in.
_GOES_OUT: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "pip": (("install", "download", "wheel"), ("--no-index", "--no-build-isolation")),
    "pip3": (("install", "download", "wheel"), ("--no-index", "--no-build-isolation")),
    "uv": (("sync", "pip", "lock", "add"), ("--offline", "--no-index")),
    "poetry": (("install", "update", "lock"), ()),
    "pdm": (("install", "sync", "update"), ()),
    "npm": (("install", "i", "ci"), ("--offline",)),
    "pnpm": (("install", "i"), ("--offline",)),
    "yarn": (("install", "add"), ("--offline",)),
    "git": (("clone", "fetch", "pull", "ls-remote", "push"), ()),
    "apt": (("install", "update"), ()),
    "apt-get": (("install", "update"), ()),
    "docker": (("pull", "push"), ()),
}
_FETCHERS: Final = ("curl", "wget", "http", "https", "xh")
_FETCH_VALUES: Final = (
    "-o",
    "--output",
    "-O",
    "-H",
    "--header",
    "-d",
    "--data",
    "-X",
    "-A",
    "-u",
    "-w",
    "-m",
)
_ONLY_PRINT: Final = ("echo", "printf", ":")


def findings(subject: Subject) -> Iterator[LintFinding]:
    yield from _guessed(subject.config)
    for reading in subject.readings:
        check = reading.check
        if check.lane == "nd" and check.trials is None:
            yield _without_trials(check, subject.config.form)
        if check.lane == "core":
            yield from _needs_network(reading)
    yield from _nothing_required(subject.config)
    yield from _empty_lanes(subject.config)


def _guessed(config: Config) -> Iterator[LintFinding]:
    """One note for the file: in the old form every lane is a guess."""
    guessed = [check for check in config.checks if check.lane_from == "name"]
    if guessed:
        by_lane = [(lane, [check.name for check in guessed if check.lane == lane]) for lane in LANES]
        shown = "; ".join(f"{lane}: {listed(names)}" for lane, names in by_lane if names)
        message = f"lanes were read off the names of the checks ({shown})"
        advice = "`readiness migrate` writes the new form, in which each check says its lane"
        yield found("lane-guess", NOTE, at(guessed[0].place), message, advice)


def _without_trials(check: Check, form: int) -> LintFinding:
    message = f"`{check.name}` is judged by one run, and a real model answers differently each time"
    advice = "add `trials: {good: 0.95, bad: 0.80, budget: {trials: 100}}`"
    advice += " (in the new form: `readiness migrate`)" if form == 1 else ""
    severity = NOTE if check.optional else WARNING
    return found("nd-without-trials", severity, at(check.place), message, advice)


def _needs_network(reading: Reading) -> Iterator[LintFinding]:
    for call in reading.trace.calls:
        outside = _reaches_out(call.words)
        if outside:
            message = f"`{reading.check.name}` is in lane core, which has no network, and {outside}"
            advice = "do that in a step before the gate, or move the check to lane live"
            yield found("core-needs-network", WARNING, call.where, message, advice)
            return


def _reaches_out(words: tuple[str, ...]) -> str:
    """What of a command goes out to the network; empty when nothing is known to."""
    if not words or words[0] in _ONLY_PRINT:
        return ""
    program = words[0].rpartition("/")[2]
    subcommands, offline = _GOES_OUT.get(program, ((), ()))
    if words[1:2] and words[1] in subcommands and not set(offline).intersection(words):
        return f"`{program} {words[1]}` goes out to it"
    outside = next((word for word in words[1:] if "://" in word and _is_outside(word)), "")
    if outside:
        return f"`{program}` is given {outside}"
    bare = [
        word
        for before, word in pairwise(words)
        if not word.startswith(("-", "/", ".")) and before not in _FETCH_VALUES
    ]
    if program in _FETCHERS and bare and "://" not in "".join(words) and _is_host(bare[-1]):
        return f"`{program}` goes out to {bare[-1]}"
    return ""


def _is_outside(word: str) -> bool:
    """True for an http(s) URL whose host is neither this machine nor a variable."""
    scheme, _, rest = word.rpartition("://")
    if not scheme.endswith(("http", "https")):
        return False
    authority = rest.split("/")[0].split("?")[0].rpartition("@")[2]
    host = authority[1:].partition("]")[0] if authority.startswith("[") else authority.partition(":")[0]
    return bool(host) and not host.startswith(("$", "{", "127.")) and host not in _LOOPBACK


_LOOPBACK: Final = ("localhost", "::1", "0.0.0.0", "ip6-localhost")


def _is_host(word: str) -> bool:
    host = word.split("/")[0].partition(":")[0]
    ending = host.rpartition(".")[2]
    return "." in host and ending.isalpha() and len(ending) > 1 and "$" not in host


def _nothing_required(config: Config) -> Iterator[LintFinding]:
    """Gates that cannot be red. Gates without any check at all are told by their empty lanes."""
    by_place: dict[str, list[str]] = {}
    for gate in config.gates:
        checks = [check for check in config.checks if check.lane in gate.lanes]
        if checks and all(check.optional for check in checks):
            by_place.setdefault(at(gate.place), []).append(gate.name)
    for where, gates in by_place.items():
        message = f"every check is optional in gate {listed(gates)}, which so cannot be red"
        advice = "remove `optional: true` from what must hold"
        yield found("optional-everything", WARNING, where, message, advice)


def _empty_lanes(config: Config) -> Iterator[LintFinding]:
    if config.form == 1 or _gates_by_default(config):
        return
    filled = {check.lane for check in config.checks}
    for gate in config.gates:
        empty = [lane for lane in gate.lanes if lane not in filled]
        if empty:
            yield _empty(gate, empty)


def _empty(gate: Gate, lanes: list[str]) -> LintFinding:
    verdict = "NOT READY" if gate.strict else "INCONCLUSIVE"
    message = f"gate {gate.name} needs lane {listed(lanes)}, in which there is no check: {verdict} every time"
    advice = "add a check to that lane, or take the lane out of the gate until there is one"
    return found("empty-lane", WARNING, at(gate.place), message, advice)


def _gates_by_default(config: Config) -> bool:
    """True when the file declares no gates: those it then has all stand at its first line."""
    return len({(gate.place.line, gate.place.column) for gate in config.gates}) == 1 < len(config.gates)
