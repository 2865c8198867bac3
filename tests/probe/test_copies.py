"""A module of the original is found by its file, without touching the module."""

from __future__ import annotations

import sys
import types

from readiness_probe.copies import loaded_from


class Lazy(types.ModuleType):
    def __getattr__(self, name):
        raise AssertionError("touched")


def test_modules_of_the_original_are_named_and_installed_ones_are_not(tmp_path, monkeypatch):
    for name, path in [
        ("of_the_original", tmp_path / "app.py"),
        ("installed", tmp_path / ".venv" / "lib" / "site-packages" / "x.py"),
        ("of_the_copy", tmp_path.parent / "copy" / "app.py"),
    ]:
        module = Lazy(name)
        module.__file__ = str(path)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setitem(sys.modules, "without_a_file", Lazy("without_a_file"))
    assert loaded_from(str(tmp_path)) == [f"of_the_original ({tmp_path / 'app.py'})"]
