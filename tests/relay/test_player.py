from __future__ import annotations

import pytest

from readiness.relay.cassette import PART, CassetteError, Recording, dump
from readiness.relay.player import NotRecorded, Player

REQUEST = {"method": "POST", "path": "/", "body": {"a": 1}}


@pytest.fixture
def player(tmp_path):
    def make(*recordings: tuple[str, int, int | None, bytes]) -> Player:
        texts = [
            dump(Recording(key, ordinal, REQUEST, 200, {}, ((0.1, body),), trial))
            for key, ordinal, trial, body in recordings
        ]
        (tmp_path / "c.yaml").write_text("".join(texts))
        return Player(str(tmp_path / "c.yaml"))

    return make


def find(player: Player, key: str = "k", trial: int | None = None, token: str = "t") -> bytes:
    return player.find(token, key, trial, REQUEST)[0].body


def test_equal_requests_get_their_answers_in_the_order_they_were_asked(player):
    one = player(("k", 1, None, b"second"), ("j", 0, None, b"other"), ("k", 0, None, b"first"))
    assert [find(one), find(one, "j"), find(one)] == [b"first", b"other", b"second"]
    with pytest.raises(NotRecorded, match="all have been given") as caught:
        find(one)
    assert caught.value.status == 409
    assert find(one, token="another route") == b"first"


def test_each_trial_has_its_own(player):
    one = player(("k", 0, 1, b"one"), ("k", 0, 0, b"zero"), ("k", 1, 1, b"one again"))
    assert [find(one, trial=1), find(one, trial=0), find(one, trial=1)] == [b"one", b"zero", b"one again"]
    with pytest.raises(NotRecorded, match="none of trial 2"):
        find(one, trial=2)
    assert [find(one) for _ in range(3)] == [b"one", b"zero", b"one again"]


def test_trials_share_a_cassette_without_trials(player):
    one = player(("k", 0, None, b"a"), ("k", 1, None, b"b"))
    assert [find(one, trial=5), find(one, trial=6)] == [b"a", b"b"]


def test_an_unknown_request_is_not_answered(player):
    with pytest.raises(NotRecorded, match="holds no recording of this request") as caught:
        find(player(("k", 0, None, b"a")), "unknown")
    assert caught.value.status == 404


def test_an_unfinished_recording_is_pointed_to(tmp_path):
    (tmp_path / f"c.yaml{PART}").write_text("")
    with pytest.raises(CassetteError, match="unfinished recording"):
        Player(str(tmp_path / "c.yaml"))
