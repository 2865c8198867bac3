"""Finds the recorded answer of a request. The same requests in the same order get the same answers."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from readiness.relay.cassette import PART, CassetteError, load
from readiness.relay.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Final

    from readiness.relay.cassette import Recording


class NotRecorded(Exception):
    """No answer is left for a request. `status` is what the client gets; the message says what is recorded instead."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status: Final = status


class Player:
    """Deals the answers of one cassette.

    The n-th equal request of a trial gets the n-th answer recorded in that trial; requests without a trial, or a
    cassette without trials, deal in the order of recording. Answers never come round again: a repeat would pass for
    a new one, and a check that asks more often than it did when it was recorded has changed.
    """

    def __init__(self, path: str) -> None:
        """Read the cassette at `path`. Raises CassetteError."""
        if not os.path.exists(path) and os.path.exists(path + PART):
            raise CassetteError(
                f"{path}: does not exist, but an unfinished recording does ({path + PART}): "
                "record again, or rename it to keep what it holds"
            )
        self._path: Final = path
        self._recordings: Final = load(path)
        self._dealt: Final[Counter[tuple[str, str, int | None]]] = Counter()
        self._by_key: Final = _by_key(self._recordings)

    def find(
        self, token: str, key: str, trial: int | None, request: Mapping[str, Any]
    ) -> tuple[Recording, int]:
        """The answer to the next request of `token` with this key, and its ordinal. Raises NotRecorded."""
        bucket = (key, trial if (key, trial) in self._by_key else None)
        answers = self._by_key.get(bucket, [])
        if not answers:
            raise NotRecorded(
                404, f"{self._path} holds no recording of this request; {nearest(request, self._recordings)}"
            )
        if trial is not None and bucket[1] is None and answers[0].trial is not None:
            raise NotRecorded(
                404, f"{self._path} holds recordings of this request, but none of trial {trial}"
            )
        dealt = self._dealt[token, *bucket]
        if dealt >= len(answers):
            raise NotRecorded(
                409,
                f"{self._path} holds {len(answers)} recording(s) of this request, and all have been given: "
                "the check asks more often than when it was recorded; record it again",
            )
        self._dealt[token, *bucket] += 1
        return answers[dealt], dealt


def _by_key(recordings: tuple[Recording, ...]) -> dict[tuple[str, int | None], list[Recording]]:
    """Recordings by key and trial in order of ordinal; under trial None, all of a key in order of recording."""
    table: dict[tuple[str, int | None], list[Recording]] = {}
    for one in recordings:
        if one.trial is not None:
            table.setdefault((one.key, one.trial), []).append(one)
        table.setdefault((one.key, None), []).append(one)
    for (_, trial), answers in table.items():
        if trial is not None or all(one.trial is None for one in answers):
            answers.sort(key=lambda one: one.ordinal)
    return table
