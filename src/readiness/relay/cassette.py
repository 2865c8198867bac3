"""A cassette: the recorded answers of one check, a YAML document each, to be read, compared and edited by people.

A document ends with `...`, so that one cut short by a kill is told from a whole one and left out.
"""

from __future__ import annotations

import base64
import codecs
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

import yaml

from readiness.record.value import EMPTY, value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any, Final

    Chunk = tuple[float, bytes]

FORMAT: Final = 1
END: Final = "...\n"
PART: Final = ".part"
"""What the name of a cassette ends in while it is being recorded."""
KEPT_HEADERS: Final = ("content-type", "content-encoding", "retry-after")

Loader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class CassetteError(Exception):
    """A cassette cannot be read; the message says which, where and why."""


@value
class Recording:
    """One answer. `request` holds method, path, query and normalised body; `ordinal` counts equal requests from 0.

    `chunks` are the answer's pieces as they came: seconds since the request, and bytes.
    """

    key: str
    ordinal: int
    request: Mapping[str, Any]
    status: int
    headers: Mapping[str, str]
    chunks: tuple[Chunk, ...]
    trial: int | None = None
    at: str = ""
    against: Mapping[str, Any] = EMPTY

    @property
    def body(self) -> bytes:
        return b"".join(piece for _, piece in self.chunks)


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Writes text of several lines as a block, and everything in full."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _represent_text(dumper: Any, text: str) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _represent_text)


def dump(recording: Recording) -> str:
    """A recording as a YAML document."""
    trial = {} if recording.trial is None else {"trial": recording.trial}
    document = {
        "format": FORMAT,
        "key": recording.key,
        "ordinal": recording.ordinal,
        **trial,
        "at": recording.at,
        "against": dict(recording.against),
        "request": dict(recording.request),
        "answer": {
            "status": recording.status,
            "headers": dict(recording.headers),
            **_dump_body(recording.chunks),
        },
    }
    text = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1 << 20)
    # libyaml itself ends a document whose last text ends in empty lines.
    return f"---\n{text.removesuffix(END)}{END}"


def _dump_body(chunks: tuple[Chunk, ...]) -> Mapping[str, Any]:
    texts = _texts(chunks)
    if texts is None:
        body = b"".join(piece for _, piece in chunks)
        return {"after": chunks[-1][0], "base64": base64.b64encode(body).decode()}
    if len(texts) == 1:
        return {"after": texts[0][0], "body": texts[0][1]}
    return {"chunks": [{"after": after, "text": text} for after, text in texts]}


def _texts(chunks: Iterable[Chunk]) -> list[tuple[float, str]] | None:
    """The chunks as text, a character that was cut in two given to the later; None when they are no UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    texts: list[tuple[float, str]] = []
    try:
        for after, piece in chunks:
            if text := decoder.decode(piece):
                texts.append((after, text))
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    return texts


def replayed_fields(recording: Recording, ordinal: int) -> list[tuple[str, str]]:
    """The head of a replayed answer, dated as it was recorded, so that it is the same each time."""
    try:
        moment = datetime.fromisoformat(recording.at)
    except ValueError:
        moment = datetime.fromtimestamp(0, UTC)
    return [
        *recording.headers.items(),
        ("Date", format_datetime(moment.astimezone(UTC), usegmt=True)),
        ("X-Stand-In", "replay"),
        ("X-Readiness-Recording", f"{recording.key} {ordinal}"),
    ]


def load(path: str) -> tuple[Recording, ...]:
    """All whole recordings of the cassette at `path`, in order. Raises CassetteError."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise CassetteError(f"{path}: cannot be read: {reason}") from error
    return tuple(_recording(document, path, line) for line, document in _documents(text))


def _documents(text: str) -> Iterator[tuple[int, str]]:
    """Each whole document and the line it starts at."""
    held: list[str] = []
    start = 1
    for number, line in enumerate(text.split("\n"), 1):
        if line == "---":
            held, start = [], number
        elif line == "...":
            yield start, "\n".join(held) + "\n"
            held = []
        else:
            held.append(line)


def _recording(document: str, path: str, line: int) -> Recording:
    try:
        data = yaml.load(document, Loader=Loader)
        if data["format"] != FORMAT:
            raise ValueError(f"format {data['format']!r} is not {FORMAT}; record it again")
        answer = data["answer"]
        return Recording(
            key=str(data["key"]),
            ordinal=int(data["ordinal"]),
            request=dict(data["request"]),
            status=int(answer["status"]),
            headers=dict(answer["headers"]),
            chunks=_chunks(answer),
            trial=data.get("trial"),
            at=str(data.get("at", "")),
            against=dict(data.get("against") or {}),
        )
    except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CassetteError(f"{path}:{line}: is no recording ({type(error).__name__}: {error})") from error


def _chunks(answer: Mapping[str, Any]) -> tuple[Chunk, ...]:
    if "base64" in answer:
        return ((float(answer["after"]), base64.b64decode(answer["base64"])),)
    if "body" in answer:
        return ((float(answer["after"]), str(answer["body"]).encode()),)
    return tuple((float(one["after"]), str(one["text"]).encode()) for one in answer["chunks"])
