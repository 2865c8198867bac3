"""`readiness run --watch` as somebody at a keyboard sees it: real runs, real edits, real signals."""

from __future__ import annotations

import re
import signal
import threading

import pytest

CONFIG = """version: 2
checks:
  - {name: one, lane: core, run: "cat one.txt && test ! -e broken", inputs: ["one.txt"]}
  - {name: two, lane: core, run: "cat two.txt", inputs: ["two.txt"]}
"""
FILES = {"readiness.yml": CONFIG, "one.txt": "1\n", "two.txt": "2\n", "notes.txt": "\n"}


class Watched:
    """A watching `readiness` and what it has said so far."""

    def __init__(self, project, wait_for, *words):
        self.process = project.start("run", "--quiet", "--watch", *words)
        self._wait_for = wait_for
        self._said = []
        self._seen = 0
        self._readers = [
            threading.Thread(target=self._read, args=(stream,), daemon=True)
            for stream in (self.process.stdout, self.process.stderr)
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, stream):
        self._said.extend(stream)

    def until(self, pattern):
        """What was said since the last call, up to a line with the pattern."""

        def found():
            for at in range(self._seen, len(self._said)):
                if re.search(pattern, self._said[at]):
                    return at + 1
            return 0

        try:
            end = self._wait_for(found, 60)
        except AssertionError:
            raise AssertionError(f"never said {pattern!r}: {''.join(self._said[self._seen :])}") from None
        text = "".join(self._said[self._seen : end])
        self._seen = end
        return text

    def stop(self, number):
        self.process.send_signal(number)
        code = self.process.wait(30)
        for reader in self._readers:
            reader.join(10)
        for stream in (self.process.stdout, self.process.stderr):
            stream.close()
        return code


@pytest.fixture
def watched(make_project, wait_for):
    project = make_project(FILES)
    return project, Watched(project, wait_for)


def test_a_change_runs_what_it_touches_and_a_broken_config_is_waited_out(watched):
    project, watch = watched
    first = watch.until("watching")
    assert re.search("^READY  2 required checks passed", first, re.MULTILINE)

    project.write({"two.txt": "22\n"})
    said = watch.until("watching")
    assert "changed: two.txt; runs two" in said
    assert re.search("passed +two ", said)
    assert not re.search("passed +one ", said)

    project.write({"notes.txt": "only notes\n"})
    assert "changed: notes.txt; no check depends on it" in watch.until("watching")

    project.write({"readiness.yml": CONFIG.replace("lane: core", "lane: cure", 1)})
    said = watch.until("watching")
    assert "readiness.yml:3:" in said
    assert "READY" not in said

    project.write({"one.txt": "11\n", "broken": ""})
    watch.until("watching")
    project.write({"readiness.yml": CONFIG})
    said = watch.until("watching")
    assert re.search("failed +one ", said), "what changed while nothing could be run is not forgotten"

    project.write({"two.txt": "222\n"})
    said = watch.until("watching")
    assert "not run again, and not passed before: one" in said
    assert watch.stop(signal.SIGINT) == 130


def test_a_signal_ends_the_run_that_goes_on_and_leaves_nothing(make_project, wait_for):
    config = 'version: 2\nchecks: [{name: long, lane: core, run: "echo up > up; sleep 60"}]\n'
    project = make_project({"readiness.yml": config})
    watch = Watched(project, wait_for)
    wait_for(lambda: (project.root / "up").exists(), 30)
    assert watch.stop(signal.SIGTERM) == 143
    assert watch.until("interrupted: SIGTERM")
    assert watch.until("stopped by SIGTERM")


def test_what_checks_write_themselves_starts_no_run(make_project, wait_for):
    config = 'version: 2\nchecks: [{name: writes, lane: core, run: "date +%N >> out.txt"}]\n'
    project = make_project({"readiness.yml": config})
    watch = Watched(project, wait_for)
    watch.until("watching")
    project.write({"other.txt": "1"})
    said = watch.until("watching")
    assert "changed: other.txt; runs writes" in said
    assert len((project.root / "out.txt").read_text().splitlines()) <= 3
    assert watch.stop(signal.SIGINT) == 130
