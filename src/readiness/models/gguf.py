"""Reads the header of a GGUF file: its metadata and the number of its parameters, never its weights.

Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (versions 2 and 3, little-endian). The `gguf`
package reads it too, at the price of numpy and a second per file; the header alone needs neither.
"""

from __future__ import annotations

import math
import mmap
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from readiness.models.failure import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Final

MAGIC: Final = b"GGUF"
VERSIONS: Final = (2, 3)

_NUMBERS: Final = {
    0: struct.Struct("<B"),
    1: struct.Struct("<b"),
    2: struct.Struct("<H"),
    3: struct.Struct("<h"),
    4: struct.Struct("<I"),
    5: struct.Struct("<i"),
    6: struct.Struct("<f"),
    7: struct.Struct("<?"),
    10: struct.Struct("<Q"),
    11: struct.Struct("<q"),
    12: struct.Struct("<d"),
}
_STRING: Final = 8
_ARRAY: Final = 9
_DEEPEST_ARRAY: Final = 4
_MOST_DIMENSIONS: Final = 8

FILE_TYPES: Final = {
    0: "F32",
    1: "F16",
    2: "Q4_0",
    3: "Q4_1",
    7: "Q8_0",
    8: "Q5_0",
    9: "Q5_1",
    10: "Q2_K",
    11: "Q3_K_S",
    12: "Q3_K_M",
    13: "Q3_K_L",
    14: "Q4_K_S",
    15: "Q4_K_M",
    16: "Q5_K_S",
    17: "Q5_K_M",
    18: "Q6_K",
    19: "IQ2_XXS",
    20: "IQ2_XS",
    21: "Q2_K_S",
    22: "IQ3_XS",
    23: "IQ3_XXS",
    24: "IQ1_S",
    25: "IQ4_NL",
    26: "IQ3_S",
    27: "IQ3_M",
    28: "IQ2_S",
    29: "IQ2_M",
    30: "IQ4_XS",
    31: "IQ1_M",
    32: "BF16",
    36: "TQ1_0",
    37: "TQ2_0",
    38: "MXFP4_MOE",
}
"""`general.file_type`: how most of the weights are quantised."""


@dataclass(frozen=True)
class Header:
    """`metadata` holds scalars and strings; an array is None there, since arrays are vocabularies. `parameters` counts weights."""

    metadata: Mapping[str, str | int | float | bool | None]
    parameters: int

    def text(self, key: str) -> str:
        value = self.metadata.get(key)
        return value if isinstance(value, str) else ""

    def number(self, key: str) -> int:
        value = self.metadata.get(key)
        return int(value) if isinstance(value, (int, float)) else 0

    @property
    def architecture(self) -> str:
        return self.text("general.architecture")

    @property
    def quantisation(self) -> str:
        return FILE_TYPES.get(self.number("general.file_type"), "unknown")

    @property
    def context_length(self) -> int:
        """Tokens the model was trained to look back on; 0 when the file does not say."""
        return self.number(f"{self.architecture}.context_length")

    @property
    def head_size(self) -> int:
        """Values in one attention key; 0 when the file does not say."""
        declared = self.number(f"{self.architecture}.attention.key_length")
        heads = self.number(f"{self.architecture}.attention.head_count")
        return declared or (self.number(f"{self.architecture}.embedding_length") // heads if heads else 0)


class _Reader:
    """Walks a buffer from the start; reading past the end is struct.error or ValueError."""

    def __init__(self, data: mmap.mmap | bytes) -> None:
        self.data = data
        self.at = 0

    def number(self, layout: struct.Struct) -> int | float | bool:
        (value,) = layout.unpack_from(self.data, self.at)
        self.at += layout.size
        return value  # type: ignore[no-any-return]

    def count(self, width: int = 10) -> int:
        return int(self.number(_NUMBERS[width]))

    def skip(self, size: int) -> None:
        if self.at + size > len(self.data):
            raise ValueError("a value reaches past the end of the file")
        self.at += size

    def string(self) -> str:
        start = self.at + 8
        self.skip(8 + self.count_ahead())
        return bytes(self.data[start : self.at]).decode("utf-8", "replace")

    def count_ahead(self) -> int:
        (value,) = _NUMBERS[10].unpack_from(self.data, self.at)
        return int(value)

    def value(self, kind: int) -> str | int | float | bool | None:
        if kind == _STRING:
            return self.string()
        if kind == _ARRAY:
            self.skip_array(0)
            return None
        return self.number(_layout(kind))

    def skip_array(self, depth: int) -> None:
        kind, length = self.count(4), self.count()
        if kind == _ARRAY and depth < _DEEPEST_ARRAY:
            for _ in range(length):
                self.skip_array(depth + 1)
        elif kind == _STRING:
            for _ in range(length):
                self.skip(8 + self.count_ahead())
        else:
            self.skip(_layout(kind).size * length)

    def tensor_size(self) -> int:
        """Number of weights of the tensor described here; the reader is then past its description."""
        self.string()
        dimensions = self.count(4)
        if dimensions > _MOST_DIMENSIONS:
            raise ValueError(f"a tensor of {dimensions} dimensions")
        size = math.prod(self.count() for _ in range(dimensions))
        self.skip(4 + 8)
        return size


def _layout(kind: int) -> struct.Struct:
    if kind not in _NUMBERS:
        raise ValueError(f"a value of the unknown kind {kind}")
    return _NUMBERS[kind]


def parse_header(data: mmap.mmap | bytes) -> Header:
    """Read a header from the start of `data`. Raises ValueError or struct.error when it is broken."""
    if data[:4] != MAGIC:
        raise ValueError("it does not start with the letters GGUF")
    reader = _Reader(data)
    reader.skip(4)
    version = reader.count(4)
    if version not in VERSIONS:
        raise ValueError(f"GGUF version {version}, while only 2 and 3 are known")
    tensors, keys = reader.count(), reader.count()
    metadata = {}
    for _ in range(keys):
        key = reader.string()
        metadata[key] = reader.value(reader.count(4))
    return Header(metadata, sum(reader.tensor_size() for _ in range(tensors)))


def read_header(path: str) -> Header:
    """Read the header of the file at `path`. Raises ModelError for a file that is missing, empty or no GGUF."""
    return _with_map(path, parse_header)


def _with_map(path: str, read: Callable[[mmap.mmap], Header]) -> Header:
    try:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return read(data)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}; give the path of a GGUF file") from error
    except (ValueError, struct.error, OverflowError) as error:
        raise ModelError(f"{path}: not a usable GGUF file: {error}; get the file again") from error
