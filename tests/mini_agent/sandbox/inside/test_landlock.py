from __future__ import annotations

import os
from pathlib import Path

import pytest

from mini_agent.sandbox.inside import landlock


@pytest.mark.parametrize(
    ("version", "highest_file_right", "network", "scope"),
    [
        (1, 12, 0, 0),
        (2, 13, 0, 0),
        (3, 14, 0, 0),
        (4, 14, 3, 0),
        (5, 15, 3, 0),
        (6, 15, 3, 3),
        (7, 15, 3, 3),
        (99, 15, 3, 3),
    ],
)
def test_each_version_is_asked_for_all_it_knows_and_no_more(
    version: int, highest_file_right: int, network: int, scope: int
):
    assert landlock.handled(version) == ((1 << highest_file_right + 1) - 1, network, scope)


def test_the_folder_is_owned_but_no_device_or_socket_is_made():
    for right in (landlock.MAKE_CHAR, landlock.MAKE_BLOCK, landlock.MAKE_SOCK, landlock.IOCTL_DEV):
        assert not landlock.TO_OWN & right


def in_a_child(work) -> int:  # type: ignore[no-untyped-def]
    """The exit code of a forked child that does the work: Landlock cannot be taken off again."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(work())
        except OSError:
            os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.skipif(not landlock.abi(), reason="no Landlock here")
def test_it_forbids_what_is_not_named(tmp_path: Path):
    for name in ("read", "own", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("x")

    def may(path: str, mode: str) -> int:
        try:
            open(tmp_path / path, mode).close()
        except PermissionError:
            return 0
        return 1

    def work() -> int:
        landlock.restrict(landlock.abi(), (f"{tmp_path}/read", "/no/such/path"), (), (f"{tmp_path}/own",))
        bits = [may("read/file", "r"), may("read/file", "a"), may("own/file", "a"), may("own/new", "w")]
        bits += [may("other/file", "r"), may("other/new", "w")]
        return sum(bit << place for place, bit in enumerate(bits))

    assert in_a_child(work) == 0b001101


def test_without_it_the_restriction_is_an_error():
    with pytest.raises(OSError, match="no Landlock"):
        landlock.restrict(0, (), (), ())
