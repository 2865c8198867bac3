"""The words that every report uses for the same thing, so that they read alike."""

from __future__ import annotations

from readiness.record.outcome import LaneVerdict, Outcome, RanAgainst, Verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Final

    from readiness.record.record import Header, LaneStatus, Provenance, Record
    from readiness.record.result import CheckResult, Counts, Failure

SYMBOLS: Final = {
    Outcome.PASSED: "✔",
    Outcome.FAILED: "✘",
    Outcome.ERROR: "✘",
    Outcome.TIMED_OUT: "✘",
    Outcome.HOLLOW: "○",
    Outcome.SKIPPED: "○",
    Outcome.FLAKY: "~",
    Outcome.INCONCLUSIVE: "?",
    Outcome.NOT_RUN: "-",
    Outcome.INTERRUPTED: "-",
}
"""Beside the word, never instead of it. Only what passed has the tick."""

VERDICT_SIGNS: Final = {Verdict.READY: "✔", Verdict.NOT_READY: "✘", Verdict.INCONCLUSIVE: "?"}

LANE_MEANINGS: Final = {
    "core": "deterministic, without a network",
    "nd": "against a real model, judged by repeated trials",
    "live": "against outside providers",
}

AGAINST: Final = {
    RanAgainst.NOTHING: "nothing: it did not run",
    RanAgainst.HERMETIC: "no network, proved",
    RanAgainst.REAL: "the real thing",
    RanAgainst.STUB: "a stand-in",
    RanAgainst.REPLAY: "recorded answers",
    RanAgainst.UNPROVEN: "unproven",
}

DID_NOT_RUN: Final = (Outcome.SKIPPED, Outcome.NOT_RUN, Outcome.INTERRUPTED)


def outcome_word(outcome: Outcome) -> str:
    return outcome.value.replace("_", " ")


def duration(seconds: float) -> str:
    """`0.42 s`, `12.3 s`, `4 min 5 s`, `2 h 3 min`."""
    if seconds < 59.95:
        return f"{seconds:.2f} s" if seconds < 9.995 else f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def age(seconds: float) -> str:
    """How long ago, in the largest unit that says enough."""
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return f"{plural(int(seconds // size), unit)} ago"
    return f"{plural(int(seconds), 'second')} ago"


def took(check: CheckResult) -> str:
    """Wall time, or why there is none."""
    if check.cached_from:
        return "cached"
    return duration(check.seconds) if check.seconds or check.outcome not in DID_NOT_RUN else "-"


def plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def counts(of: Counts) -> str:
    """`41 passed, 1 failed`; empty when no test was recorded."""
    named = (
        (of.passed, "passed"),
        (of.failed, "failed"),
        (of.errors, "error" if of.errors == 1 else "errors"),
        (of.skipped, "skipped"),
        (of.xfailed, "xfailed"),
        (of.xpassed, "xpassed"),
        (of.deselected, "deselected"),
    )
    return ", ".join(f"{number} {word}" for number, word in named if number)


def lane_age(status: LaneStatus) -> str:
    """When the lane ran: `now`, `never`, or when it last did and what it said then."""
    if status.verdict is not LaneVerdict.NOT_RUN:
        return "now"
    if status.age is None:
        return "never"
    return f"last {status.last_verdict or 'ran'} {age(status.age)}"


def ran_against(lane: str, checks: Iterable[CheckResult]) -> str:
    """What the checks of a lane were measured on, each word once."""
    seen = [
        AGAINST[check.ran_against]
        for check in checks
        if check.lane == lane and check.outcome not in DID_NOT_RUN
    ]
    return ", ".join(dict.fromkeys(seen)) or "nothing"


def commit(provenance: Provenance, length: int = 40) -> str:
    """Which code ran: the commit, and how far the files were from it."""
    if not provenance.commit:
        return provenance.note or "no commit known"
    changed = plural(provenance.dirty_files, "changed file")
    dirty = f" and {changed} ({provenance.dirty_digest[:12]})" if provenance.dirty_digest else ""
    return provenance.commit[:length] + dirty


def first_failure(check: CheckResult) -> Failure | None:
    return check.failures[0] if check.failures else None


def against_it(record: Record) -> tuple[CheckResult, ...]:
    """Checks that did not pass, the required ones first, in the order of the plan."""
    bad = [check for check in record.checks if check.outcome is not Outcome.PASSED]
    return tuple(sorted(bad, key=lambda check: not check.required))


def command_line(header: Header) -> str:
    """The command that starts the same run: the switches that the environment held, then what was typed."""
    switches = [f"{one.name}={quoted(one.value)}" for one in header.switches if one.source == "environment"]
    return " ".join([*switches, *map(quoted, header.argv)])


def facts(header: Header) -> dict[str, str]:
    """What there is to know of the run itself, by name; what is not known is left out."""
    found = {
        "run": header.run_id,
        "branch": header.provenance.branch,
        "digest of changed files": header.provenance.dirty_digest,
        "configuration": f"{header.config_path} (sha256 {header.config_sha256})",
        "interpreter": f"{header.interpreter} {header.interpreter_version}",
        "packages": ", ".join(f"{name} {version}" for name, version in sorted(header.packages.items())),
        "host": header.host,
        "platform": header.platform,
        "switches": ", ".join(f"{one.name}={one.value} ({one.source})" for one in header.switches),
        "readiness": header.readiness_version,
    }
    return {name: fact for name, fact in found.items() if fact.strip()}


def next_command(record: Record) -> str:
    """What to type next; empty when there is nothing to do."""
    gate = f" --gate {quoted(record.header.gate)}"
    if record.interrupted:
        return "readiness run --resume"
    if record.verdict is Verdict.READY:
        return ""
    required = next((check for check in against_it(record) if check.required), None)
    if required is None:
        return (
            "readiness lint"
            if any(one.severity == "error" for one in record.lint)
            else f"readiness list{gate}"
        )
    return f"readiness run {quoted(required.name)}{gate}{' --strict' if record.header.strict else ''}"


def patch_commands(record: Record) -> tuple[str, ...]:
    """What to type to make the verified patch of each check that has one."""
    folder = f".readiness/runs/{record.header.run_id}/patches"
    return tuple(
        f"git apply {quoted(f'{folder}/{check.name}.diff')}"
        f"  # verified: mends {plural(len(found[0].mended), 'test')}"
        for check in record.checks
        if (found := [one.patch for one in check.findings if one.patch and one.patch.verified])
    )


def quoted(word: str) -> str:
    """A word as a POSIX shell reads it back."""
    safe = word.isascii() and all(letter.isalnum() or letter in "_@%+=:,./-" for letter in word)
    return word if word and safe else "'" + word.replace("'", "'\"'\"'") + "'"
