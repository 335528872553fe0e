"""What is done to processes, drawn from a seed: killed, asked to leave, frozen, cut off.

Redis is also killed and loses the end of its file, all its connections are cut at once, it has no
room for a while, and now and then it is emptied.
"""

from __future__ import annotations

import contextlib
import math
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import redis

from tests.chaos.hammer.stack import TTL, Stack, pool_of
from tests.chaos.hammer.tail import Tail

PAUSE = 2.0
"""Seconds (s) between two faults, on average."""
LONGEST_FREEZE = 2.5 * TTL

LONGEST_CUT = 1.0
"""Seconds (s) of Redis' file that are lost at most."""
DIES_WITHIN = 5.0
"""Seconds (s) from SIGKILL to a process's end."""

SPARED = 5.0
"""Seconds (s) after it was emptied in which nothing else is done to Redis: were it to lose that,
what was gone would be back, and nobody could say what must become of it."""
NO_ROOM = "1mb"
"""Less memory than Redis has used by the time it answers first."""

FILE, CONNECTIONS, ROOM, ALL = "redis file", "connections", "redis memory", "all of redis"
TARGETS = {
    "watcher": 20, "compute": 16, "pool": 20, "web": 12, "redis": 8, FILE: 8, CONNECTIONS: 6,
    ROOM: 4, ALL: 1,
}  # fmt: skip
SIGNALS = {signal.SIGKILL: 3, signal.SIGTERM: 2, signal.SIGSTOP: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What was done to the process `pid`; times in seconds (s) since the epoch.

    `until` is when a frozen process was let go on, when a full Redis had room again, or by when
    an emptied one said that it is; `cut` how much of its file Redis lost (s). Without a signal it
    is the `command` that Redis was given.
    """

    at: float
    host: str
    target: str
    pid: int
    signum: signal.Signals | None
    until: float | None = None
    cut: float | None = None
    command: str = ""

    @property
    def deed(self) -> str:
        """What was done, in words."""
        if self.signum is None:
            return self.command
        return self.signum.name if self.cut is None else f"{self.signum.name} and a cut file"

    def __str__(self) -> str:
        lasted = f" for {self.until - self.at:.1f} s" if self.until is not None else ""
        lost = f", its last {self.cut:.2f} s lost" if self.cut is not None else ""
        return f"{self.deed} to {self.target} {self.host} (pid {self.pid}){lasted}{lost}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A fault as it is drawn, before anybody knows the pid."""

    pause: float
    host: int
    target: str
    signum: signal.Signals
    freeze: float
    choice: float
    cut: float


def draw_plan(draw: random.Random) -> Plan:
    """Draw the next fault, and the pause (s) before it."""
    return Plan(
        pause=min(4 * PAUSE, draw.expovariate(1 / PAUSE)),
        host=draw.randrange(2),
        target=draw.choices(list(TARGETS), list(TARGETS.values()))[0],
        signum=draw.choices(list(SIGNALS), list(SIGNALS.values()))[0],
        freeze=draw.uniform(0.2, LONGEST_FREEZE),
        choice=draw.random(),
        cut=draw.uniform(0.2, LONGEST_CUT),
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
        self._full: int | None = None
        self._emptied_at = -math.inf
        self._tail = Tail(stack.hosts[0].application.state_dir)
        self._thread = threading.Thread(target=self._run, name="hammer", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._tail.start()
        self._thread.start()

    def stop(self) -> list[Fault]:
        """End, let everything frozen go on, and return what was done."""
        self._ended.set()
        self._thread.join()
        self._tail.stop()
        for timer in self._thaws:
            timer.cancel()
        for pid in list(self._frozen):
            self._thaw(pid)
        self._make_room()
        return list(self._faults)

    def _run(self) -> None:
        plan = draw_plan(self._draw)
        while not self._ended.wait(plan.pause):
            self._carry_out(plan)
            plan = draw_plan(self._draw)

    def lost_what_was_said_at(self, at: float, since: float) -> bool:
        """True if Redis has lost since what it acknowledged between these times."""
        faults = list(self._faults)
        return any(lost_with(one, at, since) or is_emptied(one, since) for one in faults)

    def _carry_out(self, plan: Plan) -> None:
        is_spared = time.time() < self._emptied_at + SPARED
        if is_spared and plan.target in ("redis", FILE):
            return
        if plan.target == FILE:
            self._lose_end_of_file(plan)
        elif plan.target == CONNECTIONS:
            self._cut_connections()
        elif plan.target == ROOM:
            self._take_room(plan)
        elif plan.target == ALL:
            self._empty()
        else:
            self._send_signal(plan)

    def _lose_end_of_file(self, plan: Plan) -> None:
        """Kill Redis and cut its file, while its supervisor can't start it again."""
        host = self._stack.hosts[0]
        pid, supervisor = host.pid("redis"), host.application.process
        if pid is None:
            return
        supervisor.send_signal(signal.SIGSTOP)
        try:
            os.kill(pid, signal.SIGKILL)
            at = time.time()
            is_cut = _is_over(pid, DIES_WITHIN) and self._tail.cut(plan.cut)
        except ProcessLookupError:
            return
        finally:
            supervisor.send_signal(signal.SIGCONT)
        fault = Fault(at=at, host=host.name, target="redis", pid=pid, signum=signal.SIGKILL)
        self._note(replace(fault, cut=plan.cut if is_cut else None), plan)

    def _cut_connections(self) -> None:
        host = self._stack.hosts[0]
        pid = host.pid("redis")
        try:
            with redis.Redis.from_url(host.redis_url, socket_timeout=1.0) as client:
                for kind in ("normal", "pubsub"):
                    client.client_kill_filter(_type=kind, skipme=True)
        except redis.RedisError:
            return  # Redis is down or frozen in this moment
        self._note_command("CLIENT KILL", pid, time.time())

    def _empty(self) -> None:
        """Remove everything from Redis; not while it is frozen, to be done at any time later."""
        pid, at = self._stack.hosts[0].pid("redis"), time.time()
        if pid is None or pid in self._frozen:
            return
        try:
            self._tell_redis("FLUSHALL")
        except redis.RedisError:
            return  # it is down in this moment
        self._emptied_at = time.time()
        self._note_command("FLUSHALL", pid, at, until=self._emptied_at)

    def _take_room(self, plan: Plan) -> None:
        """Let Redis refuse whatever needs memory, for a while."""
        pid = self._stack.hosts[0].pid("redis")
        if pid is None or pid in self._frozen or self._full is not None:
            return
        try:
            self._tell_redis("CONFIG", "SET", "maxmemory", NO_ROOM)
        except redis.RedisError:
            return
        with self._lock:
            self._full = len(self._faults)
        self._note_command(f"maxmemory {NO_ROOM}", pid, time.time())
        self._make_room_after(plan.freeze)

    def _make_room_after(self, seconds: float) -> None:
        timer = threading.Timer(seconds, self._make_room)
        timer.start()
        self._thaws.append(timer)

    def _make_room(self) -> None:
        """Give Redis its room back, as soon as it can be told; started anew it has it anyway."""
        number = self._full
        if number is None:
            return
        try:
            self._tell_redis("CONFIG", "SET", "maxmemory", "0")
        except redis.RedisError:
            self._make_room_after(ROOM_AGAIN)
            return
        with self._lock:
            self._full = None
            self._faults[number] = replace(self._faults[number], until=time.time())

    def _tell_redis(self, *command: str) -> None:
        url = self._stack.hosts[0].redis_url
        with redis.Redis.from_url(url, socket_timeout=DIES_WITHIN) as client:
            client.execute_command(*command)

    def _note_command(
        self, command: str, pid: int | None, at: float, until: float | None = None
    ) -> None:
        fault = Fault(
            at=at, host=self._stack.hosts[0].name, target="redis", pid=pid or 0, signum=None,
            until=until, command=command,
        )  # fmt: skip
        with self._lock:
            self._faults.append(fault)
        self._say(str(fault))

    def _send_signal(self, plan: Plan) -> None:
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


LOST_WITH_REDIS = 2.0
"""Seconds (s) before a SIGKILL of Redis whose writes may be lost (docs/reliability.md)."""

ROOM_AGAIN = 0.5
"""Seconds (s) until a Redis that could not be told is told again that it has room."""

NOTED_WITHIN = 0.5
"""Seconds (s) from an answer of Redis until it is written down, on a machine that is busy."""


def lost_with(fault: Fault, at: float, since: float | None = None) -> bool:
    """True if what Redis acknowledged at this time may be gone by its own promise.

    Of what a web process told on it is only known that Redis did so between `since` and then.
    """
    if fault.target != "redis" or fault.signum != signal.SIGKILL:
        return False
    first = min(at, at if since is None else since) - NOTED_WITHIN
    return first <= fault.at <= at + LOST_WITH_REDIS + (fault.cut or 0.0)


def is_emptied(fault: Fault, at: float) -> bool:
    """True if what Redis was asked for at this time went as it was emptied."""
    return fault.command == "FLUSHALL" and at <= (fault.until or fault.at)


def _is_over(pid: int, within: float) -> bool:
    """Wait until a process is dead, reaped or not; False if it isn't within so many seconds (s)."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            if state == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.005)
    return False
