"""Preparing one check: its environment, its private folders, the probe, and the job for a worker."""

from __future__ import annotations

import json
import os

from readiness.record.value import value
from readiness.run import environment, probe_link
from readiness.run.job import Job
from readiness.run.pool import SHARED
from readiness.run.worker import OPEN, PRIVATE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from readiness.config.model import Check
    from readiness.run.context import Context

SHELL = "/bin/sh"


@value
class Prepared:
    """A check that is ready to start, and where its traces will be."""

    job: Job
    log: str
    events: str
    env_added: tuple[str, ...]
    env_removed: tuple[str, ...]


def network_of(check: Check, *, hermetic: bool) -> str:
    """Which network a check runs in: one that holds nothing for core, shared with its services where it needs any.

    `hermetic` is false where this machine has no network namespaces.
    """
    if check.lane != "core" or not hermetic:
        return OPEN
    return SHARED if check.services or check.cassette else PRIVATE


def traced(*, disk: bool, leaks: bool) -> str:
    """For the probe, as JSON: what finding out about failed tests may cost a check; whether it may put files back, and
    whether tests are run again for a leak that did no harm."""
    return json.dumps({"replays": 150, "seconds": 30, "disk": disk, "leaks": leaks})


def _isolation(check: Check, context: Context) -> str:
    """Leaks are traced in lane core: elsewhere a test run again would ask a model again.

    Where several checks run at once, none may see files of the project come and go by another one's questions.
    """
    if check.lane != "core" or check.isolation == "off":
        return ""
    alone = context.slots == 1 or len(context.config.checks) == 1
    return traced(disk=alone, leaks=check.isolation == "strict")


def prepare(
    check: Check,
    context: Context,
    service_env: Mapping[str, str],
    *,
    relay_env: Mapping[str, str],
    home: str,
    guard: bool,
    trials: str = "",
    copy_of: str = "",
) -> Prepared:
    """Its environment and its job; `home` is the private home of a hermetic check, empty for others. `relay_env`
    leads the clients of an nd or live check to its relay, whatever else names a server.

    `guard` asks the probe to keep the network out of every pytest process, for want of a namespace; `trials` tells it how
    to repeat tests. `copy_of` is the project's root where the check is to run once more in a copy of it, with a
    log of its own. Raises OSError or ValueError when the probe cannot be linked.
    """
    name = f"{check.name}.patch" if copy_of else check.name
    events = context.folder.inside("probe", name)
    interpreter = context.interpreter(check)
    venv = os.path.dirname(interpreter.folder)
    built = environment.build(
        context.environ,
        declared={**check.env, **relay_env},
        services=service_env,
        path_folders=context.path_folders(interpreter),
        virtual_env=venv if os.path.exists(os.path.join(venv, "pyvenv.cfg")) else "",
        hermetic_home=home,
    )
    variables = probe_link.link(
        built.variables,
        context.folder.inside("probe-path"),
        events,
        test_timeout=check.test_timeout if context.settings.timeouts else None,
        guard=guard,
        trials=trials,
        isolation="" if trials or copy_of else _isolation(check, context),
        copy_of=copy_of,
    )
    log = context.folder.inside("logs", f"{name}.log")
    job = Job(
        argv=(SHELL, "-c", check.run),
        cwd=os.path.join(context.root, check.cwd),
        env=variables,
        log=log,
        deadline=check.timeout if context.settings.timeouts else None,
        grace=context.grace,
        secrets=context.secrets,
        stacks=events,
    )
    added, removed = environment.differences(context.environ, variables)
    return Prepared(job, log, events, added, removed)
