"""What the engine decides before it is loaded; the rest is in tests/e2e/models."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from readiness.models.engine import EngineSettings, _spin_less, signals_kept


def test_the_cache_is_exact_only_for_whole_blocks() -> None:
    assert EngineSettings("x", head_size=64).exact
    assert not EngineSettings("x", head_size=80).exact


def test_threads_are_the_cores_unless_told() -> None:
    assert EngineSettings("x", threads=3).workers == 3
    assert 1 <= EngineSettings("x").workers <= (os.cpu_count() or 1)


def test_waiting_threads_spin_little_unless_the_user_says_otherwise() -> None:
    quiet: dict[str, str] = {}
    _spin_less(quiet)
    assert quiet == {"GOMP_SPINCOUNT": "300"}
    for chosen in ({"GOMP_SPINCOUNT": "9"}, {"OMP_WAIT_POLICY": "active"}):
        kept = dict(chosen)
        _spin_less(kept)
        assert kept == chosen


def test_handlers_come_back_and_no_signal_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    try:
        with signals_kept():
            # To this thread: another one of the process, which does not keep signals, might take it at once.
            signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
            assert heard == []
        # Python calls the handler a moment later.
        limit = time.monotonic() + 10
        while not heard and time.monotonic() < limit:
            time.sleep(0.01)
        assert heard == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)
