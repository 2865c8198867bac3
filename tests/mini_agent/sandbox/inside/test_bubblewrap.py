from __future__ import annotations

from typing import Any

import pytest

from mini_agent.sandbox.inside import bubblewrap

PLAN: Any = {
    "bubblewrap": "/usr/bin/bwrap",
    "readable": ("/usr/lib", "/opt/python/lib"),
    "own": ("/srv/sandbox",),
    "devices": ("/dev/null",),
    "folder": "/tmp/own",
    "links": (("/lib", "usr/lib"),),
}


def pairs(words: list[str], option: str) -> list[tuple[str, str]]:
    return [(words[at + 1], words[at + 2]) for at, word in enumerate(words) if word == option]


@pytest.mark.parametrize("root", [True, False])
def test_only_the_folder_can_be_written(root: bool):
    words = bubblewrap.arguments(PLAN, root, ["/python", "-c", "x"])
    assert pairs(words, "--bind") == [("/tmp/own", "/tmp/own")]
    assert [one for one, _ in pairs(words, "--ro-bind-try")] == [
        "/usr/lib",
        "/opt/python/lib",
        "/srv/sandbox",
    ]
    assert pairs(words, "--symlink") == [("usr/lib", "/lib")]
    assert words.index("--remount-ro") > words.index("--bind")
    assert words[-4:] == ["--", "/python", "-c", "x"]
    assert "--die-with-parent" in words
    assert {"--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"} <= set(words)


def test_an_ordinary_user_gets_a_user_namespace_and_no_rights():
    words = bubblewrap.arguments(PLAN, False, [])
    assert "--unshare-user" in words
    assert "--cap-add" not in words


def test_root_keeps_what_it_needs_to_stop_being_root():
    words = bubblewrap.arguments(PLAN, True, [])
    assert "--unshare-user" not in words
    assert [words[at + 1] for at, word in enumerate(words) if word == "--cap-add"] == [
        "CAP_SETUID",
        "CAP_SETGID",
        "CAP_SETPCAP",
    ]


def test_folders_above_a_place_are_made_before_it():
    words = bubblewrap.arguments(PLAN, False, [])
    made = [words[at + 1] for at, word in enumerate(words) if word == "--dir"]
    assert made == ["/dev", "/opt", "/opt/python", "/srv", "/tmp", "/usr"]
    assert words.index("--dir") < words.index("--ro-bind-try")
