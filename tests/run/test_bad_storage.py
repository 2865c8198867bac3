"""A disk that is full, a folder that cannot be written, files that something damaged or removed: nothing written
earlier is lost, and what could not be written is said."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest


def config(checks: dict[str, tuple[str, dict]]) -> str:
    entries = [{"name": name, "lane": "core", "run": run, **more} for name, (run, more) in checks.items()]
    return json.dumps({"version": 2, "checks": entries})


ONE = config({"a": ("touch ran; test 1", {})})


def _mounts_allowed() -> list[str]:
    """The words that give a command a mount table of its own; none where the kernel refuses."""
    for words in (["unshare", "--mount"], ["unshare", "--user", "--map-root-user", "--mount"]):
        try:
            script = "mount -t tmpfs -o size=64k tmpfs /mnt"
            if subprocess.run([*words, "sh", "-c", script], capture_output=True).returncode == 0:
                return words
        except OSError:
            continue
    return []


@pytest.fixture
def on_small_disk():
    """Run a shell script with a disk of `size` on the project's .readiness; what is on it afterwards is kept in
    .readiness itself."""
    words = _mounts_allowed()

    def run(project, size: str, script: str) -> subprocess.CompletedProcess[str]:
        if not words:
            pytest.skip("no file system can be mounted here")
        (project.root / ".readiness").mkdir()
        readiness = f"{sys.executable} -m readiness"
        around = (
            f"mount -t tmpfs -o size={size} tmpfs .readiness\n"
            f'readiness() {{ {readiness} "$@"; }}\n{script}\ncode=$?\n'
            "cp -r .readiness kept\numount .readiness\ncp -r kept/. .readiness/\nexit $code\n"
        )
        command = [*words, "sh", "-c", around]
        return subprocess.run(
            command, cwd=project.root, env=project.environ, capture_output=True, text=True, timeout=60
        )

    return run


def test_a_file_in_place_of_the_artifacts_folder_stops_the_run_before_it_starts(make_project):
    project = make_project({"readiness.yml": ONE, ".readiness": "a file"})
    ran = project.run()
    assert ran.code == 2
    assert ran.err.endswith(
        ".readiness/runs: Not a directory; the run's record cannot be kept, so nothing was run\n"
    )
    assert not (project.root / "ran").exists()
    assert (project.root / ".readiness").read_text() == "a file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_stops_the_run_before_it_starts(make_project):
    project = make_project({"readiness.yml": ONE})
    project.root.chmod(0o500)
    try:
        ran = project.run()
    finally:
        project.root.chmod(0o700)
    assert (ran.code, "Permission denied; the run's record cannot be kept" in ran.err) == (2, True)


def test_a_read_only_artifacts_folder_stops_the_run_before_it_starts(make_project, on_small_disk):
    project = make_project({"readiness.yml": ONE})
    ended = on_small_disk(project, "1m", "mount -o remount,ro .readiness\nreadiness run")
    assert ended.returncode == 2
    assert "Read-only file system; the run's record cannot be kept, so nothing was run" in ended.stderr
    assert not (project.root / "ran").exists()


def test_a_disk_that_is_full_at_the_start_stops_the_run_before_it_starts(make_project, on_small_disk):
    project = make_project({"readiness.yml": ONE})
    ended = on_small_disk(project, "8k", "head -c 4096 /dev/zero > .readiness/filler\nreadiness run")
    assert ended.returncode == 2
    assert "No space left on device; the run's record cannot be kept, so nothing was run" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert not (project.root / "ran").exists()


def test_a_disk_that_fills_up_leaves_the_run_inconclusive_and_loses_nothing(make_project, on_small_disk):
    names = ["first", "fills", *(f"c{n}" for n in range(20))]
    checks = {name: ("test 1", {"needs": names[:number][-1:]}) for number, name in enumerate(names)}
    checks["fills"] = (
        "test -e full || { touch full; head -c 3000000 /dev/zero | tr '\\0' x; }; test 1",
        {"needs": ["first"]},
    )
    project = make_project({"readiness.yml": config(checks)})
    script = (
        "readiness run --quiet; code=$?\n"
        "cp .readiness/latest/journal.jsonl then\n"
        "rm .readiness/latest/logs/fills.log\n"
        "readiness report --json > told; readiness run --quiet --resume > resumed; echo $? >> resumed\n"
        "(exit $code)"
    )
    ended = on_small_disk(project, "512k", script)
    assert ended.returncode == 3, ended.stdout
    assert "the journal could not be written: " in ended.stdout
    assert "report.json: No space left on device; this report is missing" in ended.stderr
    assert "Traceback" not in ended.stderr
    events = [json.loads(line) for line in (project.root / "then").read_text().splitlines()]
    finished = [one["result"]["name"] for one in events if one["event"] == "check_finished"]
    assert finished == names[: len(finished)]
    assert "first" in finished
    assert "c19" not in finished
    told = json.loads((project.root / "told").read_text())
    assert [one["name"] for one in told["checks"] if one["outcome"] == "passed"] == finished
    resumed = (project.root / "resumed").read_text()
    assert "22 required checks passed" in resumed
    assert resumed.endswith("\n0\n")
    assert "first  [" not in resumed, "what had an outcome is not run again"


def test_a_log_that_does_not_fit_is_said_and_the_check_judged_all_the_same(make_project):
    """A limit on the size of a file stands for a disk that takes the journal, but not the log."""
    project = make_project(
        {"readiness.yml": config({"big": ("seq 200000; exit 7", {}), "small": ("test 1", {})})}
    )
    command = ["sh", "-c", f"ulimit -f 400; exec {sys.executable} -m readiness run --quiet"]
    ended = subprocess.run(
        command, cwd=project.root, env=project.environ, capture_output=True, text=True, timeout=60
    )
    assert (ended.returncode, ended.stderr) == (1, "")
    report = json.loads((project.root / ".readiness/latest/report.json").read_text())
    big, small = sorted(report["checks"], key=lambda one: one["name"])
    assert (big["exit_code"], small["outcome"]) == (7, "passed")
    assert any("its log is incomplete: " in one and "File too large" in one for one in big["warnings"])
    assert big["last_output"].endswith("200000\n"), "it was read to its end all the same"
    assert (project.root / big["log"]).stat().st_size == 400 * 512


def test_a_report_that_cannot_be_written_is_said_and_the_verdict_stands(make_project):
    project = make_project({"readiness.yml": ONE, "PROJECT_READY.md/in_the_way": ""})
    ran = project.run("--quiet")
    assert ran.code == 0
    assert (
        "PROJECT_READY.md: Is a directory; this report is missing, the journal has all that it would say"
        in ran.err
    )
    assert ran.report["verdict"] == "READY"


def test_a_check_that_removes_the_artifacts_folder_does_not_change_the_verdict(make_project):
    checks = {
        "first": ("test 1", {}),
        "cleans": ("echo before; rm -rf .readiness && test 1", {"needs": ["first"]}),
    }
    project = make_project({"readiness.yml": config(checks)})
    ran = project.run("--quiet")
    assert (ran.code, "Traceback" in ran.err) == (0, False)
    assert "2 required checks passed" in ran.out
    [report] = project.root.glob(".readiness/runs/*/report.json")
    assert json.loads(report.read_text())["verdict"] == "READY"


def test_latest_may_be_a_file_and_may_not_be_a_folder(make_project):
    project = make_project({"readiness.yml": ONE, ".readiness/latest": "a file", ".readiness/runs/.keep": ""})
    assert project.run("--quiet").code == 0
    assert (project.root / ".readiness/latest/report.json").exists()
    (project.root / ".readiness/latest").unlink()
    project.write({".readiness/latest/mine": "kept"})
    ran = project.run("--quiet")
    assert (ran.code, ran.err) == (0, "")
    assert ".readiness/latest: Is a directory; it does not lead to this run" in ran.out
    assert (project.root / ".readiness/latest/mine").read_text() == "kept"


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "not JSON",
        "[1, 2]",
        '{"format": "readiness/history/1"}',
        '{"format": "readiness/history/1", "seconds": [], "lanes": 5}',
        '{"format": "readiness/history/1", "seconds": {"a": "x"}, "lanes": {"core": {"epoch": null}}}',
        "[" * 100_000,
        "\0\xff",
    ],
    ids=range(8),
)
def test_a_damaged_history_is_as_none_and_is_written_anew(make_project, damage):
    project = make_project(
        {"readiness.yml": ONE, ".readiness/history.json": damage, ".readiness/runs/.keep": ""}
    )
    ran = project.run("--quiet")
    assert (ran.code, ran.err) == (0, "")
    assert set(json.loads((project.root / ".readiness/history.json").read_text())["seconds"]) == {"a"}


def test_damaged_cache_entries_are_as_none_with_the_reason(make_project):
    project = make_project({"readiness.yml": config({"a": ("test 1", {})})}, git=True)
    entry = project.root / ".readiness/cache/a.json"
    assert project.run("--quiet").code == 0
    whole = json.loads(entry.read_text())
    for text in (
        "",
        "[]",
        json.dumps(whole | {"parts": 3}),
        json.dumps(whole | {"result": {}}),
        json.dumps(whole | {"result": whole["result"] | {"outcome": "failed"}}),
        json.dumps(whole | {"result": whole["result"] | {"name": "other"}}),
        "[" * 100_000,
    ):
        entry.write_text(text)
        ran = project.run("--quiet")
        assert (ran.code, ran.err) == (0, "")
        assert not ran.check("a")["cached_from"]
        assert ran.check("a")["cache_miss"].startswith("the earlier pass"), text
    assert project.run("--quiet").check("a")["cached_from"], "a whole one is used"


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda lines: ["not JSON\n", *lines], "journal.jsonl:1: not a journal event"),
        (lambda lines: ["\0\xff\n", *lines], "journal.jsonl:1: not a journal event"),
        (lambda lines: ["3\n", *lines], "journal.jsonl:1: not a journal event"),
        (lambda lines: [], "journal.jsonl: it holds no run_started event, so it is not the journal of a run"),
        (lambda lines: lines[1:], "journal.jsonl: it holds no run_started event"),
        (
            lambda lines: ['{"event": "run_started"}\n'],
            "journal.jsonl: event 1 (run_started) is damaged: KeyError",
        ),
        (lambda lines: [*lines, '{"event": "check_finished", "result": {}}\n'], "is damaged: KeyError"),
        (lambda lines: [*lines, '{"event": "service", "at": "late"}\n'], "is damaged: ValueError"),
    ],
    ids=range(8),
)
def test_a_damaged_journal_is_named_with_the_line_or_event(make_project, damage, said):
    project = make_project({"readiness.yml": ONE})
    assert project.run("--quiet").code == 0
    journal = project.root / ".readiness/latest/journal.jsonl"
    journal.write_text("".join(damage(journal.read_text().splitlines(keepends=True))))
    before = journal.read_bytes()
    for words in (("report",), ("run", "--resume")):
        ran = project.readiness(*words)
        assert (ran.code, len(ran.err.splitlines())) == (2, 1), ran.err
        assert said in ran.err
    assert journal.read_bytes() == before


def test_a_journal_that_is_gone_is_named(make_project):
    project = make_project({"readiness.yml": ONE})
    assert project.run("--quiet").code == 0
    shutil.rmtree((project.root / ".readiness/latest").resolve())
    ran = project.readiness("report")
    assert (ran.code, "no run is on record here" in ran.err) == (2, True)


def test_a_temporary_folder_that_cannot_be_used_is_named(make_project, tmp_path):
    project = make_project({"readiness.yml": ONE})
    ran = project.run(TMPDIR=str(tmp_path / "nowhere"))
    assert ran.code == 2
    assert "nowhere/readiness-" in ran.err
    assert "No such file or directory; checks need a temporary folder, set TMPDIR to one" in ran.err
    assert not (project.root / "ran").exists()
