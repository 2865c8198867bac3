"""Patches of unittest.mock that nobody stopped."""

from __future__ import annotations

import os
from unittest import mock

from readiness_probe.tracing.mocks import is_left_started


def test_a_patch_is_left_from_its_start_to_its_stop():
    patch = mock.patch("os.getlogin")
    assert not is_left_started(os, "getlogin")
    patch.start()
    try:
        assert is_left_started(os, "getlogin")
        assert not is_left_started(os, "getcwd")
    finally:
        patch.stop()
    assert not is_left_started(os, "getlogin")


def test_a_patch_around_a_block_is_not_left():
    with mock.patch.object(os, "getlogin"):
        assert not is_left_started(os, "getlogin")
