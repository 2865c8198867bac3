"""The file of flaky tests: one writer at a time, whole or as it was."""

from __future__ import annotations

import os
import threading

import pytest

from readiness.store.flakes import PATH, FlakeStore, is_kept


@pytest.fixture
def root(tmp_path):
    (tmp_path / ".readiness").mkdir()
    return str(tmp_path)


def test_what_is_written_is_read(root):
    assert not is_kept(root)
    with FlakeStore(root) as store:
        assert store.data is None
        store.write({"a": 1})
    assert is_kept(root)
    with FlakeStore(root) as store:
        assert store.data == {"a": 1}


def test_several_gates_at_once_lose_nothing(root):
    def add():
        for _ in range(20):
            with FlakeStore(root) as store:
                store.write((store.data or 0) + 1)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with FlakeStore(root) as store:
        assert store.data == 80


def test_a_broken_file_is_an_error_and_holds_no_lock(root):
    with open(os.path.join(root, PATH), "w") as file:
        file.write("{")
    for _ in range(2):
        with pytest.raises(ValueError, match="Expecting"):
            FlakeStore(root).__enter__()
