"""The hooks by which trials come into pytest's way of running a test. Two plugins, since both stand at one hook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from readiness_probe.repeat import Repeater

if TYPE_CHECKING:
    from typing import Any, Generator, Optional

    from readiness_probe.recorder import Recorder
    from readiness_probe.trial import TrialFixture


class Around:
    """Outermost: the trials of a test are over before any other plugin hears that it begins."""

    def __init__(self, recorder: Recorder, repeater: Repeater) -> None:
        self._recorder = recorder
        self._repeater = repeater
        self._busy = False

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: Any) -> None:
        try:
            if not session.config.getoption("collectonly", False):
                self._repeater.collected(session.items)
        except Exception as error:  # noqa: BLE001 - recorded; the check goes on
            self._recorder.problem(error)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: Any) -> Generator[None, Any, None]:
        if not self._busy:
            self._busy = True
            try:
                self._repeater.repeat(item)
            except pytest.exit.Exception:
                raise
            except Exception as error:  # noqa: BLE001 - recorded: records with problems let nothing pass
                self._recorder.problem(error)
            finally:
                self._busy = False
        yield


class Inside:
    """In place of pytest's own: a trial, or what is shown of all of them."""

    def __init__(self, repeater: Repeater) -> None:
        self._repeater = repeater

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: Any, nextitem: Any) -> Optional[bool]:
        return self._repeater.inside(item, nextitem)


def register(pluginmanager: Any, recorder: Recorder, fixture: TrialFixture) -> None:
    repeater = Repeater(recorder, fixture)
    pluginmanager.register(fixture, "readiness_probe.trial")
    pluginmanager.register(Around(recorder, repeater), "readiness_probe.around_trials")
    pluginmanager.register(Inside(repeater), "readiness_probe.inside_trials")
