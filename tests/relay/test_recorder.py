from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.relay.cassette import PART, Recording, load
from readiness.relay.recorder import Recorder, redacted
from readiness.relay.secrets_seen import SecretsSeen

SECRET = "Zq81vLw02mXy77"


def recording(body: bytes = b"hi") -> Recording:
    return Recording("k", 0, {"body": f"key {SECRET}"}, 200, {"date": SECRET}, ((0.1, body),))


@pytest.fixture
def secrets():
    return SecretsSeen({"PROVIDER_API_KEY": SECRET})


def test_a_cassette_is_put_in_place_at_the_end(tmp_path, secrets):
    path = tmp_path / "deep" / "c.yaml"
    recorder = Recorder(str(path), secrets)
    recorder.add(recording(f"said {SECRET}".encode()))
    assert not path.exists()
    part = path.with_name(path.name + PART)
    assert part.read_text().endswith("...\n"), "each recording is on disk at once"
    assert SECRET not in part.read_text()
    recorder.finish()
    assert [one.body for one in load(str(path))] == [b"said [redacted:value]"]
    assert not part.exists()


def test_ordinals_count_equal_requests_of_a_trial(tmp_path, secrets):
    recorder = Recorder(str(tmp_path / "c.yaml"), secrets)
    asked = [("a", None), ("b", None), ("a", None), ("a", 1), ("a", 1)]
    assert [recorder.ordinal(*one) for one in asked] == [0, 0, 1, 0, 1]
    recorder.finish()
    assert list(tmp_path.iterdir()) == [], "nothing recorded leaves nothing behind"


@given(st.lists(st.integers(1, 40), max_size=6))
def test_a_secret_cut_by_pieces_is_found(cuts):
    secrets = SecretsSeen({"PROVIDER_API_KEY": SECRET})
    body = f"data: {SECRET} and\n\ndata: {SECRET}".encode()
    places = sorted({min(cut, len(body)) for cut in cuts} | {0, len(body)})
    pieces = tuple((0.1, body[start:end]) for start, end in itertools.pairwise(places))
    shown = b"".join(piece for _, piece in redacted(pieces, secrets))
    assert shown == body.replace(SECRET.encode(), b"[redacted:value]")


def test_pieces_without_secrets_stay_as_they_are(secrets):
    pieces = ((0.1, b"a"), (0.2, b"b"))
    assert redacted(pieces, secrets) is pieces
