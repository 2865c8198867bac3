"""Writes cassettes: each answer flushed beside the old file, which it replaces when the recording ends."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from readiness.record.redact import StreamRedactor
from readiness.record.value import replace
from readiness.relay.cassette import PART, dump

if TYPE_CHECKING:
    from typing import Final

    from readiness.relay.cassette import Chunk, Recording
    from readiness.relay.secrets_seen import SecretsSeen


class Recorder:
    """One cassette being recorded at `path` + `.part`."""

    def __init__(self, path: str, secrets: SecretsSeen) -> None:
        """Start afresh. Raises OSError."""
        self._path: Final = path
        self._secrets: Final = secrets
        self._asked: Final[Counter[tuple[str, int | None]]] = Counter()
        self._recorded = 0
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        self._file: Final = os.open(
            path + PART, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o644
        )

    def ordinal(self, key: str, trial: int | None) -> int:
        """The number of this request among equal ones of its trial, from 0, in the order in which they came."""
        self._asked[key, trial] += 1
        return self._asked[key, trial] - 1

    def add(self, recording: Recording) -> None:
        """Append an answer without its secrets. Raises OSError."""
        clean = replace(
            recording,
            request=self._secrets.clean(dict(recording.request)),
            headers=self._secrets.clean(dict(recording.headers)),
            chunks=redacted(recording.chunks, self._secrets),
        )
        data = memoryview(dump(clean).encode("utf-8", "backslashreplace"))
        while data:
            data = data[os.write(self._file, data) :]
        self._recorded += 1

    def finish(self) -> None:
        """Put the cassette in place; an older one stays when nothing was recorded. Raises OSError."""
        os.fsync(self._file)
        os.close(self._file)
        if self._recorded:
            os.replace(self._path + PART, self._path)
        else:
            os.unlink(self._path + PART)


def redacted(chunks: tuple[Chunk, ...], secrets: SecretsSeen) -> tuple[Chunk, ...]:
    """The chunks without secrets, those too that were cut in two by a boundary."""
    body = b"".join(piece for _, piece in chunks)
    if secrets.redactor.data(body) is body:
        return chunks
    stream = StreamRedactor(secrets.redactor)
    shown = [(after, stream.feed(piece)) for after, piece in chunks]
    shown.append((chunks[-1][0], stream.flush()))
    return tuple((after, piece) for after, piece in shown if piece)
