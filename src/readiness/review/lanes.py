"""Section 4: which lanes ran and on what, and which never run where it counts, with the lines that say so."""

from __future__ import annotations

from readiness.record.outcome import LANES, LaneVerdict
from readiness.report import answered, trials, wording
from readiness.review.document import Section, marked, name, names, stated, words
from readiness.review.sources import commit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    from readiness.record.record import LaneStatus, LeftOut, Record
    from readiness.record.result import CheckResult
    from readiness.review.document import Evidence, Statement
    from readiness.review.sources import CiRun, Sources


MOST_NAMED: Final = 20


def lanes(record: Record, sources: Sources) -> Section:
    said = [one for lane in LANES for one in _lane(lane, record, sources)]
    return Section("Lane status", (*said, *_ci_in_general(sources), *_lint(record, sources)))


def unreached(sources: Sources) -> tuple[str, ...]:
    """Lanes with checks that no CI job reaches; none where it is not known what CI runs."""
    reached = {lane for run in sources.ci_runs for lane in run.lanes}
    return tuple(lane for lane in sources.lanes if sources.ci_runs and lane not in reached)


def _lane(lane: str, record: Record, sources: Sources) -> Iterator[Statement]:
    status = record.lanes.get(lane)
    checks = [check for check in record.checks if check.lane == lane]
    if status is None or not (checks or lane in sources.lanes or _left_out(lane, record)):
        return
    if status.verdict is LaneVerdict.NOT_RUN:
        yield _not_run(lane, status, sources)
    else:
        yield _ran(lane, status, record, sources)
    for check in checks:
        yield from _measured(check, sources)
    for why in dict.fromkeys(one.why for one in _left_out(lane, record)):
        which = names([one.name for one in _left_out(lane, record) if one.why == why])
        yield stated(f"Not in this run: {which}: {words(why)}.", sources.started('"left_out"'))
    yield from _in_ci(lane, sources)


def _left_out(lane: str, record: Record) -> list[LeftOut]:
    return [one for one in record.header.left_out if one.lane == lane]


def _ran(lane: str, status: LaneStatus, record: Record, sources: Sources) -> Statement:
    checks = [check for check in record.checks if check.lane == lane]
    by_outcome: dict[str, list[str]] = {}
    for check in checks:
        by_outcome.setdefault(wording.outcome_word(check.outcome), []).append(check.name)
    ended = "; ".join(f"{outcome}: {names(which, MOST_NAMED)}" for outcome, which in by_outcome.items())
    against = wording.ran_against(lane, record.checks)
    rates = f" ({found})" if (found := trials.lane_rates(status)) else ""
    said = f"Lane {name(lane)}: {status.verdict}{rates}. It ran against {words(against)}: {ended}."
    return stated(
        said, sources.reported("lanes"), *(sources.check(check.name) for check in checks[:MOST_NAMED])
    )


def _not_run(lane: str, status: LaneStatus, sources: Sources) -> Statement:
    last = f"it last ran at {words(status.last_at)}, in run {name(status.last_run)}: {words(status.last_verdict)}"
    never = "no run on record reached it"
    return stated(
        f"Lane {name(lane)}: NOT RUN; {last if status.last_run else never}.", sources.reported("lanes")
    )


def _measured(check: CheckResult, sources: Sources) -> Iterator[Statement]:
    """Which model answered a check, and how its trials came out."""
    told = sources.told(check.name)
    if who := answered.line(check):
        yield stated(f"{name(check.name)} was answered by {words(who)}.", told)
    for one in check.trials.tests if check.trials else ():
        yield stated(f"{name(check.name)}: {words(trials.line(one))}.", told)


def _in_ci(lane: str, sources: Sources) -> Iterator[Statement]:
    if not sources.ci_runs or lane not in sources.lanes:
        return
    first, place = sources.lanes[lane]
    reaching = [run for run in sources.ci_runs if lane in run.lanes]
    if reaching:
        at = ", ".join(f"{name(run.where)} runs {words(run.what)}" for run in reaching)
        yield stated(f"CI reaches lane {name(lane)}: {at}.", *_lines(tuple(reaching), sources))
        return
    shown = "; ".join(_told(run) for run in sources.ci_runs)
    said = f"No CI job reaches lane {name(lane)}, so nothing watches {name(first)} ({name(place)}): {shown}:"
    yield stated(said, *_lines(sources.ci_runs, sources), sources.line_now(place), quoted=True)
    yield from _since(place, sources)


def _told(run: CiRun) -> str:
    through = f" by {name(run.through)}" if run.through else ""
    return f"{name(run.where)} runs {words(run.what)}{through}, which has {words(', '.join(run.lanes) or 'no lane')} alone"


def _lines(runs: tuple[CiRun, ...], sources: Sources) -> list[Evidence | None]:
    places = [place for run in runs for place in (run.where, run.through, run.gate) if place]
    # A file too large to be read has no lines to show.
    return [line for place in places if (line := sources.line_now(place))] or [sources.reported("lanes")]


def _since(place: str, sources: Sources) -> Iterator[Statement]:
    """Since the youngest of the lines that say so: from then on all of them said it."""
    said = [one for run in sources.ci_runs for one in (run.where, run.through, run.gate) if one]
    dated = [(sources.blame.get(one), one) for one in dict.fromkeys([*said, place])]
    known = [(one.epoch, one, where) for one, where in dated if one is not None]
    if len(known) < len(dated):
        where = next(where for one, where in dated if one is None)
        yield stated(
            f"Since when is not known: {name(where)} is in no commit yet.",
            sources.line_now(where) or sources.reported("lanes"),
        )
        return
    _, latest, where = max(known, key=lambda one: one[0])
    told = f"It has been so since commit {name(latest.commit[:12])} of {latest.day}, with which {name(where)} came"
    yield stated(f"{told}, the youngest of these lines.", commit(latest.commit), sources.line_now(where))


def _lint(record: Record, sources: Sources) -> Iterator[Statement]:
    """What lint says of lanes, where nothing above says it: no gate needs one, say."""
    for one in record.lint:
        about_ci = one.message.startswith("no CI")
        if one.rule == "unreached-lane" and (sources.config_fault or not about_ci):
            said = f"Lint, {one.severity} {name(one.rule)} at {name(one.where)}: {marked(one.message)}."
            yield stated(said, sources.line(one.where), sources.reported("lint"), quoted=True)


def _ci_in_general(sources: Sources) -> Iterator[Statement]:
    if sources.ci_runs or sources.config_fault:
        return
    if sources.ci_files:
        paths = ", ".join(map(name, sources.ci_files))
        whole = [sources.whole(path) for path in sources.ci_files]
        yield stated(
            f"No CI file runs the gate: {paths} have no line that does.", *whole, sources.reported("lint")
        )
    else:
        yield stated(
            "The project has no CI file, so nothing runs any lane by itself.", sources.reported("lint")
        )
