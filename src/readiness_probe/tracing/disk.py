"""The disk as it was when a world was frozen, for as long as that world is asked something.

All copies of a process share one disk. So files are put back around each question, by the one process that asks: what
is there now is moved aside and moved back, never read and written again where a rename does. Nothing is asked before
the last test is over.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from typing import TYPE_CHECKING

from readiness_probe.tracing import filestate
from readiness_probe.tracing.values import MISSING
from readiness_probe.tracing.worlds import World

if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Set, Tuple

    from readiness_probe.tracing.files import FilesHolder
    from readiness_probe.tracing.ledger import Change, Ledger


_ENDS = (signal.SIGTERM, signal.SIGHUP)
_NAME_LIMIT = 200


class Disk:
    """`files` holds how things are when all tests are over, `ledger` how they came to be so."""

    def __init__(self, files: FilesHolder, ledger: Ledger) -> None:
        self._files = files
        self._ledger = ledger
        self._moved: List[Tuple[str, str]] = []
        self._made: List[str] = []
        self._asides: Set[str] = set()
        self._seen = -1
        self._changes: List[Change] = []

    def ask(self, world: OnDisk, question: Dict[str, Any]) -> Dict[str, Any]:
        wanted = self._differing(self._wanted(world.number, question))
        with _finishing_first() if wanted else contextlib.nullcontext():
            return self._ask(world, question, wanted)

    def _ask(self, world: OnDisk, question: Dict[str, Any], wanted: Dict[str, Any]) -> Dict[str, Any]:
        wrote: Set[str] = set()
        try:
            self._put(wanted)
            answer = world.ask_only({**question, "basetemp": self._files.tree.own})
            wrote = set(answer.get("wrote", ()))
            return answer
        except (OSError, ValueError) as error:
            return {"outcome": "lost", "error": f"a file cannot be put back: {error}"}
        finally:
            self._take_back()
            self._clean_up(wrote)

    def _wanted(self, number: int, question: Dict[str, Any]) -> Dict[str, Any]:
        """What lay where when there were `number` changes, but for those that the question takes back."""
        found: Dict[str, Any] = {}
        for change in self._of_files():
            if change.number < number:
                found[change.name] = change.after
            else:
                found.setdefault(change.name, change.before)
        taken_back = {*question.get("undo", ()), *question.get("put", ())}
        for change in (self._ledger.changes[one] for one in sorted(taken_back, reverse=True)):
            if self._is_of_files(change):
                found[change.name] = change.before
        return found

    def _of_files(self) -> List[Change]:
        """The ledger is looked through once: nothing is added when questions are asked."""
        if self._seen != len(self._ledger.changes):
            self._seen = len(self._ledger.changes)
            self._changes = list(filter(self._is_of_files, self._ledger.changes))
        return self._changes

    def _is_of_files(self, change: Change) -> bool:
        return change.holder is self._files

    def _differing(self, wanted: Dict[str, Any]) -> Dict[str, Any]:
        """What is not so now, of what may be changed."""
        ends, top_of = self._files.tree.states, self._files.tree.own_top
        return {
            path: state
            for path, state in sorted(wanted.items())
            if not filestate.same(ends.get(path, MISSING), state)
            and self._files.can_move(path, state)
            and (top_of(path) in ("", path) or wanted.get(top_of(path)) is not MISSING)
        }

    def _put(self, wanted: Dict[str, Any]) -> None:
        for path, state in wanted.items():
            if os.path.lexists(path):
                self._move_aside(path)
            if state is not MISSING:
                self._made.append(path)
                filestate.write(path, state)

    def _move_aside(self, path: str) -> None:
        tree = self._files.tree
        folder = tree.root if tree.is_inside(path) else os.path.dirname(path)
        aside = os.path.join(folder, f".readiness-aside-{os.getpid()}")
        os.makedirs(aside, exist_ok=True)
        self._asides.add(aside)
        # Whoever finds it after this process was killed sees what it was.
        there = os.path.join(aside, f"{len(self._moved)}-{os.path.basename(path)}"[:_NAME_LIMIT])
        os.rename(path, there)
        self._moved.append((path, there))

    def _take_back(self) -> None:
        for path in reversed(self._made):
            _remove(path)
        for path, aside in reversed(self._moved):
            if not os.path.lexists(aside):
                # Another program removed it meanwhile with its folder, such as a pytest that clears temporary files.
                continue
            _remove(path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.rename(aside, path)
        for aside in filter(os.path.lexists, self._asides):
            os.rmdir(aside)
        self._made, self._moved, self._asides = [], [], set()

    def _clean_up(self, wrote: Set[str]) -> None:
        """What the replay wrote to. What a person or another program writes meanwhile is theirs, and stays."""
        tree, open_now = self._files.tree, _open_paths()
        known = {change.name for change in self._of_files()}
        for path in tree.written():
            end = tree.states.get(path, MISSING)
            is_ours = path in known or _is_below(path, wrote)
            if not is_ours or path in open_now or not self._files.can_move(path, end):
                continue
            if not filestate.same(end, filestate.read(path)):
                # What a copy left, and we may not change, stays: it is no state of the run that was traced.
                with contextlib.suppress(OSError):
                    filestate.write(path, end)
        tree.written()


class OnDisk(World):
    """A frozen world, and the number of changes that there were then: the disk belongs to it."""

    def __init__(self, world: World, disk: Disk, number: int) -> None:
        super().__init__(world.pid, world._to, world._answers)
        self.number = number
        self._disk = disk

    def ask(self, question: Dict[str, Any]) -> Dict[str, Any]:
        return self._disk.ask(self, question)

    def ask_only(self, question: Dict[str, Any]) -> Dict[str, Any]:
        return super().ask(question)


@contextlib.contextmanager
def _finishing_first() -> Iterator[None]:
    """Asked to end meanwhile, this process puts the files in their places, and then ends."""
    stopped: List[int] = []

    def stop(number: int, _: Any) -> None:
        stopped.append(number)
        raise _Stopped

    chosen = [one for one in _ENDS if signal.getsignal(one) is signal.SIG_DFL] if _in_main_thread() else []
    for number in chosen:
        signal.signal(number, stop)
    try:
        yield
    except _Stopped:
        # Said by the signal itself, below.
        pass
    finally:
        for number in chosen:
            signal.signal(number, signal.SIG_DFL)
        for heard in stopped:
            os.kill(os.getpid(), heard)


class _Stopped(BaseException):
    """A signal came that ends this process."""


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _is_below(path: str, paths: Set[str]) -> bool:
    while path not in paths and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    return path in paths


def _remove(path: str) -> None:
    if os.path.lexists(path):
        filestate.remove(path)


def _open_paths() -> Set[str]:
    """Files that this process holds open: to write them anew would leave the descriptor with another file."""
    found: Set[str] = set()
    try:
        numbers = os.listdir("/proc/self/fd")
    except OSError:
        return found
    for number in numbers:
        # The descriptor of the listing itself is gone by now.
        with contextlib.suppress(OSError):
            found.add(os.readlink(f"/proc/self/fd/{number}"))
    return found
