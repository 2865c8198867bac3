"""The trials of a run in its folder, as `readiness trials` reads them."""

from __future__ import annotations

from readiness.run.repetition.kept import conditions_of, recorded
from readiness.trials.recorded import RUN_FILE, header_line, trial_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from readiness.run.artifacts import RunFolder
    from readiness.run.repetition.series import Series


def add_to_run(folder: RunFolder, series: Iterable[Series], code: str) -> None:
    """Append what this run's trials of a check were. Raises OSError."""
    lines: list[str] = []
    for one in series:
        trials = [trial_line(trial) for trial in recorded(one, folder.run_id)]
        if trials:
            lines += [header_line(conditions_of(one, code)), *trials]
    if lines:
        with open(folder.inside(RUN_FILE), "a", encoding="utf-8") as file:
            file.write("".join(lines))
