"""Files as state: what is noticed, what is compared, and that the disk is as it was after each question."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading

import pytest

from readiness_probe.tracing import filestate
from readiness_probe.tracing.disk import Disk, OnDisk
from readiness_probe.tracing.files import FilesHolder, note_writes
from readiness_probe.tracing.ledger import TEST, Author, Ledger
from readiness_probe.tracing.tree import Tree, project_of
from readiness_probe.tracing.values import MISSING
from readiness_probe.tracing.worlds import World


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    for name, text in (("data/names.txt", "ann"), ("kept.txt", "kept"), (".git/index", "x")):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    for other in ("home", "temporary"):
        (tmp_path / other).mkdir()
    return root


@pytest.fixture
def tree(project, tmp_path):
    tree = Tree(str(project), str(tmp_path / "home"), str(tmp_path / "temporary"))
    yield tree
    tree.notices.close()


class Asked(OnDisk):
    """A world that does something to the disk when it is asked."""

    def __init__(self, disk, number, work):
        super().__init__(World(0, -1, -1), disk, number)
        self._work = work

    def ask_only(self, question):
        return self._work() or {}


class Run:
    """A run that has gone as far as `look` was called; then `ask`."""

    def __init__(self, tree):
        self.files = FilesHolder(tree, ours=True)
        self.files.seen = self.files.now()
        self.ledger = Ledger()
        self.disk = Disk(self.files, self.ledger)

    def look(self, test):
        if self.files.moved():
            now = self.files.now()
            for name, before, after in self.files.changes(self.files.seen, now):
                self.ledger.add(self.files, name, before, after, Author(TEST, str(test), test))
            self.files.seen = now
        return len(self.ledger.changes)

    def ask(self, number, work, **question):
        return Asked(self.disk, number, work).ask({"run": [0], **question})


def snapshot(folder):
    return {
        str(path.relative_to(folder)): (path.read_bytes() if path.is_file() else None, path.lstat().st_mode)
        for path in sorted(folder.rglob("*"))
    }


def names(tree, paths):
    return [os.path.relpath(path, tree.root) for path in paths]


def test_nothing_written_is_nothing_to_look_at(tree):
    assert tree.refresh() == []


def test_what_is_written_is_noticed_below_new_folders_too(tree, project):
    (project / "new" / "deep").mkdir(parents=True)
    (project / "new" / "deep" / "file.txt").write_text("x")
    (project / "kept.txt").write_text("other")
    (project / ".git" / "index").write_text("y")
    assert names(tree, tree.refresh()) == ["kept.txt", "new", "new/deep", "new/deep/file.txt"]
    (project / "new" / "deep" / "second.txt").write_text("x")
    os.remove(project / "data" / "names.txt")
    assert names(tree, tree.refresh()) == ["data/names.txt", "new/deep/second.txt"]


def test_written_and_put_back_is_no_change(tree, project):
    (project / "kept.txt").write_text("other")
    (project / "kept.txt").write_text("kept")
    (project / "passing").mkdir()
    (project / "passing").rmdir()
    assert tree.refresh() == []


def test_the_lock_of_a_session_stays_in_its_folder(tree, tmp_path):
    """Another pytest takes a folder without one for abandoned, and removes it."""
    run, own = Run(tree), tmp_path / "temporary" / "pytest-of-me" / "pytest-1"
    start = run.look(0)
    (own / "data0").mkdir(parents=True)
    (own / ".lock").write_text("1")
    tree.take_in(str(own))
    run.look(1)
    seen = {}

    def work():
        seen.update({path.name: True for path in own.iterdir()})

    run.ask(start, work)
    assert ".lock" in seen
    assert "data0" not in seen, "what tests made there is moved aside"
    assert (own / "data0").is_dir()


def test_a_program_is_noticed_and_an_older_file_of_others_is_not(tree, project, tmp_path):
    subprocess.run(["sh", "-c", "echo x > by-program.txt"], cwd=project, check=True)
    (tmp_path / "home" / "new.json").write_text("{}")
    assert [os.path.basename(path) for path in tree.refresh()] == ["new.json", "by-program.txt"]
    assert not tree.is_inside(str(tmp_path / "home" / "new.json"))


def test_the_home_of_a_user_is_never_a_project(tmp_path):
    home = tmp_path / "home"
    (home / "work").mkdir(parents=True)
    tree = Tree(str(home), str(home), str(tmp_path))
    assert not tree.is_inside(str(home / "work"))
    tree.notices.close()


def test_the_project_is_where_pytest_was_started_if_that_holds_its_root(tmp_path, monkeypatch):
    (tmp_path / "home").mkdir()
    (tmp_path / "project" / "tests").mkdir(parents=True)
    root, tests, home = (str(tmp_path / part) for part in ("project", "project/tests", "home"))
    for here, project in ((root, root), (tests, tests), (home, tests), (str(tmp_path), tests)):
        monkeypatch.chdir(here)
        assert project_of(tests, home) == project


def test_a_descriptor_that_was_closed_by_others_is_not_read(tree, project):
    os.close(tree.notices._descriptor)
    (project / "kept.txt").write_text("other")
    assert tree.refresh() == []
    assert not tree.notices.works


@pytest.mark.parametrize("kind", ["file", "folder", "link", "absent"])
def test_a_state_is_written_back_over_anything(tmp_path, kind):
    place, other = tmp_path / "place", tmp_path / "other"
    make = {
        "file": lambda path: path.write_text("text"),
        "folder": lambda path: path.mkdir(mode=0o700),
        "link": lambda path: path.symlink_to("target"),
        "absent": lambda path: None,
    }
    make[kind](place)
    state = filestate.read(str(place))
    for now in make:
        make[now](other)
        filestate.write(str(other), state)
        assert filestate.same(filestate.read(str(other)), state), now
        filestate.write(str(other), MISSING)
        assert not os.path.lexists(other)


def test_what_was_not_kept_is_not_written(tmp_path):
    large = tmp_path / "large"
    large.write_bytes(b"x" * (filestate.KEPT + 1))
    state = filestate.read(str(large))
    assert not state.can_be_written
    with pytest.raises(ValueError, match="not kept"):
        filestate.write(str(large), state)


def test_another_program_may_remove_what_was_moved_aside(tree, project):
    run = Run(tree)
    (project / "kept.txt").write_text("one")
    run.look(0)
    (project / "data" / "names.txt").write_text("bob")
    run.look(1)
    end = snapshot(project)

    def work():
        (aside,) = project.glob(".readiness-aside-*")
        shutil.rmtree(aside)

    run.ask(0, work)
    assert snapshot(project) == end


def test_a_question_finds_the_disk_of_its_world_and_leaves_it_as_it_was(tree, project):
    run = Run(tree)
    (project / "kept.txt").write_text("one")
    (project / "made").mkdir()
    (project / "made" / "large").write_bytes(b"x" * (filestate.KEPT + 1))
    first = run.look(0)
    (project / "kept.txt").write_text("two")
    os.remove(project / "data" / "names.txt")
    run.look(1)
    end, seen = snapshot(project), []

    def look():
        made = (project / "made").exists()
        seen.append(((project / "kept.txt").read_text(), made, (project / "data" / "names.txt").exists()))

    run.ask(0, look)
    run.ask(first, look)
    run.ask(len(run.ledger.changes), look)
    run.ask(first, look, put=[0])
    assert seen[:3] == [("kept", False, True), ("one", True, True), ("two", True, False)]
    assert run.ledger.changes[0].state == "file kept.txt"
    assert seen[3] == ("kept", True, True)
    assert snapshot(project) == end


def test_what_a_replay_writes_is_gone_again_and_what_others_write_stays(tree, project):
    run = Run(tree)
    (project / "flag").write_text("x")
    run.look(0)
    end = snapshot(project)

    def replay():
        (project / "of-the-replay").write_text("x")
        (project / "flag").write_text("other")
        (project / "of-a-person").write_text("kept")
        return {"wrote": [str(project / "of-the-replay")]}

    run.ask(1, replay)
    assert (project / "of-a-person").read_text() == "kept"
    os.remove(project / "of-a-person")
    assert snapshot(project) == end


def test_a_world_that_breaks_leaves_the_disk_as_it_was(tree, project):
    run = Run(tree)
    (project / "kept.txt").write_text("one")
    run.look(0)
    end = snapshot(project)

    def breaks():
        raise OSError("no such world")

    assert run.ask(0, breaks)["outcome"] == "lost"
    assert snapshot(project) == end


def test_who_is_asked_to_end_puts_the_files_in_their_places_first(tree, project):
    run = Run(tree)
    (project / "kept.txt").write_text("one")
    run.look(0)
    end = snapshot(project)
    middle = os.fork()
    if middle == 0:
        tree.notices._process = os.getpid()
        threading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGTERM)).start()
        run.ask(0, lambda: threading.Event().wait(10) and {})
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(middle, 0)[1]) == signal.SIGTERM
    assert snapshot(project) == end


def test_files_are_not_touched_where_others_work_in_the_same_folder(tree, project):
    run = Run(tree)
    run.files.ours = False
    (project / "kept.txt").write_text("one")
    run.look(0)
    seen = []
    run.ask(0, lambda: seen.append((project / "kept.txt").read_text()))
    assert seen == ["one"]


def test_writes_are_noted_with_their_paths(tmp_path):
    """In a process of its own: an audit hook stays for good."""
    code = (
        "import os, sys\nsys.path.insert(0, sys.argv[1])\n"
        "from readiness_probe.tracing.files import note_writes\nfound = note_writes()\n"
        "open('read.txt', 'w').close()\nbefore = set(found)\nopen('read.txt').close()\nassert found == before\n"
        "os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')\n"
        "try:\n    open('nowhere', 'w')\nexcept FileNotFoundError as error:\n    assert error.filename == 'nowhere'\n"
        "sys.audit('open'); os.chdir(sys.argv[2])\n"
        "os.mkdir('folder'); os.rename('read.txt', 'moved.txt'); os.remove('moved.txt')\n"
        "print(sorted(map(os.path.basename, found - before)))\n"
    )
    src = os.path.dirname(os.path.dirname(os.path.dirname(sys.modules[note_writes.__module__].__file__)))
    done = subprocess.run(
        [sys.executable, "-c", code, src, str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "['folder', 'gone', 'moved.txt']"
