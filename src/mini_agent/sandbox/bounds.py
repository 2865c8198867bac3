"""How much a program may use. Bytes, seconds, counts."""

from __future__ import annotations

from dataclasses import dataclass, fields

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Bounds:
    """`memory` (resident) and `processes` (with threads) are for the whole tree, `folder_*` for the program's folder,
    `output` for each of stdout and stderr, the rest for one process.
    """

    memory: int = 512 * MEBIBYTE
    address_space: int = 768 * MEBIBYTE
    processes: int = 48
    file_size: int = 32 * MEBIBYTE
    folder_bytes: int = 64 * MEBIBYTE
    folder_files: int = 4096
    open_files: int = 64
    output: int = 64 * 1024

    def __post_init__(self) -> None:
        """Raises ValueError naming the bound that makes no sense."""
        for field in fields(self):
            if getattr(self, field.name) < 1:
                raise ValueError(f"{field.name} must be at least 1, is {getattr(self, field.name)}")
