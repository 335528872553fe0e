"""The loop: start everything, restart what dies, stop everything in order."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence

from webapp.supervisor.guard import Guard
from webapp.supervisor.logfiles import last_line, trim
from webapp.supervisor.orphans import ProcessRecord
from webapp.supervisor.processes import StopStep, SupervisedProcess
from webapp.supervisor.restarts import RestartPacing
from webapp.supervisor.wakeups import Parent, Wakeups

log = logging.getLogger(__name__)

LONGEST_WAIT = 0.25
"""Seconds (s) between two looks at the parent; deaths and signals wake the loop at once."""

TRIM_EVERY = 30.0
STOP_LIMIT = 60.0
"""Seconds (s) for one phase of the stop; a process that outlives SIGKILL is left to the kernel."""


class Supervisor:
    """Keeps processes running until it is asked to stop."""

    def __init__(
        self,
        *,
        record: ProcessRecord,
        guard: Guard,
        wakeups: Wakeups,
        parent: Parent | None,
    ) -> None:
        self._record = record
        self._guard = guard
        self._wakeups = wakeups
        self._parent = parent
        self._processes: list[SupervisedProcess] = []
        self._pacing: dict[str, RestartPacing] = {}
        self._due: dict[str, float] = {}
        self._next_trim = time.monotonic() + TRIM_EVERY

    def stop_wanted(self) -> bool:
        """Say whether a signal or the parent asks for the end."""
        return self._wakeups.stop_asked or (self._parent is not None and self._parent.wants_end())

    def add(self, process: SupervisedProcess) -> None:
        """Start a process and keep it running from now on."""
        self._processes.append(process)
        self._pacing[process.name] = RestartPacing()
        self._start(process)

    def run(self) -> None:
        """Restart what dies, until the end is asked for."""
        while not self.stop_wanted():
            self._revive()
            self._trim_logs()
            self._wakeups.wait(self._next_wait())

    def stop(self) -> None:
        """Stop everything, phase by phase; return when nothing is left."""
        for phase in sorted({process.spec.stop_phase for process in self._processes}):
            self._stop_together([p for p in self._processes if p.spec.stop_phase == phase])
        self._guard.leave()

    def _start(self, process: SupervisedProcess) -> None:
        self._due.pop(process.name, None)
        pid = process.start()
        self._record.write(self._processes)
        about = {"action": "process_started"}
        log.info("%s started, pid %d", process.name, pid, extra=about)

    def _revive(self) -> None:
        now = time.monotonic()
        for process in self._processes:
            if process.pid is not None and not process.is_running():
                self._bury(process, now)
            if self._due.get(process.name, now + 1) <= now:
                self._start(process)
        if self._guard.revive():
            about = {"action": "guard_started"}
            log.warning("the guard was killed; started another", extra=about)

    def _bury(self, process: SupervisedProcess, now: float) -> None:
        status = process.collect()
        self._record.write(self._processes)
        delay = self._pacing[process.name].delay_after_death(now)
        self._due[process.name] = now + delay
        then = f"starting it again in {delay:g} s" if delay else "starting it again"
        log.warning(
            "%s %s; %s; log: %s",
            *(process.name, _ending(status, process), then, process.log_file),
            extra={"action": "process_died"},
        )

    def _next_wait(self) -> float:
        now = time.monotonic()
        return max(0.0, min([LONGEST_WAIT, *(due - now for due in self._due.values())]))

    def _trim_logs(self) -> None:
        if time.monotonic() >= self._next_trim:
            self._next_trim = time.monotonic() + TRIM_EVERY
            for process in self._processes:
                trim(process.log_file)

    def _stop_together(self, processes: Sequence[SupervisedProcess]) -> None:
        leaving = [_Leaving(process) for process in processes if process.pid is not None]
        deadline = time.monotonic() + STOP_LIMIT
        while leaving and time.monotonic() < deadline:
            leaving = [one for one in leaving if not one.has_left()]
            self._wakeups.wait(LONGEST_WAIT if leaving else 0.0)
        for process in processes:
            fate = "stopped" if process.pid is None else "does not end"
            log.info("%s %s", process.name, fate, extra={"action": "process_stopped"})
        self._record.write(self._processes)


class _Leaving:
    """A process on its way out: the next signal follows when patience has run out."""

    def __init__(self, process: SupervisedProcess) -> None:
        self._process = process
        self._steps: Iterator[StopStep] = iter(process.spec.stop_steps)
        self._deadline = 0.0

    def has_left(self) -> bool:
        if not self._process.is_running():
            self._process.collect()
            return True
        if time.monotonic() >= self._deadline:
            self._take_next_step()
        return False

    def _take_next_step(self) -> None:
        step = next(self._steps, None)
        if step is not None:
            self._process.send(step.signal)
            self._deadline = time.monotonic() + step.patience


def _ending(status: int, process: SupervisedProcess) -> str:
    if status < 0:
        return f"was ended by signal {-status}"
    return f"ended with status {status}, saying {last_line(process.log_file)!r}"
