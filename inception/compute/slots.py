"""What each pool process works on, in memory shared between them and the main process.

The main process must not signal a process that has gone on to the next child meanwhile. So a
slot changes hands under a lock: the pool process takes it to begin and end a claim, the main
process to read a slot or to signal its process. The lock is one of the kernel's on a byte of
an unlinked file, because the kernel releases it when its holder is killed.
"""

from __future__ import annotations

import fcntl
import json
import mmap
import os
import struct
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from inception.runs.meta import cut
from inception.runs.model import JsonValue, State

MAX_SLOTS: Final = 1024
"""Pool processes of one worker that can be followed; the prefork pool has no more at a time."""
_SLOT_BYTES: Final = 8192
_PART_BYTES: Final = _SLOT_BYTES // 2 - 32
_MAX_ORDER_ERROR: Final = 400
"""Bytes kept of an order's error: six times as many, if every one is escaped, fit a slot."""
_PID: Final = struct.Struct("<q")
_LENGTH: Final = struct.Struct("<q")
_ORDER_AT: Final = _SLOT_BYTES // 2
_LOCK_WAIT: Final = 1.0
"""Seconds (s) that the main process waits for a slot whose pool process is frozen."""
_LOCK_STEP: Final = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An attempt that a pool process works on; the same one whatever Celery's own `retries`.

    It may be delivered again: where Redis has lost its claim, or the step itself, which then starts
    anew under the same name. `began` tells the deliveries apart: when this one last asked for its
    claim, in seconds (s) of the monotonic clock that all processes of a host share.
    """

    run_id: str
    path: str
    attempt: int
    retries: int = field(default=0, compare=False)
    began: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """That the work on `held` must stop, and as what it then ends.

    `serial` rises with each order of a worker, so that a pool process knows the signal of one
    order from the next one and from a signal that nobody ordered. `given` is when, on the clock of
    `Held.began`.
    """

    serial: int
    held: Held
    state: State = State.REVOKED
    error: str | None = None
    given: float = 0.0

    def is_for(self, held: Held | None) -> bool:
        """True unless it is for another attempt, or for an earlier delivery of this one."""
        return held is not None and held == self.held and held.began <= self.given


class SlotBusy(Exception):
    """A slot's lock was held for a second: its process is frozen in the middle of a change."""


class Slots:
    """The slots of one worker; made in the main process before the pool's are forked."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, MAX_SLOTS * _SLOT_BYTES)
        self._locks, name = tempfile.mkstemp(prefix="inception-slots-")
        Path(name).unlink()
        self._threads = threading.Lock()

    def begin(self, index: int, held: Held) -> None:
        """Say that this process, number `index` of the pool, works on `held` from now on."""
        with self._locked(index):
            self._put(index * _SLOT_BYTES + _PID.size, _pack_held(held))
            _PID.pack_into(self._memory, index * _SLOT_BYTES, os.getpid())

    def end(self, index: int) -> None:
        """Say that this process works on nothing: no order reaches it after this returns."""
        with self._locked(index):
            self._forget(index)

    def order(self, index: int) -> Order | None:
        """The last order given to this slot, if any. For the pool process itself."""
        text = self._get(index * _SLOT_BYTES + _ORDER_AT)
        return _unpack_order(text) if text else None

    def working(self) -> dict[int, tuple[int, Held]]:
        """Pool process number → its pid and what it works on, for the main process."""
        found = {}
        for index in self._used():
            try:
                with self._for_main(index):
                    pid, held = self._pid(index), self._held(index)
            except SlotBusy:  # what stands still in the middle of a change can be read as it is
                pid, held = self._pid(index), self._held(index)
            if held is not None:
                found[index] = (pid, held)
        return found

    @contextmanager
    def holding(self, order: Order) -> Iterator[tuple[int, int] | None]:
        """Give slot and pid of what `order` is for, and keep them there meanwhile; None if ended.

        For the main process. Raises SlotBusy if it is that slot's process which stands still.
        """
        with ExitStack() as lock:
            for index in self._used():
                try:
                    lock.enter_context(self._for_main(index))
                except SlotBusy:
                    if order.is_for(self._held(index)):
                        raise
                    continue
                if order.is_for(self._held(index)):
                    yield index, self._pid(index)
                    return
                lock.close()
        yield None

    def give_order(self, index: int, order: Order) -> None:
        """Store `order` for the pool process of this slot. Only within `holding`."""
        self._put(index * _SLOT_BYTES + _ORDER_AT, _pack_order(order))

    def clear(self, pid: int) -> Held | None:
        """Forget what `pid`, which is dead, worked on, and return it. For the main process."""
        left = None
        for index in self._used():
            if self._pid(index) == pid:
                with self._for_main(index):
                    left = self._forget_of(index, pid)
        return left

    def _used(self) -> list[int]:
        return [index for index in range(MAX_SLOTS) if self._pid(index)]

    def _pid(self, index: int) -> int:
        pid: int = _PID.unpack_from(self._memory, index * _SLOT_BYTES)[0]
        return pid

    def _held(self, index: int) -> Held | None:
        text = self._get(index * _SLOT_BYTES + _PID.size) if self._pid(index) else b""
        return _unpack_held(text) if text else None

    def _forget_of(self, index: int, pid: int) -> Held | None:
        if self._pid(index) != pid:
            return None  # its successor has begun meanwhile
        left = self._held(index)
        self._forget(index)
        return left

    def _forget(self, index: int) -> None:
        _PID.pack_into(self._memory, index * _SLOT_BYTES, 0)

    def _put(self, at: int, text: bytes) -> None:
        _LENGTH.pack_into(self._memory, at, len(text))
        self._memory[at + _LENGTH.size : at + _LENGTH.size + len(text)] = text

    def _get(self, at: int) -> bytes:
        length: int = _LENGTH.unpack_from(self._memory, at)[0]
        return bytes(self._memory[at + _LENGTH.size : at + _LENGTH.size + length])

    @contextmanager
    def _locked(self, index: int) -> Iterator[None]:
        fcntl.lockf(self._locks, fcntl.LOCK_EX, 1, index)
        try:
            yield
        finally:
            fcntl.lockf(self._locks, fcntl.LOCK_UN, 1, index)

    @contextmanager
    def _for_main(self, index: int) -> Iterator[None]:
        """The slot's lock for one of the main process's threads, which share kernel locks."""
        with self._threads:
            self._try_lock(index)
            try:
                yield
            finally:
                fcntl.lockf(self._locks, fcntl.LOCK_UN, 1, index)

    def _try_lock(self, index: int) -> None:
        deadline = time.monotonic() + _LOCK_WAIT
        while True:
            try:
                fcntl.lockf(self._locks, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, index)
                return
            except OSError as taken:
                if time.monotonic() > deadline:
                    raise SlotBusy(f"Pool process {self._pid(index)} keeps its slot.") from taken
                time.sleep(_LOCK_STEP)


def _pack_held(held: Held) -> bytes:
    return _bounded([held.run_id, held.path, held.attempt, held.retries, held.began])


def _unpack_held(text: bytes) -> Held | None:
    """What was packed; None if its process was killed in the middle of writing it."""
    try:
        run_id, path, attempt, retries, began = json.loads(text)
    except ValueError:
        return None
    return Held(run_id=run_id, path=path, attempt=attempt, retries=retries, began=began)


def _pack_order(order: Order) -> bytes:
    error = cut(order.error, _MAX_ORDER_ERROR) if order.error is not None else None
    held = order.held
    words: list[JsonValue] = [order.serial, order.state, error, order.given]
    return _bounded([*words, held.run_id, held.path, held.attempt])


def _unpack_order(text: bytes) -> Order:
    serial, state, error, given, run_id, path, attempt = json.loads(text)
    held = Held(run_id=run_id, path=path, attempt=attempt)
    return Order(serial=serial, held=held, state=State(state), error=error, given=given)


def _bounded(fields: list[JsonValue]) -> bytes:
    text = json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")
    if len(text) > _PART_BYTES:
        raise ValueError(f"{len(text)} bytes don't fit into a slot's {_PART_BYTES}.")
    return text
