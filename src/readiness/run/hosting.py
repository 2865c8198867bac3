"""The services of a run: started when a check first needs them, stopped after the last one that does."""

from __future__ import annotations

import os

from readiness.record.result import ServiceResult
from readiness.run import environment
from readiness.run.check_job import SHELL
from readiness.run.job import Job, ReadyCheck
from readiness.run.observe import said

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from readiness.config.model import Check, Service
    from readiness.run.context import Context
    from readiness.run.job import Ended
    from readiness.run.pool import Pool, Worker
    from readiness.run.ports import Ports

START_ATTEMPTS = 3
"""How often a service is started again when its port turned out to be somebody else's."""

STARTING, READY, FAILED, STOPPED = "starting", "ready", "failed", "stopped"


class Hosted:
    """One service in one network. A core check and an nd check never share one: their networks differ."""

    def __init__(self, service: Service, network: str) -> None:
        self.service = service
        self.network = network
        self.state = ""
        self.reason = ""
        self.port = 0
        self.seconds = 0.0
        self.attempts = 0
        self.worker: Worker | None = None
        self.retry = False
        self.asked_to_stop = False
        self.survivors: tuple[str, ...] = ()

    @property
    def log_name(self) -> str:
        return f"service-{self.service.name}-{self.network}.log"


class Hosting:
    """Starts, watches and stops services. `announce` is called with each change worth putting on record."""

    def __init__(
        self,
        context: Context,
        pool: Pool,
        watch: Callable[[Worker], None],
        announce: Callable[[ServiceResult], None],
    ) -> None:
        self._context = context
        self._pool = pool
        self._watch = watch
        self._announce = announce
        self._ports: Ports | None = None
        self._hosted: dict[tuple[str, str], Hosted] = {}
        self._own: dict[str, Service] = {}
        self._changed: dict[tuple[str, str], Service] = {}

    def ready_for(self, check: Check, network: str) -> bool:
        """Whether all services of a check are ready; starts those that can be."""
        return all([self.ensure(name, network) for name in check.services])  # noqa: C419 (start all)

    def add(self, service: Service) -> None:
        """A service of the gate itself, beside those of the configuration."""
        self._own.setdefault(service.name, service)

    def change(self, service: Service, network: str) -> None:
        """Host `service` in one network instead of what the configuration says under its name."""
        self._changed.setdefault((service.name, network), service)

    def service(self, name: str, network: str = "") -> Service | None:
        """What is hosted under a name; in `network`, where that is given."""
        changed = self._changed.get((name, network))
        return changed or self._own.get(name) or self._context.config.service(name)

    def port_of(self, name: str, network: str) -> int:
        return self._hosted[name, network].port

    def failure_for(self, check: Check, network: str) -> str:
        """Why a check cannot run: a service that it needs, directly or not, failed. Empty when none did."""
        return self.failure_of(check.services, network)

    def failure_of(self, names: tuple[str, ...], network: str) -> str:
        """The same for services by name."""
        for name in self.with_needs(names, network):
            hosted = self._hosted.get((name, network))
            if hosted and hosted.state == FAILED:
                return f"service {name} {hosted.reason}"
        return ""

    def env_for(self, names: tuple[str, ...], network: str) -> dict[str, str]:
        """What the named services give to those that use them; `{port}` filled in. Those of the gate give nothing."""
        given: dict[str, str] = {}
        for name in self.with_needs(names, network):
            if name not in self._own:
                given |= self._given_by(name, network)
        return given

    def _given_by(self, name: str, network: str) -> dict[str, str]:
        hosted = self._hosted[name, network]
        return {key: _fill(value, hosted.port) for key, value in hosted.service.env.items()}

    def _given_to(self, service: Service, network: str) -> dict[str, str]:
        """What a service is given: by those it needs, and last by those of the gate that stand before it."""
        given = self.env_for(service.needs, network)
        for name in service.needs:
            if name in self._own:
                given |= self._given_by(name, network)
        return given

    def stand_ins(self, check: Check) -> tuple[str, ...]:
        """The services of a check that declare themselves stand-ins, needed ones included."""
        services = [self.service(name) for name in self.with_needs(check.services)]
        return tuple(service.name for service in services if service and service.stand_in)

    def release(self, still_needed: set[tuple[str, str]]) -> None:
        """Stop every running service that no check needs any more; `still_needed` holds (check's service, network)."""
        kept = {
            (name, network) for first, network in still_needed for name in self.with_needs((first,), network)
        }
        for key, hosted in self._hosted.items():
            if key not in kept and hosted.state in (STARTING, READY):
                self._stop(hosted)

    def stop_all(self, *, at_once: bool = False) -> None:
        for hosted in self._hosted.values():
            if hosted.worker and at_once:
                hosted.worker.kill()
            elif hosted.worker:
                self._stop(hosted)

    @property
    def running(self) -> bool:
        return any(hosted.worker for hosted in self._hosted.values())

    def of(self, worker: Worker) -> Hosted | None:
        return next((hosted for hosted in self._hosted.values() if hosted.worker is worker), None)

    def hear(self, hosted: Hosted, message: dict[str, Any]) -> None:
        """Take in what the worker of a service said before its end."""
        if message["event"] == "ready":
            hosted.state, hosted.seconds = READY, message["seconds"]
            self._say(hosted)
        elif message["event"] == "unready":
            hosted.reason, hosted.retry = f"is not usable: {message['why']}", message["retry"]
            if hosted.worker:
                hosted.worker.stop()

    def ended(self, hosted: Hosted, ended: Ended | None) -> None:
        """Its process is gone: as asked, or it failed. None when the worker itself died."""
        hosted.worker = None
        hosted.survivors = ended.survivors if ended else ()
        if hosted.asked_to_stop:
            hosted.state = STOPPED
        elif hosted.attempts < START_ATTEMPTS and (hosted.retry or self._lost_its_port(hosted)):
            self._start(hosted)
            return
        else:
            hosted.reason = hosted.reason or _why_ended(hosted, ended)
            hosted.state = FAILED
        self._say(hosted)

    @staticmethod
    def _lost_its_port(hosted: Hosted) -> bool:
        """Whether it ended while starting because a stranger took the port between the look and the bind."""
        from readiness.run.ports import is_free

        return hosted.state == STARTING and not is_free(hosted.port)

    def ensure(self, name: str, network: str) -> bool:
        """Whether a service is ready; starts it, and what it needs, when it is not there."""
        service = self.service(name, network)
        assert service is not None, name
        hosted = self._hosted.setdefault((name, network), Hosted(service, network))
        below = all([self.ensure(needed, network) for needed in service.needs])  # noqa: C419 (start all)
        if below and hosted.state in ("", STOPPED):
            self._start(hosted)
        return below and hosted.state == READY

    def _start(self, hosted: Hosted) -> None:
        if self._ports is None:
            from readiness.run.ports import Ports

            self._ports = Ports()
        hosted.state, hosted.reason, hosted.retry, hosted.asked_to_stop = STARTING, "", False, False
        hosted.attempts += 1
        try:
            hosted.port = self._ports.hand_out()
            hosted.worker = self._pool.take(hosted.network)
        except OSError as error:
            hosted.state, hosted.reason = FAILED, f"could not be started: {said(error)}"
            self._say(hosted)
            return
        self._watch(hosted.worker)
        hosted.worker.start(self._job(hosted))

    def _job(self, hosted: Hosted) -> Job:
        service, context = hosted.service, self._context
        interpreter = context.interpreter()
        built = environment.build(
            context.environ,
            declared={},
            services=self._given_to(service, hosted.network),
            path_folders=context.path_folders(interpreter),
        )
        ready = ReadyCheck(
            service.ready.kind, _fill(service.ready.target, hosted.port), hosted.port, service.timeout
        )
        return Job(
            argv=(SHELL, "-c", _fill(service.run, hosted.port)),
            cwd=os.path.join(context.root, service.cwd),
            env=built.variables,
            log=context.folder.inside("logs", hosted.log_name),
            grace=service.stop_timeout,
            secrets=context.secrets,
            ready=ready,
        )

    def _stop(self, hosted: Hosted) -> None:
        if hosted.worker and not hosted.asked_to_stop:
            hosted.asked_to_stop = True
            hosted.worker.stop()

    def with_needs(self, names: tuple[str, ...], network: str = "") -> list[str]:
        """The named services and all that they need, needed ones first."""
        found: dict[str, None] = {}

        def visit(name: str) -> None:
            service = self.service(name, network)
            for needed in service.needs if service else ():
                visit(needed)
            found[name] = None

        for name in names:
            visit(name)
        return list(found)

    def _say(self, hosted: Hosted) -> None:
        log = self._context.folder.inside("logs", hosted.log_name)
        self._announce(
            ServiceResult(
                name=hosted.service.name,
                state=hosted.state,
                reason=hosted.reason,
                port=hosted.port,
                seconds_to_ready=hosted.seconds,
                log=self._context.folder.relative(log),
                stand_in=hosted.service.stand_in,
                survivors=hosted.survivors,
            )
        )


def _fill(text: str, port: int) -> str:
    return text.replace("{port}", str(port))


def _why_ended(hosted: Hosted, ended: Ended | None) -> str:
    when = "died after it was ready" if hosted.state == READY else "ended before it was ready"
    if ended is None:
        return f"{when}: its worker was killed"
    if ended.start_error:
        return ended.start_error
    if ended.stopped == "output":
        return f"{when}: it wrote more output than the limit"
    if ended.left_running and ended.exit_code == 0:
        return f"{when}: it went into the background, where it cannot be watched; run it in the foreground"
    last = ended.last_output.strip().splitlines()[-1:]
    return f"{when} (exit code {ended.exit_code})" + (f": {last[0]}" if last else "")
