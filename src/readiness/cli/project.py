"""Which project a command works on, and what it is asked to do there: the options that several commands share."""

from __future__ import annotations

import os

from readiness.config.snapshot import load_again
from readiness.gate.plan import Plan, make_plan
from readiness.gate.settings import Flags, Settings, UsageError, resolve
from readiness.record.value import value
from readiness.store.history import History
from readiness.store.history import load as load_history

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from typing import Final

    from readiness.config.model import Config

CONFIG_NAMES: Final = ("readiness.yml", "readiness.yaml")


@value
class Project:
    """A project with its configuration, and the plan for what was asked."""

    root: str
    config: Config
    settings: Settings
    history: History
    plan: Plan


def add_place(parser: argparse.ArgumentParser) -> None:
    """`-C` and `--config`: where the project is."""
    parser.add_argument("-C", dest="folder", default=".", metavar="DIR", help="work as if started in DIR")
    parser.add_argument(
        "--config", metavar="FILE", help="the configuration (default: readiness.yml here or above)"
    )


def add_selection(parser: argparse.ArgumentParser) -> None:
    """What to run, and how strictly."""
    parser.add_argument("names", nargs="*", metavar="CHECK", help="run these checks only, and require each")
    parser.add_argument("--gate", help="which moment's lanes to run (default: dev, or READINESS_GATE)")
    parser.add_argument(
        "--lane", action="append", default=[], help="run this lane instead of the gate's; repeatable"
    )
    parser.add_argument(
        "--strict", action="store_true", default=None, help="let every gap decide (STRICT_READY=1)"
    )
    parser.add_argument("--no-strict", dest="strict", action="store_false", help="decide by failures alone")
    parser.add_argument(
        "--fail-on-skip",
        action="store_true",
        default=None,
        help="a skipped test fails its check (READINESS_FAIL_ON_SKIP=1)",
    )
    parser.add_argument(
        "--no-timeout",
        dest="timeouts",
        action="store_false",
        default=None,
        help="no deadlines (READINESS_DISABLE_TIMEOUT=1)",
    )


def start_folder(args: argparse.Namespace) -> str:
    """Where the command works, absolute. Raises UsageError when there is no such folder."""
    try:
        start = os.path.abspath(str(args.folder))
    except FileNotFoundError as error:
        raise UsageError("the working directory is gone; change to one that exists") from error
    if not os.path.isdir(start):
        # The search for a configuration would go on above it, in some other project.
        raise UsageError(f"-C {args.folder}: there is no such folder")
    return start


def find_config(args: argparse.Namespace) -> str:
    """The configuration's path: as given, or found here or in a folder above, up to the checkout's root."""
    start = start_folder(args)
    if args.config:
        return os.path.join(start, str(args.config))
    folder = start
    while True:
        for name in CONFIG_NAMES:
            if os.path.lexists(os.path.join(folder, name)):
                return os.path.join(folder, name)
        above = os.path.dirname(folder)
        if above == folder or os.path.lexists(os.path.join(folder, ".git")):
            return os.path.join(start, CONFIG_NAMES[0])
        folder = above


def open_config(args: argparse.Namespace) -> tuple[str, Config]:
    """The project's root and its configuration. Raises ConfigError with every fault in it."""
    path = find_config(args)
    root = os.path.dirname(path)
    return root, load_again(path, root)


def open_project(args: argparse.Namespace, environ: Mapping[str, str]) -> Project:
    """Load the configuration and plan what was asked. Raises ConfigError or UsageError."""
    root, config = open_config(args)
    flags = Flags(
        gate=args.gate,
        lanes=tuple(args.lane),
        checks=tuple(args.names),
        strict=args.strict,
        fail_on_skip=args.fail_on_skip,
        timeouts=args.timeouts,
    )
    return plan_for(root, config, resolve(flags, environ, config), environ)


def plan_for(root: str, config: Config, settings: Settings, environ: Mapping[str, str]) -> Project:
    """The project with a plan under these settings."""
    history = load_history(root)
    return Project(root, config, settings, history, make_plan(config, settings, history.seconds, environ))
