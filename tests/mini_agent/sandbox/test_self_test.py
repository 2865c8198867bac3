"""The self-test as a whole: it chooses, it names what is open, and without a sandbox it says no."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import threading

import pytest

from mini_agent.sandbox import attempts, self_test
from mini_agent.sandbox.inside import plan as words
from mini_agent.sandbox.report import Attempt, SandboxReport
from mini_agent.sandbox.result import SandboxError, SandboxResult
from mini_agent.sandbox.witness import section

NO_NAMESPACES = (words.NAMESPACES, words.BUBBLEWRAP)


def test_every_attempt_of_a_taken_way_was_made_and_stopped(report: SandboxReport):
    assert {one.name for one in report.attempts} == set(attempts.MEANING)
    assert report.not_stopped == ()


def test_it_is_asked_once_a_process(report: SandboxReport):
    assert self_test.probe() is self_test.probe()


def test_a_refusal_is_tried_again_later(monkeypatch: pytest.MonkeyPatch):
    asked = []

    async def choose(without: frozenset[str]) -> SandboxReport:
        asked.append(without)
        return SandboxReport(len(asked) == 3)

    monkeypatch.setattr(self_test, "_choose", choose)
    monkeypatch.setattr(self_test, "_known", {})
    assert not self_test.probe().ok
    assert not self_test.probe().ok
    assert len(asked) == 1
    monkeypatch.setattr(self_test, "SECONDS_OF_REFUSAL", 0.0)
    assert [self_test.probe().ok for _ in range(4)] == [False, True, True, True]
    assert len(asked) == 3


def test_it_can_be_asked_from_a_running_loop(report: SandboxReport):
    async def ask() -> SandboxReport:
        return await asyncio.to_thread(self_test.probe)

    assert asyncio.run(ask()) is report


@pytest.fixture
def reaching_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what reaches outside, which is quick; what it finds is not kept."""

    async def only_reach(sandbox: self_test.Sandbox) -> tuple[Attempt, ...]:
        try:
            return tuple(await attempts.reach(sandbox))
        except SandboxError as fault:
            raise ExceptionGroup("tasks", [fault]) from fault

    monkeypatch.setattr(self_test, "try_everything", only_reach)
    monkeypatch.setattr(self_test, "_known", {})


def test_without_seccomp_it_refuses_and_names_what_is_open(reaching_only: None):
    found = self_test.probe({words.SECCOMP, words.BARE, words.BUBBLEWRAP})
    assert not found.ok
    if words.NAMESPACES in dict(found.refused) and found.attempts:
        assert found.not_stopped == ("surface",)
        assert "kernel interfaces" in found.reason
    assert (found.way, found.layers) == ("", ())


def test_without_namespaces_and_landlock_it_refuses(reaching_only: None):
    found = self_test.probe({*NO_NAMESPACES, words.LANDLOCK})
    assert not found.ok
    assert "reading another folder's file" in found.reason or "no Landlock" in found.reason


def test_without_any_way_it_refuses():
    found = self_test.probe(self_test.WAYS)
    assert (found.ok, found.reason) == (False, "no working sandbox: no way to hold a program was left to try")


def test_a_way_that_cannot_start_is_passed_over_with_its_reason(monkeypatch: pytest.MonkeyPatch):
    async def nothing(*_: object) -> tuple[Attempt, ...]:
        raise ExceptionGroup("tasks", [SandboxError("unshare: Operation not permitted")])

    monkeypatch.setattr(self_test, "try_everything", nothing)
    monkeypatch.setattr(self_test, "_known", {})
    found = self_test.probe({words.BUBBLEWRAP})
    assert not found.ok
    assert "namespaces: unshare: Operation not permitted" in found.reason


def test_a_control_group_that_fails_is_done_without(monkeypatch: pytest.MonkeyPatch):
    async def tried(sandbox: self_test.Sandbox) -> tuple[Attempt, ...]:
        if words.CGROUP in sandbox.layers:
            raise ExceptionGroup("tasks", [SandboxError("cgroup.procs: Permission denied")])
        return (Attempt("tcp", True),)

    monkeypatch.setattr(self_test, "try_everything", tried)
    monkeypatch.setattr(self_test, "_known", {})
    monkeypatch.setattr("mini_agent.sandbox.inside.cgroup.place", lambda: "/sys/fs/cgroup/app.slice")
    found = self_test.probe({words.BUBBLEWRAP, words.BARE})
    assert found.ok
    assert words.CGROUP not in found.layers


DOCKER = "chown,dac_override,fowner,fsetid,kill,setgid,setuid,setpcap,net_raw,sys_chroot,mknod,setfcap"
ASK = "from mini_agent.sandbox.self_test import probe; found = probe(); print(found.ok, found.reason)"


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs root's rights to give some up"
)
@pytest.mark.parametrize("rights", [DOCKER, "setuid,setgid,chown", ""], ids=["Docker's", "few", "none"])
def test_root_with_fewer_rights_has_a_sandbox_too(rights: str):
    """Root of a container can neither make namespaces nor look into another user's processes."""
    bounding = ",".join(["-all", *(f"+{one}" for one in rights.split(",") if one)])
    command = ["setpriv", f"--bounding-set={bounding}", "--inh-caps=-all", sys.executable, "-c", ASK]
    told = subprocess.run(command, capture_output=True, text=True, timeout=90)
    assert told.stdout.strip() == "True", told.stdout + told.stderr


def test_macos_is_refused_with_the_reason(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.platform", "darwin")
    assert (
        self_test.candidate(words.NAMESPACES, frozenset()) == "darwin has no namespaces, Landlock or seccomp"
    )


def test_an_attempt_that_was_not_made_is_not_called_stopped():
    silent = SandboxResult(1, "", "SyntaxError\n")
    assert not attempts.made(silent, "tcp")
    assert attempts.said(silent, "tcp") == "was not made: SyntaxError"


def test_what_was_printed_in_one_attempt_is_not_another_one_s():
    result = SandboxResult(0, "began read\nrefused: read\nbegan secrets\nTOKEN\n", "")
    assert "TOKEN" not in section(result.stdout, "read")
    assert "TOKEN" in section(result.stdout, "secrets")


def test_it_leaves_no_thread_and_no_descriptor(report: SandboxReport):
    threads, handles = threading.active_count(), len(os.listdir("/proc/self/fd"))
    asyncio.run(attempts.reach(self_test.Sandbox(report.way, report.layers, bubblewrap=report.bubblewrap)))
    assert (threading.active_count(), len(os.listdir("/proc/self/fd"))) == (threads, handles)


def test_explaining_says_which_layers_suffice_alone(report: SandboxReport):
    explained = {one.name: one.stopped_by for one in self_test.explain().attempts}
    assert words.SECCOMP in explained["udp"]
    assert words.LANDLOCK not in explained["udp"]
    assert words.SECCOMP not in explained["read"]
