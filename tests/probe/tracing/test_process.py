"""State of the whole process: read without a trace, named in words, and put back where that can be done."""

from __future__ import annotations

import contextvars
import os
import socket
import subprocess
import threading
import time
import warnings

import pytest

from readiness_probe.tracing import process
from readiness_probe.tracing.context import ContextHolder
from readiness_probe.tracing.filters import FiltersHolder
from readiness_probe.tracing.values import MISSING


def test_threads_are_named():
    before = process.threads()
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait, name="beat")
    thread.start()
    try:
        assert len(process.threads()) == len(before) + 1
        assert "beat" in process.words_of_threads(process.threads())
    finally:
        stop.set()
        thread.join()
    assert process.threads() == before


def test_children_are_seen_and_stay_for_their_parent():
    children = process.Children()
    before = children.read()
    child = subprocess.Popen(["sleep", "20"])
    try:
        (added,) = set(children.read()) - set(before)
        assert added == child.pid
        child.kill()
        time.sleep(0.05)
        assert child.pid in children.read(), "it ended, and nobody waited for it"
    finally:
        child.kill()
        assert child.wait() == -9
    assert children.read() == before
    assert children.words(()) == "none"


def test_a_listening_socket_is_told_by_its_port():
    sockets = process.Sockets()
    before = sockets.read()
    server = socket.create_server(("127.0.0.1", 0))
    try:
        now = sockets.read()
        assert f"listening on port {server.getsockname()[1]}" in sockets.words(now)
        assert process.is_listening(now)
        assert sockets.read() == now
    finally:
        server.close()
    assert sockets.read() == before


def test_the_time_zone_is_what_the_library_last_heard(monkeypatch):
    before = process.time_zone()
    monkeypatch.setenv("TZ", "XYZ-9")
    assert process.time_zone() == before
    time.tzset()
    try:
        assert process.words_of_time_zone(process.time_zone()) == "XYZ"
    finally:
        monkeypatch.undo()
        process.set_time_zone(before)
    assert process.time_zone() == before


@pytest.mark.parametrize("value", ["other", MISSING])
def test_a_context_variable_is_put_back_for_what_runs_next(value):
    def inside():
        variable = contextvars.ContextVar("of_a_test", default="default")
        if value is not MISSING:
            variable.set(value)
        holder = ContextHolder()
        holder.seen = holder.now()
        variable.set("leaked")
        kept = contextvars.ContextVar("kept")
        kept.set("kept")
        ((name, before, after),) = [
            one for one in holder.changes(holder.seen, holder.now()) if one[0] != "kept"
        ]
        assert (name, before, after) == ("of_a_test", value, "leaked")
        assert holder.run(variable.get) == "leaked"
        holder.put(name, before)
        assert holder.run(lambda: (variable.get(), kept.get())) == (
            "default" if value is MISSING else value,
            "kept",
        )

    contextvars.copy_context().run(inside)


def test_two_variables_of_one_name_are_told_apart():
    def inside():
        one, other = contextvars.ContextVar("twice"), contextvars.ContextVar("twice")
        one.set(1)
        holder = ContextHolder()
        assert holder.now()["twice"] == 1
        other.set(2)
        assert (holder.now()["twice"], holder.now()["twice#2"]) == (1, 2)

    contextvars.copy_context().run(inside)


def test_warnings_filters_are_put_back_and_heard():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        holder = FiltersHolder()
        holder.seen = holder.now()
        warnings.simplefilter("error")
        ((name, before, _),) = holder.changes(holder.seen, holder.now())
        with pytest.raises(UserWarning):
            warnings.warn("now an error", UserWarning, stacklevel=1)
        holder.put(name, before)
        warnings.warn("now an error", UserWarning, stacklevel=1)


def test_callbacks_at_the_end_are_counted_and_put_back_in_a_copy():
    import atexit

    before = process.exit_callbacks()
    pid = os.fork()
    if pid == 0:
        atexit.register(int)
        more = process.exit_callbacks()
        process.set_exit_callbacks(before)
        os._exit(0 if (more, process.exit_callbacks()) == (before + 1, before) else 1)
    assert os.waitpid(pid, 0)[1] == 0
