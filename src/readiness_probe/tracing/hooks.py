"""The hooks by which tracing stands around pytest's work. Outermost, so that pytest's own changes are undone again
before anything is looked at."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from readiness_probe.tracing.session import Tracing

if TYPE_CHECKING:
    from typing import Any, Callable, Generator, List, Optional

    from readiness_probe.recorder import Recorder


class TracingHooks:
    """What goes wrong in here is recorded, and does not reach the tests."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._tracing = Tracing(recorder)
        self._process = os.getpid()

    def _do(self, work: Callable[..., None], *arguments: Any) -> None:
        if os.getpid() != self._process:
            return
        try:
            work(*arguments)
        except Exception as error:  # noqa: BLE001 - recorded; it must not change the check
            self._recorder.problem(error)

    def inside(self, item: Any, nextitem: Any) -> Optional[bool]:
        tracing = self._tracing
        if tracing.replayer is None:
            return None
        if not self._in_a_replay() and tracing.is_for_copies(item):
            return True
        return tracing.replayer.inside(item, nextitem)

    def _in_a_replay(self) -> bool:
        replayer = self._tracing.replayer
        return replayer is not None and replayer.reports is not None

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_cmdline_main(self, config: Any) -> Generator[None, Any, None]:
        self._do(self._tracing.configure, config.option)
        yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection(self) -> Generator[None, Any, None]:
        self._do(self._tracing.begin)
        yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_make_collect_report(self, collector: Any) -> Generator[None, Any, None]:
        yield
        if isinstance(collector, pytest.File):
            self._do(self._tracing.imported, collector.nodeid)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: List[Any]) -> Generator[None, Any, None]:
        yield
        self._do(self._tracing.choose, items)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: Any) -> None:
        self._do(self._tracing.collected, session.items)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtestloop(self) -> Generator[None, Any, None]:
        outcome = yield
        if outcome.excinfo is None or not issubclass(outcome.excinfo[0], KeyboardInterrupt):
            self._do(self._tracing.finish)
        self._do(self._tracing.close)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: Any) -> Generator[None, Any, None]:
        self._do(self._tracing.before, item)
        yield
        self._do(self._tracing.after, item)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        """What is shown in the end: an attempt that a plugin repeats is not. In a replay, a subtest's."""
        if self._in_a_replay():
            self._tracing.replayer.reports.append(report)  # type: ignore[union-attr]
        elif report.failed:
            self._do(self._tracing.failed, report)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: Any, nextitem: Any) -> Generator[None, Any, None]:
        self._do(self._tracing.ends, item, nextitem)
        yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, Any, None]:
        outlives = fixturedef.scope != "function"
        if outlives:
            self._do(self._tracing.fixture_begins)
        yield
        if outlives and self._in_a_replay():
            self._tracing.fixture_replayed(fixturedef)
        elif outlives:
            self._do(self._tracing.fixture_made, fixturedef)

    @pytest.hookimpl(trylast=True)
    def pytest_fixture_post_finalizer(self, fixturedef: Any) -> None:
        if fixturedef.scope != "function":
            self._do(self._tracing.fixture_ends, fixturedef)


class Inside:
    """In place of pytest's own way to run a test: a replay, in a copy of the process."""

    def __init__(self, hooks: TracingHooks) -> None:
        self._hooks = hooks

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: Any, nextitem: Any) -> Optional[bool]:
        return self._hooks.inside(item, nextitem)


def register(pluginmanager: Any, recorder: Recorder) -> None:
    hooks = TracingHooks(recorder)
    pluginmanager.register(hooks, "readiness_probe.tracing")
    pluginmanager.register(Inside(hooks), "readiness_probe.replays")
