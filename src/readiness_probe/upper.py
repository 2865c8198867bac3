"""What outlives a test: fixtures of its class, module, package and session. Set up once, torn down by the parent."""

from __future__ import annotations

import contextlib
import copy
import sys
from typing import TYPE_CHECKING

import pytest
from _pytest import runner

if TYPE_CHECKING:
    from typing import Any, ContextManager, Dict, Iterator, Optional, Tuple


def set_up_above(item: Any) -> None:
    """Set up all that the test needs and does not own, so that forked copies share it and do not make it anew.

    What goes wrong is kept by pytest, and raised again by each trial.
    """
    factory = getattr(item.config, "_tmp_path_factory", None)
    if factory is not None:
        factory.getbasetemp()
    with _captured(item, "setup"):
        try:
            item.session._setupstate.setup(item.parent)
            _bind(item)
            with _active(item):
                for name in _upper_fixtures(item):
                    item._request.getfixturevalue(name)
        except (KeyboardInterrupt, pytest.exit.Exception):
            raise
        except BaseException as error:  # noqa: BLE001 - each trial raises it again, where it is reported
            sys.stderr.write(f"readiness: set-up above {item.nodeid}: {type(error).__name__}: {error}\n")


def _bind(item: Any) -> None:
    """pytest 7 makes the instance of a unittest class when its test is set up; `setUpClass` asks for it before."""
    if "_testcase" in vars(type(item)) and getattr(item, "_testcase", item) is None:
        item._testcase = item.parent.obj(item.name)
        item._obj = getattr(item._testcase, item.name)


@contextlib.contextmanager
def _active(item: Any) -> Iterator[None]:
    """The test counts as being set up: pytest warns of a fixture that is asked for by one that is not."""
    stack = item.session._setupstate.stack
    stack[item] = ([], None)
    try:
        yield
    finally:
        waiting, _ = stack.pop(item)
        while waiting:
            waiting.pop()()


def _upper_fixtures(item: Any) -> Iterator[str]:
    known = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    for name in getattr(item, "fixturenames", ()):
        definitions = known.get(name)
        if definitions and definitions[-1].scope != "function":
            yield name


def _captured(item: Any, when: str) -> ContextManager[Any]:
    manager = item.config.pluginmanager.getplugin("capturemanager")
    if hasattr(manager, "item_capture"):
        context: ContextManager[Any] = manager.item_capture(when, item)
        return context
    return contextlib.nullcontext()


def tear_down_above(item: Any, nextitem: Any) -> Optional[Tuple[Any, Any]]:
    """Tear down what no later test needs; the report of what went wrong there with its call, or None.

    Not through the hooks for tear-downs: other plugins keep things of a test's set-up for it, and in this process the
    test itself may never have been set up.
    """
    leave = (KeyboardInterrupt, pytest.exit.Exception)
    with _captured(item, "teardown"):
        call = runner.CallInfo.from_call(
            lambda: item.session._setupstate.teardown_exact(nextitem), when="teardown", reraise=leave
        )
    if call.excinfo is None:
        return None
    return pytest.TestReport.from_item_and_call(item, call), call


def sibling_of(item: Any) -> Any:
    """A next test of the same place: with it, pytest tears down what belongs to the test alone."""
    return copy.copy(item)


def finalizers(item: Any) -> Dict[Any, int]:
    """How many finalizers each node above the test has now."""
    return {node: len(waiting) for node, (waiting, _) in item.session._setupstate.stack.items()}


def undo_since(item: Any, before: Dict[Any, int]) -> None:
    """Tear down what a forked child has set up above its test by itself: its parent knows nothing of it."""
    for node, (waiting, _) in reversed(list(item.session._setupstate.stack.items())):
        while len(waiting) > before.get(node, 0):
            try:
                waiting.pop()()
            except Exception as error:  # noqa: BLE001 - the trial's outcome stands; what is left is told
                sys.stderr.write(f"readiness: tear-down of a trial: {type(error).__name__}: {error}\n")


def own_capture(config: Any) -> None:
    """In a forked child: its output goes to files of its own, not into those that it shares with its parent."""
    manager = config.pluginmanager.getplugin("capturemanager")
    if manager is None or getattr(manager, "_global_capturing", None) is None:
        return
    manager.stop_global_capturing()
    manager.start_global_capturing()
    manager.suspend_global_capture(in_=False)
