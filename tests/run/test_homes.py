from __future__ import annotations

import os

import pytest

from readiness.run.homes import Homes


@pytest.fixture
def homes(tmp_path):
    return Homes(str(tmp_path))


def test_a_home_left_empty_is_used_again(homes):
    home = homes.take()
    homes.give_back(home)
    assert homes.take() == home
    assert os.listdir(home) == ["tmp"]


def spoil(home: str, how: str) -> None:
    if how == "file in home":
        open(os.path.join(home, ".cache"), "w").close()
    elif how == "file in tmp":
        open(os.path.join(home, "tmp", "left"), "w").close()
    elif how == "no tmp":
        os.rmdir(os.path.join(home, "tmp"))
    elif how == "tmp elsewhere":
        os.rmdir(os.path.join(home, "tmp"))
        os.symlink("/", os.path.join(home, "tmp"))
    else:
        os.chmod(home, 0o755)


@pytest.mark.parametrize(
    "how", ["file in home", "file in tmp", "no tmp", "tmp elsewhere", "other permissions"]
)
def test_no_check_sees_what_another_left(homes, how):
    home = homes.take()
    spoil(home, how)
    homes.give_back(home)
    assert not os.path.exists(home)
    other = homes.take()
    assert other != home
    assert (os.listdir(other), os.listdir(os.path.join(other, "tmp"))) == (["tmp"], [])


def test_two_at_once_have_one_each(homes):
    assert homes.take() != homes.take()


def test_no_file_of_a_run_holds_the_secret_that_a_test_compared(make_project):
    test = "import os\ndef test_key():\n    assert os.environ['API_TOKEN'] == 'another'\n"
    config = "version: 2\nchecks:\n  - {name: a, lane: core, run: pytest}\n"
    project = make_project({"readiness.yml": config, "test_a.py": test})
    ran = project.run(API_TOKEN="tok-9f8e7d6c5b4a3f2e")
    assert ran.check("a")["outcome"] == "failed"
    assert "redacted" in ran.check("a")["failures"][0]["message"]
    files = [path for path in project.root.rglob("*") if path.is_file()]
    assert len(files) > 5
    assert [path for path in files if b"9f8e7d6c5b4a3f2e" in path.read_bytes()] == []
    assert "9f8e7d6c5b4a3f2e" not in ran.out
