from __future__ import annotations

from mini_agent.sandbox.attempts import MEANING
from mini_agent.sandbox.doctor import doctor_lines, lines_of
from mini_agent.sandbox.report import Attempt, SandboxReport


def test_here_every_attempt_has_a_line(report: SandboxReport):
    lines, ok = doctor_lines()
    assert ok
    assert [line for line in lines if "NOT STOPPED" in line] == []
    assert all(any(meaning in line for line in lines) for meaning in MEANING.values())


def test_an_open_way_stands_out():
    attempts = (
        Attempt("udp", False, "went through: udp"),
        Attempt("tcp", True, "", ("seccomp", "landlock")),
        Attempt("write", True, "went through: write"),
    )
    refused, first, second, third = lines_of(
        SandboxReport(False, attempts=attempts, reason="bare: does not stop: UDP")
    )
    assert refused == "sandbox: NONE, local tools are refused: bare: does not stop: UDP"
    assert first.startswith("  NOT STOPPED  UDP to the host's loopback")
    assert first.endswith("went through: udp")
    assert second.endswith("by seccomp or landlock alone")
    assert third.endswith("tried, without effect")


def test_a_way_not_taken_is_told():
    found = SandboxReport(True, "bare", ("seccomp",), refused=(("namespaces", "unshare: not permitted"),))
    assert lines_of(found)[1] == "  not taken: namespaces: unshare: not permitted"
