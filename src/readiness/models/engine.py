"""llama.cpp in this process, through `xllamacpp`: load, generate, unload. The only module that touches it.

Choices, all measured (docs/model.md):
- The key-value cache is Q8_0 and not shared between slots. Of the attention paths of the engine this is the one
  whose arithmetic for a token does not depend on what else is in the batch or the cache, so an answer is the same
  alone, beside three others, and with a warm prompt cache.
- Every request is streamed with progress events: the callback is the only place where it can be cancelled.
- The engine insists on an HTTP server of its own. It gets a socket in a private folder, unlinked at once.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
import tempfile
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from readiness.models.constrain import grammar_of
from readiness.models.failure import ModelError
from readiness.models.generation import EngineRefusal, engine_body, read_event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, MutableMapping
    from typing import Any, Final

    from readiness.models.generation import Generation, Piece

BATCH: Final = 64
"""Tokens of a prompt between two looks at whether its client is still there; also what others wait for at most."""
SPINS: Final = "300"
GUARDED_SIGNALS: Final = frozenset((signal.SIGINT, signal.SIGTERM))
_IMPOSSIBLE: Final = "~"
"""No JSON text starts with it."""
_Q8_BLOCK: Final = 32


@dataclass(frozen=True)
class EngineSettings:
    """`slots` answers at once, each with a context of `context` tokens, computed by `threads` threads."""

    path: str
    slots: int = 4
    context: int = 2048
    threads: int = 0
    head_size: int = 64

    @property
    def exact(self) -> bool:
        """Whether the cache can be Q8_0: attention keys must be whole blocks of 32 values."""
        return self.head_size % _Q8_BLOCK == 0

    @property
    def workers(self) -> int:
        """Threads to compute with: as many as asked for, else one for each core this process may use."""
        if self.threads:
            return self.threads
        return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def block_signals() -> None:
    """Keep INT and TERM away from the calling thread, and from every thread that it starts."""
    signal.pthread_sigmask(signal.SIG_BLOCK, GUARDED_SIGNALS)


class Engine:
    """A loaded model. Loading takes under a second for a small one; every method blocks its thread."""

    def __init__(self, settings: EngineSettings) -> None:
        """Load the model. Raises ModelError when it cannot be loaded or the engine is not installed."""
        self.settings = settings
        self._server: Any = _start(settings)

    def generate(self, generation: Generation, on_piece: Callable[[Piece], bool]) -> None:
        """Run one generation; `on_piece` gets each piece and each sign of progress, and says True to stop.

        Raises EngineRefusal.
        """
        run = self._server.handle_chat_completions if generation.messages else self._server.handle_completions
        failure: list[EngineRefusal] = []

        def on_event(event: bytes) -> bool:
            try:
                return on_piece(read_event(json.loads(event), generation.logprobs))
            except EngineRefusal as refusal:
                failure.append(refusal)
                return True

        try:
            run(engine_body(generation), on_event)
        except ValueError as error:  # the binding turns std::invalid_argument into it
            raise EngineRefusal(400, str(error)) from error
        except RuntimeError as error:
            raise EngineRefusal(500, str(error)) from error
        if failure:
            raise failure[0]

    def enforces(self, schema: Mapping[str, Any]) -> bool:
        """Whether output can really be held to `schema`.

        A grammar that does not compile is dropped silently, so it is put to the test: asked for one token, and
        pushed towards one that no JSON text starts with, an unconstrained engine gives in.
        """
        probe = {
            "prompt": "x",
            "max_tokens": 1,
            "temperature": 0,
            "stream": True,
            "cache_prompt": False,
            "grammar": grammar_of(schema),
            "logit_bias": [[_IMPOSSIBLE, 100]],
        }
        text: list[str] = []
        try:
            self._server.handle_completions(
                json.dumps(probe).encode(),
                lambda event: text.append(read_event(json.loads(event), None).text),
            )
        except (ValueError, RuntimeError, EngineRefusal):
            return False
        return not "".join(text).startswith(_IMPOSSIBLE)

    def close(self) -> None:
        """Free the model; what still runs is cut off."""
        self._server = None


def _start(settings: EngineSettings) -> Any:
    _spin_less(os.environ)
    try:
        xllamacpp = importlib.import_module("xllamacpp")
    except ImportError as error:
        raise ModelError(
            f"the model's engine is not installed ({error}); run `pip install 'readiness[model]'`"
        ) from error
    with tempfile.TemporaryDirectory(prefix="rdy-") as private, signals_kept():
        try:
            return xllamacpp.Server(_parameters(xllamacpp, settings, os.path.join(private, "e.sock")))
        except RuntimeError as error:
            raise ModelError(
                f"{settings.path}: the engine cannot load it; is it a whole GGUF of a text model, "
                f"and is there memory for {settings.slots} contexts of {settings.context} tokens?"
            ) from error


def _spin_less(environment: MutableMapping[str, str]) -> None:
    """Let a compute thread that waits for another give up its core soon; the OpenMP runtime reads this when it is loaded.

    It spins for milliseconds by default. Beside a test suite on two cores, that made answers five times slower;
    a short spin costs nothing on a quiet machine (docs/model.md). What the user has set stays.
    """
    if "OMP_WAIT_POLICY" not in environment:
        environment.setdefault("GOMP_SPINCOUNT", SPINS)


def _parameters(engine: Any, settings: EngineSettings, socket: str) -> Any:
    params = engine.CommonParams()
    params.model.path = settings.path
    params.n_parallel = settings.slots
    params.n_ctx = settings.slots * settings.context
    params.n_batch = params.n_ubatch = max(BATCH, settings.slots)
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings.workers
    params.kv_unified = False
    params.cache_ram_mib = 0
    params.fit_params = False
    params.warmup = False
    params.ui = False
    params.endpoint_slots = False
    params.hostnames = [socket]
    params.n_threads_http = 1
    params.verbosity = -1
    if settings.exact:
        params.flash_attn_type = engine.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_ENABLED
        params.cache_type_k = params.cache_type_v = engine.ggml_type.GGML_TYPE_Q8_0
    return params


@contextlib.contextmanager
def signals_kept() -> Iterator[None]:
    """While the engine loads it takes INT and TERM for itself; put Python's handlers back, and lose no signal between."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, GUARDED_SIGNALS)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            for number in GUARDED_SIGNALS:
                handler = signal.getsignal(number)
                signal.signal(number, signal.SIG_DFL if handler is None else handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
