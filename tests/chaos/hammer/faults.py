"""What is done to processes, drawn from a seed: killed, asked to leave, frozen for a while."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.chaos.hammer.stack import TTL, Stack, pool_of

PAUSE = 2.0
"""Seconds (s) between two faults, on average."""
LONGEST_FREEZE = 2.5 * TTL

TARGETS = {"watcher": 5, "compute": 4, "pool": 5, "web": 3, "redis": 2}
SIGNALS = {signal.SIGKILL: 3, signal.SIGTERM: 2, signal.SIGSTOP: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What was done to the process `pid`; times in seconds (s) since the epoch.

    `until` is when a frozen process was let go on.
    """

    at: float
    host: str
    target: str
    pid: int
    signum: signal.Signals
    until: float | None = None

    def __str__(self) -> str:
        lasted = f" for {self.until - self.at:.1f} s" if self.until is not None else ""
        return f"{self.signum.name} to {self.target} {self.host} (pid {self.pid}){lasted}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A fault as it is drawn, before anybody knows the pid."""

    pause: float
    host: int
    target: str
    signum: signal.Signals
    freeze: float
    choice: float


def draw_plan(draw: random.Random) -> Plan:
    """Draw the next fault, and the pause (s) before it."""
    return Plan(
        pause=min(4 * PAUSE, draw.expovariate(1 / PAUSE)),
        host=draw.randrange(2),
        target=draw.choices(list(TARGETS), list(TARGETS.values()))[0],
        signum=draw.choices(list(SIGNALS), list(SIGNALS.values()))[0],
        freeze=draw.uniform(0.2, LONGEST_FREEZE),
        choice=draw.random(),
    )


class Hammer:
    """A thread that does one fault after the other until it is told to end."""

    def __init__(self, stack: Stack, seed: int, say: Callable[[str], None]) -> None:
        self._stack = stack
        self._draw = random.Random(f"faults {seed}")
        self._say = say
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._frozen: dict[int, int] = {}
        self._thaws: list[threading.Timer] = []
        self._thread = threading.Thread(target=self._run, name="hammer", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> list[Fault]:
        """End, let everything frozen go on, and return what was done."""
        self._ended.set()
        self._thread.join()
        for timer in self._thaws:
            timer.cancel()
        for pid in list(self._frozen):
            self._thaw(pid)
        return list(self._faults)

    def _run(self) -> None:
        plan = draw_plan(self._draw)
        while not self._ended.wait(plan.pause):
            self._carry_out(plan)
            plan = draw_plan(self._draw)

    def _carry_out(self, plan: Plan) -> None:
        host = self._stack.hosts[0 if plan.target == "redis" else plan.host]
        pid = self._pid(plan, host.pid("compute" if plan.target == "pool" else plan.target))
        if pid is None or (pid in self._frozen and plan.signum == signal.SIGSTOP):
            return
        fault = Fault(
            at=time.time(), host=host.name, target=plan.target, pid=pid, signum=plan.signum
        )
        try:
            os.kill(pid, plan.signum)
        except ProcessLookupError:
            return
        self._note(fault, plan)

    @staticmethod
    def _pid(plan: Plan, main: int | None) -> int | None:
        if main is None or plan.target != "pool":
            return main
        pool = pool_of(main)
        return pool[int(plan.choice * len(pool))] if pool else None

    def _note(self, fault: Fault, plan: Plan) -> None:
        with self._lock:
            self._faults.append(fault)
            if fault.signum == signal.SIGSTOP:
                self._frozen[fault.pid] = len(self._faults) - 1
                timer = threading.Timer(plan.freeze, self._thaw, [fault.pid])
                timer.start()
                self._thaws.append(timer)
        lasts = f" for {plan.freeze:.1f} s" if fault.signum == signal.SIGSTOP else ""
        self._say(f"{fault}{lasts}")

    def _thaw(self, pid: int) -> None:
        with self._lock:
            number = self._frozen.pop(pid, None)
            if number is None:
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
            self._faults[number] = replace(self._faults[number], until=time.time())
