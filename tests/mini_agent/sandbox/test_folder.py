from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from mini_agent.sandbox import folder
from mini_agent.sandbox.inside import plan as words
from mini_agent.sandbox.places import places


def test_it_is_private_and_new(tmp_path: Path):
    one, other = (folder.make(words.NAMESPACES, places(), str(tmp_path)) for _ in range(2))
    assert one != other
    assert os.stat(one).st_mode & 0o777 == 0o700
    assert os.path.realpath(one) == one


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives folders away")
def test_made_by_root_it_belongs_to_nobody_s_number(tmp_path: Path):
    owner = os.stat(folder.make(words.NAMESPACES, places(), str(tmp_path))).st_uid
    assert folder.FIRST_UID <= owner <= folder.LAST_UID


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives folders away")
def test_where_the_interpreter_is_out_of_that_number_s_reach_it_stays_root_s(tmp_path: Path):
    tmp_path.chmod(0o700)
    hidden = replace(places(), readable=(str(tmp_path / "library"),))
    assert os.stat(folder.make(words.BARE, hidden)).st_uid == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives folders away")
def test_root_that_could_not_look_inside_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert os.stat(folder.make(words.NAMESPACES, places(), str(tmp_path))).st_uid == 0


def test_reachable_asks_every_folder_above(tmp_path: Path):
    inner = tmp_path / "inner"
    inner.mkdir()
    tmp_path.chmod(0o700)
    assert not folder.reachable(str(inner / "file"))
    assert folder.reachable("/usr/bin/env")


def test_removing_follows_no_link_and_opens_what_was_shut(tmp_path: Path):
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("x")
    made = folder.make(words.BARE, places(), str(tmp_path))
    shut = Path(made, "shut", "deep")
    shut.mkdir(parents=True)
    (shut / "file").write_text("x")
    Path(made, "link").symlink_to(kept)
    shut.chmod(0)
    shut.parent.chmod(0o500)
    os.chmod(made, 0)
    folder.reopen(made)
    folder.remove(made)
    assert not os.path.exists(made)
    assert (kept / "file").read_text() == "x"
    folder.remove(made)
