"""Looks at everything that is watched, and enters in the ledger what is not as it was at the last look."""

from __future__ import annotations

import os
import sys
import warnings
from typing import TYPE_CHECKING

from readiness_probe.clock import clock
from readiness_probe.tracing.batches import Compared
from readiness_probe.tracing.context import ContextHolder
from readiness_probe.tracing.files import FilesHolder, folders_of_user
from readiness_probe.tracing.filters import FiltersHolder
from readiness_probe.tracing.graph import Graph
from readiness_probe.tracing.holders import (
    ClassHolder,
    DictHolder,
    ImportedHolder,
    InstanceHolder,
    ModuleHolder,
    SequenceHolder,
)
from readiness_probe.tracing.interpreter import (
    EnvironmentHolder,
    FacetsHolder,
    of_the_interpreter,
    of_the_process,
)
from readiness_probe.tracing.ledger import Ledger
from readiness_probe.tracing.loggers import NEW, loggers
from readiness_probe.tracing.tagged import Tagged
from readiness_probe.tracing.tree import Tree, project_of
from readiness_probe.tracing.values import ATOMS
from readiness_probe.tracing.versions import Versions

if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterable, List, Optional, Set

    from readiness_probe.places import Places
    from readiness_probe.tracing.holders import Holder
    from readiness_probe.tracing.ledger import Author

_LEAD_NOWHERE = (EnvironmentHolder, FacetsHolder, FilesHolder, FiltersHolder)
_LISTS_OF_SYS = ("path", "meta_path", "path_hooks")


class Tracker:
    """`places` says of a file whether it is the user's own code, `disk_is_ours` whether its files may be put back.
    The first look is the base of the ledger.

    `seconds` is the CPU time of all looks.
    """

    def __init__(self, places: Places, *, disk_is_ours: bool) -> None:
        began = clock.thread_time()
        self.versions = Versions()
        self.ledger = Ledger()
        self._graph = Graph(places.is_users, all_classes=self.versions.of_classes)
        self._tagged = Tagged(self.versions)
        self._deferred = Tagged(self.versions)
        self._waiting: List[Holder] = []
        self._always: List[Holder] = []
        self._compared = Compared()
        self._titled: Dict[str, Holder] = {}
        self._loggers: Set[int] = set()
        self._modules = 0
        self._imported = ImportedHolder()
        self._graph.leave_alone(os.environ, os.environ._data, sys.modules)  # type: ignore[attr-defined]
        self._process = of_the_process()
        for one in (EnvironmentHolder(), self._process):
            self._put_in(one, self._always)
        self._interpreter = of_the_interpreter()
        self._put_in(self._interpreter, self._waiting)
        self._take(self._imported)
        for name in _LISTS_OF_SYS:
            self._graph.leave_alone(getattr(sys, name))
            self._take(SequenceHolder(f"sys.{name}", getattr(sys, name)))
        self.context = ContextHolder()
        self._put_in(self.context, self._waiting)
        self._graph.leave_alone(warnings.filters)
        self._take(FiltersHolder())
        home, temporary = folders_of_user()
        tree = Tree(project_of(places.root, home), home, temporary)
        self.files = FilesHolder(tree, ours=disk_is_ours)
        self._put_in(self.files, self._always)
        self._discover(None)
        self.seconds = clock.thread_time() - began

    @property
    def watched(self) -> int:
        """How many holders there are."""
        by_hand = len(self._always) + len(self._waiting)
        return len(self._tagged) + len(self._deferred) + len(self._compared) + by_hand

    def look(self, author: Author, *, few: bool = True, most: bool = True, deferred: bool = True) -> int:
        """Enter what changed since the last look as the doing of `author`; how many changes there are by now.

        `few` is what running tests again would not tell (files, threads, random states and the like) and what was
        loaded since, `deferred` what `is_deferred` says, `most` all else.
        """
        began = clock.thread_time()
        if few:
            self._compare_all([one for one in self._always if one.moved()], author)
            self._discover(author)
        if most:
            self._compare_all([*self._tagged.moved(), *self._compared.moved()], author)
        if deferred:
            waiting = [one for one in self._waiting if one.moved()]
            self._compare_all([*self._deferred.moved(), *waiting], author)
        self.seconds += clock.thread_time() - began
        return len(self.ledger.changes)

    def _compare_all(self, moved: Iterable[Holder], author: Author) -> None:
        for holder in moved:
            self._compare(holder, author)

    def is_deferred(self, holder: Holder) -> bool:
        """Whether changes of it may wait for a later look: most of all that there is, and what tests seldom change."""
        return holder in self._waiting or (isinstance(holder, (ModuleHolder, ClassHolder)) and not holder.own)

    def keep(self) -> Callable[[], None]:
        """What puts everything back that a fork resets."""
        parts = self._process.keep(), self._interpreter.keep()

        def put_back() -> None:
            for part in parts:
                part()

        return put_back

    def titled(self, title: str) -> Optional[Holder]:
        """The holder of that title; modules that were loaded since the last look are taken in first."""
        if title not in self._titled:
            self._discover(None)
        return self._titled.get(title)

    def follow(self, title: str, value: Any) -> None:
        """Watch a value that lives in no namespace, such as that of a fixture."""
        for holder in self._graph.reached(title, value):
            self._take(holder)

    def _compare(self, holder: Holder, author: Author) -> None:
        now = holder.now()
        for name, before, after in holder.changes(holder.seen, now):
            self.ledger.add(holder, name, before, after, author)
            if type(after) not in ATOMS and not isinstance(holder, _LEAD_NOWHERE):
                self._follow_new(holder, name, after)
        holder.seen = now

    def _follow_new(self, holder: Holder, name: Any, value: Any) -> None:
        if isinstance(holder, ImportedHolder):
            return
        if isinstance(holder, ModuleHolder) and not holder.own:
            return
        self._take_all(self._graph.reached(holder.state(name), value))

    def _discover(self, author: Optional[Author]) -> None:
        """Modules and loggers that came since the last look; what a module holds now is its base."""
        if self._modules != len(sys.modules):
            self._modules = len(sys.modules)
            modules = list(self._graph.new_modules())
            for holder in modules:
                self._take(holder)
                if holder.own:
                    self._take_all(self._graph.inside(holder))
            self._take_all(self._graph.classes_of(one for one in modules if not one.own))
        for one in loggers(self._loggers):
            self._loggers.add(id(one.target))
            self._graph.leave_alone(one.target)
            self._take(one)
            if author is not None:
                one.seen = NEW
                self._compare(one, author)

    def _put_in(self, holder: Holder, group: List[Holder]) -> None:
        holder.seen = holder.now()
        self._titled[holder.title] = holder
        group.append(holder)

    def _take_all(self, holders: Iterable[Holder]) -> None:
        for holder in holders:
            self._take(holder)

    def _take(self, holder: Holder) -> None:
        holder.seen = holder.now()
        self._titled.setdefault(holder.title, holder)
        names = holder.dict() if self._has_version(holder) else None
        if names is None:
            self._compared.add(holder)
        elif self.is_deferred(holder):
            self._deferred.add(holder, names)
        else:
            self._tagged.add(holder, names)

    def _has_version(self, holder: Holder) -> bool:
        if isinstance(holder, ClassHolder):
            return self.versions.of_classes
        if isinstance(holder, InstanceHolder):
            return self.versions.of_instances
        return self.versions.of_dicts and isinstance(holder, (ModuleHolder, DictHolder))
