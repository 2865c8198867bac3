"""A frozen world: a forked copy of this process that waits, and answers questions from forked copies of its own.

The session goes on meanwhile, and is not touched by what is asked.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import warnings
from typing import TYPE_CHECKING

from readiness_probe import forked
from readiness_probe.clock import clock

if TYPE_CHECKING:
    from typing import Any, Callable, Dict

    Question = Dict[str, Any]
    Answer = Dict[str, Any]

_SIZE = 8
_LOOK = 0.5
"""Seconds between two looks whether the process that froze the world still lives."""
_GRACE = 3.0
"""Seconds beyond a question's own limit until its child is ended by force."""


class World:
    """The side that asks. `close` ends the world; so does the end of this process."""

    def __init__(self, pid: int, to: int, answers: int) -> None:
        self.pid = pid
        self._to = to
        self._answers = answers
        self._closed = False

    def ask(self, question: Question) -> Answer:
        """Blocks until it is answered. A world that is gone answers `{"outcome": "lost"}`."""
        try:
            _send(self._to, question)
            return _receive(self._answers)  # type: ignore[no-any-return]
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            return {"outcome": "lost", "error": f"{type(error).__name__}: {error}"}

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            with contextlib.suppress(OSError):
                _send(self._to, {})
                _wait_for_end(self._answers)
            os.close(self._to)
            os.close(self._answers)


def freeze(prepare: Callable[[], None], answer: Callable[[Question], Answer]) -> World:
    """Freeze this process as it is. `prepare` runs in the copy once, `answer` in a copy of that for each question.

    The copy is no child of this process, so that a test which waits for its children does not meet it.
    """
    asked, to = os.pipe()
    answers, back = os.pipe()
    parent = os.getpid()
    middle = _fork()
    if middle == 0:
        try:
            if os.fork() == 0:
                os.close(to)
                os.close(answers)
                os.setpgid(0, 0)
                prepare()
                _serve(asked, back, parent, answer)
        except BaseException as error:  # noqa: BLE001 - said, then left: a copy of pytest must not go on
            _complain(error)
        finally:
            os._exit(0)
    os.close(asked)
    os.close(back)
    os.waitpid(middle, 0)
    return World(middle, to, answers)


def _fork() -> int:
    """From 3.12 on the interpreter warns of threads, which a check may turn into an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return os.fork()


def _serve(asked: int, back: int, parent: int, answer: Callable[[Question], Answer]) -> None:
    while True:
        while not select.select([asked], [], [], _LOOK)[0]:
            if not _lives(parent):
                return
        try:
            question = _receive(asked)
        except EOFError:
            return
        if not question:
            _send(back, {})
            return
        _send(back, _answered(question, answer))


def _answered(question: Question, answer: Callable[[Question], Answer]) -> Answer:
    limit = float(question["seconds"])
    child = forked.start(lambda: _in_group(question, answer))
    ends = clock.monotonic() + limit + float(question.get("grace", _GRACE))
    ended = False
    while not ended and clock.monotonic() < ends:
        ended = bool(forked.wait([child], ends - clock.monotonic()))
        if not ended:
            # The pipe may be closed while the process still ends, or held open by what it started.
            clock.sleep(0.002)
    with contextlib.suppress(OSError):
        os.killpg(child.pid, signal.SIGKILL)
    if not ended:
        child.end()
    if child.answer is not None:
        return child.answer  # type: ignore[no-any-return]
    if not ended:
        return {"outcome": "hanging", "error": f"still running after {limit:g} s"}
    return {"outcome": "crashed", "error": _how(child.status or 0)}


def _in_group(question: Question, answer: Callable[[Question], Answer]) -> Answer:
    os.setpgid(0, 0)
    return answer(question)


def _how(status: int) -> str:
    if status < 0:
        return f"ended by signal {signal.Signals(-status).name}"
    return f"ended its process with code {status}"


def _complain(error: BaseException) -> None:
    with contextlib.suppress(OSError):
        os.write(2, f"readiness: a frozen world broke: {type(error).__name__}: {error}\n".encode())


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _send(descriptor: int, what: Any) -> None:
    body = pickle.dumps(what)
    data = memoryview(len(body).to_bytes(_SIZE, "big") + body)
    while data:
        data = data[os.write(descriptor, data) :]


def _receive(descriptor: int) -> Any:
    size = int.from_bytes(_read(descriptor, _SIZE), "big")
    return pickle.loads(_read(descriptor, size))


def _read(descriptor: int, size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = os.read(descriptor, size - len(data))
        if not chunk:
            raise EOFError("the world is gone")
        data += chunk
    return data


def _wait_for_end(descriptor: int) -> None:
    """Until the other side has closed its end, for a short while."""
    if select.select([descriptor], [], [], _GRACE)[0]:
        os.read(descriptor, 1)
