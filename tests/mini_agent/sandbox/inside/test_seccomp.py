"""The filter, run by a small interpreter of classic BPF, and its numbers held against the kernel's own headers."""

from __future__ import annotations

import errno
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_agent.sandbox.inside import kernel, seccomp, syscalls

MACHINES = (kernel.X86_64, kernel.AARCH64)
EPERM = seccomp.ERRNO | errno.EPERM
ENOSYS = seccomp.ERRNO | errno.ENOSYS
NEEDED = {
    "read": (0, 63),
    "write": (1, 64),
    "mmap": (9, 222),
    "brk": (12, 214),
    "execve": (59, 221),
    "exit_group": (231, 94),
    "openat": (257, 56),
    "futex": (202, 98),
    "pipe2": (293, 59),
    "wait4": (61, 260),
    "getrandom": (318, 278),
    "clone": (56, 220),
    "epoll_create1": (291, 20),
}


def verdict(
    machine: str, call: int, arguments: tuple[int, ...] = (), *, arch: int | None = None, **groups: bool
) -> int:
    """What the filter returns for a call."""
    program = seccomp.program(machine, groups.get("signals", False), groups.get("metadata", False))
    words = {seccomp.AT_NUMBER: call, seccomp.AT_ARCHITECTURE: arch or seccomp.AUDIT_ARCHITECTURE[machine]}
    for place in range(6):
        value = arguments[place] if place < len(arguments) else 0
        words[seccomp.AT_ARGUMENTS + 8 * place] = value & 0xFFFFFFFF
        words[seccomp.AT_ARGUMENTS + 8 * place + 4] = value >> 32 & 0xFFFFFFFF
    held, at = 0, 0
    while True:
        code, yes, no, constant = program[at]
        at += 1
        if code == seccomp.LOAD:
            held = words[constant]
        elif code == seccomp.AND:
            held &= constant
        elif code == seccomp.RETURN:
            return constant
        else:
            jump = {
                seccomp.JUMP_EQUAL: held == constant,
                seccomp.JUMP_GREATER: held > constant,
                seccomp.JUMP_GREATER_OR_EQUAL: held >= constant,
            }[code]
            at += yes if jump else no


def number(row: syscalls.Row, machine: str) -> int:
    found = seccomp.number(row, machine)
    assert found is not None
    return found


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("row", syscalls.ALWAYS, ids=lambda row: row[0])
def test_what_is_listed_is_refused(row: syscalls.Row, machine: str):
    if seccomp.number(row, machine) is not None:
        assert verdict(machine, number(row, machine)) == EPERM


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("group", ["signals", "metadata"])
def test_a_group_is_refused_where_it_is_asked_for_and_only_there(group: str, machine: str):
    for row in {"signals": syscalls.SIGNALS, "metadata": syscalls.METADATA}[group]:
        if (call := seccomp.number(row, machine)) is not None:
            assert verdict(machine, call, **{group: True}) == EPERM
            assert verdict(machine, call) == seccomp.ALLOW


@pytest.mark.parametrize("place", [0, 1], ids=MACHINES)
@pytest.mark.parametrize("name", NEEDED)
def test_what_every_program_needs_is_allowed(name: str, place: int):
    assert verdict(MACHINES[place], NEEDED[name][place], signals=True, metadata=True) == seccomp.ALLOW


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("row", "arguments", "allowed"),
    [
        (syscalls.SOCKETPAIR, (1, 1), True),
        (syscalls.SOCKETPAIR, (1, 1 | 0o2000000), True),
        (syscalls.SOCKETPAIR, (1, 2), False),
        (syscalls.SOCKETPAIR, (1, 5), False),
        (syscalls.SOCKETPAIR, (2, 1), False),
        (syscalls.SOCKETPAIR, (40, 1), False),
        (syscalls.MMAP, (0, 4096, 3, 0x22), True),
        (syscalls.MMAP, (0, 4096, 3, 0x01), True),
        (syscalls.MMAP, (0, 4096, 3, 0x21), False),
        (syscalls.MMAP, (0, 4096, 3, 0x23), False),
        (syscalls.MMAP, (0, 4096, 3, 0x4021), False),
        (syscalls.MMAP, (0, 4096, 3, 0x40022), False),
        (syscalls.FALLOCATE, (3, 0, 0, 4096), True),
        (syscalls.FALLOCATE, (3, 1, 0, 4096), False),
        (syscalls.PRCTL, (1, 9), True),
        (syscalls.PRCTL, (4, 0), False),
        (syscalls.CLONE, (0x01200011,), True),
        (syscalls.CLONE, (0x3D0F00,), True),
        (syscalls.CLONE, (kernel.CLONE_NEWUSER | 17,), False),
        (syscalls.CLONE, (kernel.CLONE_NEWNS,), False),
        (syscalls.CLONE, (kernel.CLONE_NEWPID | 0x100,), False),
        (syscalls.FCNTL, (0, 2), True),
        (syscalls.FCNTL, (0, 8, 1), False),
        (syscalls.FCNTL, (0, 15), False),
        (syscalls.FCNTL, (0, 10, 9), False),
        (syscalls.IOCTL, (0, 0x5401), True),
        (syscalls.IOCTL, (0, 0x5412), False),
        (syscalls.IOCTL, (0, 0x8901), False),
        *((row, (0, 1), True) for row in syscalls.OF_A_PROCESS_BY_NUMBER),
        *((row, (4711, 1), False) for row in syscalls.OF_A_PROCESS_BY_NUMBER),
        *((row, (0xFFFFFFFF,), False) for row in syscalls.OF_A_PROCESS_BY_NUMBER),
    ],
)
def test_calls_are_judged_by_their_arguments(
    row: syscalls.Row, arguments: tuple[int, ...], allowed: bool, machine: str
):
    expected = seccomp.ALLOW if allowed else EPERM
    assert verdict(machine, number(row, machine), arguments) == expected
    high_words = tuple(one | 0xDEAD << 32 for one in arguments)
    assert verdict(machine, number(row, machine), high_words) == expected


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("row", "argument"), syscalls.WITH_A_MODE, ids=lambda one: one[0] if isinstance(one, tuple) else ""
)
def test_no_file_is_given_its_owner_s_rights(row: syscalls.Row, argument: int, machine: str):
    if (call := seccomp.number(row, machine)) is not None:
        for mode, allowed in (
            (0o755, True),
            (0o1777, True),
            (0o4755, False),
            (0o2755, False),
            (0o6000, False),
        ):
            arguments = (*(0,) * argument, mode)
            assert verdict(machine, call, arguments) == (seccomp.ALLOW if allowed else EPERM)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(("row", "flags"), syscalls.OPENING, ids=["open", "openat"])
def test_a_mode_means_something_only_when_a_file_is_made(row: syscalls.Row, flags: int, machine: str):
    if (call := seccomp.number(row, machine)) is None:
        return
    for flag, mode, allowed in (
        (0o100, 0o644, True),
        (0o100, 0o4755, False),
        (0o101, 0o2755, False),
        (0o20200000, 0o6755, False),
        (0, 0o7777, True),
        (0o6000, 0o7777, True),
        (0o200000, 0xFFFFFFFF, True),
    ):
        arguments = (*(0,) * flags, flag, mode)
        assert verdict(machine, call, arguments) == (seccomp.ALLOW if allowed else EPERM)


@pytest.mark.parametrize("machine", MACHINES)
def test_clone3_does_not_exist_so_that_libraries_use_clone(machine: str):
    assert verdict(machine, number(syscalls.CLONE3, machine)) == ENOSYS
    assert verdict(machine, number(syscalls.OPENAT2, machine)) == ENOSYS


@given(st.sampled_from(MACHINES), st.integers(syscalls.LAST_KNOWN + 1, 0x3FFFFFFF))
def test_what_nobody_has_judged_does_not_exist(machine: str, call: int):
    assert verdict(machine, call) == ENOSYS


@given(st.integers(0, 600))
def test_the_x32_numbers_are_no_way_around(call: int):
    assert verdict(kernel.X86_64, call | seccomp.X32_BIT) == EPERM


@given(st.sampled_from(MACHINES), st.integers(0, 0xFFFFFFFF), st.integers(0, 0xFFFFFFFF))
def test_another_architecture_is_killed(machine: str, arch: int, call: int):
    if arch and arch != seccomp.AUDIT_ARCHITECTURE[machine]:
        assert verdict(machine, call, arch=arch) == seccomp.KILL_PROCESS


@pytest.mark.parametrize("machine", MACHINES)
def test_it_is_a_program_that_the_kernel_takes(machine: str):
    program = seccomp.program(machine, signals=True, metadata=True)
    assert len(program) <= 4096
    assert len(seccomp.encode(program)) == 8 * len(program)
    for at, (code, yes, no, constant) in enumerate(program):
        assert 0 <= constant <= 0xFFFFFFFF
        assert at + 1 + max(yes, no) < len(program) or code == seccomp.RETURN
    assert seccomp.encode([(0x15, 1, 2, 0xC000003E)]) == bytes.fromhex("150001023e0000c0")


HEADERS = {
    kernel.X86_64: (["/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h"], []),
    kernel.AARCH64: (["/usr/include/asm-generic/unistd.h"], ["-D__BITS_PER_LONG=64"]),
}


def numbers_of(machine: str) -> dict[str, int]:
    """The kernel's own table, from the preprocessor."""
    paths, flags = HEADERS[machine]
    header = next((path for path in paths if Path(path).exists()), "")
    if not header:
        pytest.skip("no kernel headers here")
    command = ["cc", "-E", "-dM", *flags, "-include", header, "-x", "c", "/dev/null"]
    try:
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except OSError:
        pytest.skip("no C compiler here")
    named = dict(re.findall(r"#define (__NR\w*) (\w+)", text))
    found = {}
    for name, value in named.items():
        while value in named:
            value = named[value]
        if value.isdigit():
            found[re.sub(r"^__NR(3264)?_", "", name)] = int(value)
    return found


@pytest.mark.parametrize("machine", MACHINES)
def test_the_numbers_are_the_kernel_s(machine: str):
    known = numbers_of(machine)
    rows = [*syscalls.ALWAYS, *syscalls.SIGNALS, *syscalls.METADATA, *syscalls.OF_A_PROCESS_BY_NUMBER]
    rows += [
        syscalls.CLONE,
        syscalls.CLONE3,
        syscalls.SOCKETPAIR,
        syscalls.MMAP,
        syscalls.FCNTL,
        syscalls.IOCTL,
        syscalls.PRCTL,
        syscalls.FALLOCATE,
    ]
    rows += [syscalls.OPENAT2, *(row for row, _ in (*syscalls.WITH_A_MODE, *syscalls.OPENING))]
    compared = [row[0] for row in rows if row[0] in known]
    assert {name: known[name] for name in compared} == {
        row[0]: seccomp.number(row, machine) for row in rows if row[0] in compared
    }
    assert len(compared) > 80
    if machine == kernel.X86_64:
        assert (known["seccomp"], known["capset"], known["pivot_root"]) == (317, 126, 155)
