"""Which model answers, so that a record can name it and a reader can get the very same one."""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from readiness.models.failure import ModelError
from readiness.models.gguf import Header, read_header

if TYPE_CHECKING:
    from typing import Any, Final

SERVER: Final = "readiness"
ENGINE: Final = "xllamacpp"


@dataclass(frozen=True)
class Identity:
    """`digest` is the SHA-256 of the GGUF file in hexadecimal, `size` its bytes, `parameters` its weights.

    `modified` is the file's time of last change in seconds since 1970.
    """

    name: str
    digest: str
    size: int
    quantisation: str
    parameters: int
    family: str
    context_length: int
    modified: int
    server: str
    server_version: str
    engine: str
    engine_version: str

    @property
    def fingerprint(self) -> str:
        """OpenAI's `system_fingerprint`: changes when the weights or the engine do, and with them the answers."""
        engine = hashlib.sha256(f"{self.engine} {self.engine_version}".encode()).hexdigest()
        return f"fp_{self.digest[:12]}_{engine[:6]}"

    @property
    def parameter_size(self) -> str:
        """The number of weights as Ollama writes it: `134.52M`, `7B`."""
        return human_number(self.parameters)

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"fingerprint": self.fingerprint}


def human_number(count: int) -> str:
    """`count` with a letter for thousands, millions or billions, rounded as Ollama's `format.HumanNumber` does."""
    for size, letter, places in ((10**9, "B", 1), (10**6, "M", 2)):
        if count >= size:
            return f"{count // size}{letter}" if count % size == 0 else f"{count / size:.{places}f}{letter}"
    return f"{count / 1000:.0f}K" if count >= 1000 else str(count)


def digest_of(path: str) -> str:
    """SHA-256 of a file in hexadecimal. Raises ModelError when it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}; check its permissions") from error


def identity(path: str, name: str) -> Identity:
    """Identify the GGUF file at `path`, to be served as `name`. Raises ModelError when it is not one."""
    return identity_of(read_header(path), path, name)


def identity_of(header: Header, path: str, name: str) -> Identity:
    from importlib.metadata import PackageNotFoundError, version

    from readiness import __version__

    try:
        engine_version = version(ENGINE)
    except PackageNotFoundError:
        engine_version = "not installed"
    status = os.stat(path)
    return Identity(
        name=name,
        digest=digest_of(path),
        size=status.st_size,
        quantisation=header.quantisation,
        parameters=header.parameters,
        family=header.architecture or "unknown",
        context_length=header.context_length,
        modified=int(status.st_mtime),
        server=SERVER,
        server_version=__version__,
        engine=ENGINE,
        engine_version=engine_version,
    )
