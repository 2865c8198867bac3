"""The hooks of pytest: each hands on what it sees to the recorder, returns nothing and raises nothing.

PYTEST_DONT_REWRITE: there is no assert in here, and xdist workers have it loaded before pytest looks.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from readiness_probe.environment import inject, make, take, without
from readiness_probe.recorder import Recorder
from readiness_probe.trial import MARKER, TrialFixture

if TYPE_CHECKING:
    from typing import Any, Callable, Generator, List

    from readiness_probe.environment import Options


OLDEST_PYTEST = 7


def pytest_addoption(pluginmanager: Any) -> None:
    """The first hook that pytest calls, before it imports any code of the project."""
    try:
        _begin(pluginmanager)
    except Exception as error:  # noqa: BLE001 - said where a person looks; the check must run as without us
        sys.stderr.write(f"readiness: this pytest is not recorded: {type(error).__name__}: {error}\n")


def _begin(pluginmanager: Any) -> None:
    clean, options = take(os.environ)
    make(os.environ, clean)
    if options is None:
        return
    sys.path[:] = without(sys.path, options.folder)
    sys.path_importer_cache.pop(options.folder, None)
    if int(pytest.__version__.partition(".")[0]) < OLDEST_PYTEST:
        raise RuntimeError(f"the probe needs pytest {OLDEST_PYTEST} or later, this is {pytest.__version__}")
    config = pluginmanager.get_plugin("pytestconfig")
    config.add_cleanup(lambda: _put_back(options))
    recorder = Recorder(options, config)
    hooks = ProbeHooks(recorder)
    config.add_cleanup(hooks.close)
    pluginmanager.register(hooks, "readiness_probe.hooks")
    if options.trials:
        from readiness_probe import repeat_hooks

        repeat_hooks.register(pluginmanager, recorder, TrialFixture())
    if options.isolation:
        from readiness_probe.tracing import hooks as tracing_hooks

        tracing_hooks.register(pluginmanager, recorder)


def _put_back(options: Options) -> None:
    """What the check's process does after this session, a second pytest.main() say, is recorded again."""
    if options.worker:
        return
    make(os.environ, inject(os.environ, options))
    sys.path.insert(0, options.folder)


class ProbeHooks:
    """One recorded session. Old-style wrappers, because pytest 7 knows no others."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def _do(self, work: Callable[..., None], *arguments: Any) -> None:
        try:
            work(*arguments)
        except Exception as error:  # noqa: BLE001 - recorded; it must not change the check
            self._recorder.problem(error)

    def close(self) -> None:
        self._do(self._recorder.close)

    def pytest_configure(self, config: Any) -> None:
        config.addinivalue_line("markers", MARKER)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(self) -> Generator[None, Any, None]:
        self._do(self._recorder.begin)
        outcome = yield
        if outcome.excinfo is not None:
            self._do(self._recorder.could_not_load, outcome.excinfo[1])

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection(self) -> Generator[None, Any, None]:
        outcome = yield
        if outcome.excinfo is not None and isinstance(outcome.excinfo[1], pytest.UsageError):
            self._do(self._recorder.could_not_load, outcome.excinfo[1])

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: Any) -> Generator[None, Any, None]:
        yield
        self._do(lambda: self._recorder.finish(int(session.exitstatus)))

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_make_collect_report(self) -> Generator[None, Any, None]:
        outcome = yield
        if outcome.excinfo is None:
            self._do(self._recorder.collect_made, outcome.get_result())

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collectreport(self, report: Any) -> Generator[None, Any, None]:
        if not report.passed:
            self._do(self._recorder.collect_reported, report)
        yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: List[Any]) -> Generator[None, Any, None]:
        self._do(self._recorder.before_selection, len(items))
        yield
        self._do(self._recorder.after_selection, len(items))

    def pytest_deselected(self, items: List[Any]) -> None:
        self._do(self._recorder.deselected, len(items))

    def pytest_collection_finish(self, session: Any) -> None:
        self._do(lambda: self._recorder.collected([item.nodeid for item in session.items]))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._do(self._recorder.started, nodeid)

    def pytest_runtest_logfinish(self) -> None:
        self._do(self._recorder.ended)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> Generator[None, Any, None]:
        raised = call.excinfo.value if call.excinfo is not None else None
        outcome = yield
        if outcome.excinfo is None:
            self._do(self._recorder.made, item, call, raised, outcome.get_result())

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self, report: Any) -> Generator[None, Any, None]:
        self._do(self._recorder.reported, report)
        yield

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self) -> None:
        self._do(self._recorder.deadline.go_on)

    def pytest_warning_recorded(self, warning_message: Any, nodeid: str) -> None:
        self._do(self._recorder.warned, warning_message, nodeid)

    def pytest_keyboard_interrupt(self, excinfo: Any) -> None:
        self._do(self._recorder.interrupted, excinfo.value)

    def pytest_internalerror(self, excrepr: Any, excinfo: Any) -> None:
        self._do(lambda: self._recorder.internal_error(excinfo.value, str(excrepr)))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        self._do(self._recorder.worker_starts, node)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: List[str]) -> None:
        self._do(self._recorder.collected, ids)
