"""The payload of the self-test: tries to get out of whatever holds it. Run as a script, standard library only.

It reads one JSON object from its input: `attempts`, a list of names below, and what they need (ports, paths, process
numbers). Nothing it prints is believed, but for tokens that it can only know by having escaped, and for how much memory
or how many processes it got. Every attempt is bounded, so that it does little harm where nothing holds it.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    Given: TypeAlias = dict[str, Any]

MEBIBYTE = 1 << 20
HELD = "held"
SECONDS_HELD = 0.2
"""What is had for less is not had: somebody who looks from time to time may stop it."""
PTRACE_SEIZE, PTRACE_O_EXITKILL = 0x4206, 0x100000
SCANNED_DESCRIPTORS = range(3, 64)
PROCESSES_SCANNED = 400
HEARTBEAT_SECONDS = 0.005
AF_UNIX_PAIR = (socket.AF_UNIX, socket.SOCK_DGRAM)


def tcp(given: Given) -> None:
    with socket.create_connection(("127.0.0.1", given["tcp_port"]), timeout=1) as connection:
        connection.sendall(b"out")


def udp(given: Given) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"out", ("127.0.0.1", given["udp_port"]))


def abstract(given: Given) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect("\0" + given["abstract_stream"])
        connection.sendall(b"out")


def abstract_datagram(given: Given) -> None:
    """Without socket(2): a datagram pair can be pointed elsewhere."""
    one, other = socket.socketpair(*AF_UNIX_PAIR)
    with one, other:
        one.sendto(b"out", "\0" + given["abstract_datagram"])


def unix_path(given: Given) -> None:
    one, other = socket.socketpair(*AF_UNIX_PAIR)
    with one, other:
        one.sendto(b"out", given["socket_path"])


def read(given: Given) -> None:
    with open(given["secret_file"], encoding="utf-8") as file:
        print(file.read())


def write(given: Given) -> None:
    """Every way to change a file of somebody else, each tried whatever became of the one before."""
    marker, folder = given["marker_file"], given["marker_folder"]
    ways: tuple[Callable[[], object], ...] = (
        lambda: overwrite(marker),
        lambda: overwrite(os.path.join(folder, "new")),
        lambda: os.mkdir(os.path.join(folder, "made")),
        lambda: os.truncate(marker, 1),
        lambda: os.chmod(marker, 0o600),
        lambda: os.utime(marker, (1, 1)),
        lambda: os.setxattr(marker, "user.mark", b"written"),
        lambda: os.symlink("/", os.path.join(folder, "link")),
        lambda: os.link(marker, os.path.join(folder, "second")),
        lambda: os.rename(marker, os.path.join(folder, "moved")),
        lambda: os.unlink(marker),
    )
    for way in ways:
        with contextlib.suppress(OSError):
            way()


def overwrite(path: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write("written")


def secrets(given: Given) -> None:
    """Its own environment, every process's, and every descriptor that was left open."""
    print(dict(os.environ))
    for handle in SCANNED_DESCRIPTORS:
        with contextlib.suppress(OSError):
            print(os.pread(handle, 4096, 0))
    for number in (given["bystander"], os.getppid()):
        print_environment(number)
    for number in sorted(filter(str.isdigit, os.listdir("/proc")))[:PROCESSES_SCANNED]:
        print_environment(number)


def print_environment(number: object) -> None:
    with contextlib.suppress(OSError), open(f"/proc/{number}/environ", "rb") as file:
        print(file.read())


def ptrace(given: Given) -> None:
    """Take hold of a process so that it dies with this one."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
    if libc.ptrace(PTRACE_SEIZE, given["traced"], None, PTRACE_O_EXITKILL) < 0:
        raise OSError(ctypes.get_errno(), "ptrace")


def kill(given: Given) -> None:
    os.kill(given["bystander"], signal.SIGTERM)


def kill_by_descriptor(given: Given) -> None:
    """A descriptor can be told whom to signal when something arrives."""
    import fcntl

    reader, writer = os.pipe()
    fcntl.fcntl(reader, 10, signal.SIGKILL)  # F_SETSIG
    fcntl.fcntl(reader, fcntl.F_SETOWN, given["owned"])
    fcntl.fcntl(reader, fcntl.F_SETFL, os.O_ASYNC)
    os.write(writer, b"x")
    time.sleep(0.02)


def throttle(given: Given) -> None:
    """Limit and slow somebody else's process."""
    import resource

    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, given["throttled"], 19)
    resource.prlimit(given["throttled"], resource.RLIMIT_NOFILE, (5, 5))


def surface(given: Given) -> None:
    """Interfaces of the kernel that a program has no use for, by number; in a child, because some change their caller."""
    child = os.fork()
    if child == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for name, number, arguments in given["surface"]:
            if libc.syscall(ctypes.c_long(number), *map(word, arguments)) >= 0:
                print(HELD, name, flush=True)
        os._exit(0)
    os.waitpid(child, 0)


def word(argument: int | str) -> object:
    """A number, or the bytes of a structure written in hexadecimal."""
    return (
        ctypes.c_long(argument)
        if isinstance(argument, int)
        else ctypes.create_string_buffer(bytes.fromhex(argument))
    )


def rights(given: Given) -> None:
    """Whether any capability is in effect (capget, version 3)."""
    libc = ctypes.CDLL(None, use_errno=True)
    header, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    if libc.syscall(ctypes.c_long(given["capget"]), header, sets) == 0 and (sets[0] or sets[3]):
        print(HELD, "capabilities")


def memory(given: Given) -> None:
    parts = [b"\1" * (64 * MEBIBYTE) for _ in range(given["memory_parts"])]
    time.sleep(SECONDS_HELD)
    print(HELD, len(parts))


def tree_memory(given: Given) -> None:
    """Several children of which none is large; each keeps what it has until this process ends."""
    reader, writer = os.pipe()
    end, kept_open = os.pipe()
    for _ in range(given["children"]):
        if os.fork() == 0:
            os.close(kept_open)
            kept = b"\1" * (given["child_mebibytes"] * MEBIBYTE)
            os.write(writer, b"1" if kept else b"")
            os.read(end, 1)
            os._exit(0)
    os.close(writer)
    count = 0
    while count < given["children"] and os.read(reader, 1):
        count += 1
    time.sleep(SECONDS_HELD)
    print(HELD, count)


def fork_bomb(given: Given) -> None:
    """Many at once, each waiting for the end of this process."""
    reader, writer = os.pipe()
    count = 0
    try:
        for _ in range(given["forks"]):
            if os.fork() == 0:
                os.close(writer)
                os.read(reader, 1)
                os._exit(0)
            count += 1
    finally:
        time.sleep(SECONDS_HELD)
        print(HELD, count, flush=True)


def outlive(given: Given) -> None:
    """A grandchild in a session of its own, which notes that it lives."""
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        for _ in range(given["heartbeats"]):
            with open(given["heartbeat"], "a", encoding="utf-8") as file:
                file.write("x")
            time.sleep(HEARTBEAT_SECONDS)
        os._exit(0)
    time.sleep(HEARTBEAT_SECONDS * given["heartbeats"])


ATTEMPTS = {
    function.__name__: function
    for function in (
        tcp,
        udp,
        abstract,
        abstract_datagram,
        unix_path,
        read,
        write,
        secrets,
        ptrace,
        kill_by_descriptor,
        throttle,
        kill,
        surface,
        rights,
        memory,
        tree_memory,
        fork_bomb,
        outlive,
    )
}


def main() -> None:
    given = json.loads(sys.stdin.buffer.read())
    for name in given["attempts"]:
        print("began", name, flush=True)
        try:
            ATTEMPTS[name](given)
            print("went through:", name, flush=True)
        except (OSError, MemoryError, ValueError) as refusal:
            print("refused:", name, type(refusal).__name__, refusal, flush=True)


if __name__ == "__main__":
    main()
