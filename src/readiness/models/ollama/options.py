"""The `options` of a request: Ollama's names, types and defaults (ollama/ollama, api/types.go)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from readiness.models.generation import Sampling
from readiness.models.ollama.error import OllamaError
from readiness.models.word_set import words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Final

_INTEGERS: Final = words(
    "num_keep seed num_predict top_k repeat_last_n num_ctx num_batch num_gpu main_gpu num_thread "
    "draft_num_predict"
)
_FLOATS: Final = words("top_p min_p typical_p temperature repeat_penalty presence_penalty frequency_penalty")
_BOOLEANS: Final = frozenset(("use_mmap",))
_NEVER_NEGATIVE: Final = ("temperature", "top_p", "min_p", "typical_p", "top_k")


def read_options(options: Mapping[str, Any], fresh_seed: int) -> Sampling:
    """The sampling that `options` ask for; an unknown option counts for nothing, as there. Raises OllamaError.

    Options of the runner (`num_ctx`, `num_gpu`, …) are checked and without effect: the model is loaded already.
    """
    given = {name: _typed(name, value) for name, value in options.items() if value is not None}
    for name in _NEVER_NEGATIVE:
        if name in given and given[name] < 0:
            raise OllamaError(400, f'option "{name}" must not be negative')
    seed = int(given.get("seed", -1))
    predict = int(given.get("num_predict", -1))
    return Sampling(
        seed=fresh_seed if seed == -1 else seed & 0xFFFFFFFF,
        temperature=given.get("temperature", 0.8),
        top_p=given.get("top_p", 0.9),
        top_k=int(given.get("top_k", 40)),
        min_p=given.get("min_p", 0.0),
        typical_p=given.get("typical_p", 1.0),
        max_tokens=None if predict < 0 else predict,
        stop=tuple(text for text in given.get("stop", ()) if text),
        presence_penalty=given.get("presence_penalty", 0.0),
        frequency_penalty=given.get("frequency_penalty", 0.0),
        repeat_penalty=given.get("repeat_penalty", 1.0),
        repeat_last_n=int(given.get("repeat_last_n", 64)),
    )


def _typed(name: str, value: Any) -> Any:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if name in _INTEGERS and not number:
        raise _wrong(name, "of type integer")
    if name in _FLOATS and not number:
        raise _wrong(name, "of type float32")
    if name in _BOOLEANS and not isinstance(value, bool):
        raise _wrong(name, "of type boolean")
    if name == "stop":
        if not isinstance(value, list):
            raise _wrong(name, "of type array")
        if not all(isinstance(text, str) for text in value):
            raise _wrong(name, "of an array of strings")
    return value


def _wrong(name: str, expected: str) -> OllamaError:
    """Ollama finds this while it schedules the model, and answers 500."""
    return OllamaError(500, f'option "{name}" must be {expected}')
