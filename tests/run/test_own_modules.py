"""Which modules are the project's own."""

from __future__ import annotations

from readiness.run.own_modules import own_modules


def test_files_and_folders_where_projects_keep_what_they_import(tmp_path):
    for name in ("app/__init__.py", "src/service/x.py", "tool.py", "tests/conftest.py", "docs.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = own_modules(str(tmp_path))
    assert {"app", "service", "tool", "conftest"} <= found
    assert "docs" not in found
    assert "docs.md" not in found


def test_a_folder_that_is_not_there_has_none(tmp_path):
    assert own_modules(str(tmp_path / "gone")) == frozenset()
