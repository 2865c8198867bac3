"""What a test sees of the trial that it runs in: the fixture `trial`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from readiness_probe.trial_variables import NUMBER, SEED, Trial

if TYPE_CHECKING:
    from typing import Optional

MARKER = "trials(good, bad): run this test until it is plain whether it succeeds at least at the rate `good`, or at most at `bad`"


class TrialFixture:
    """The fixture `trial`. A fixture of that name in the project stands in front of it."""

    def __init__(self) -> None:
        self.current: Optional[Trial] = None

    @pytest.fixture
    def trial(self) -> Trial:
        """Which execution of this test it is: `.number` and `.seed`."""
        return self.current or Trial(_whole(os.environ.get(NUMBER), 1), _whole(os.environ.get(SEED), 0))


def _whole(text: Optional[str], otherwise: int) -> int:
    try:
        return int(text) if text else otherwise
    except ValueError:
        return otherwise
