"""Signals, deaths of children and the loss of the parent, as one thing to wait for."""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STOPPING = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})


class Wakeups:
    """Wakes the supervisor the moment a signal or a child's death arrives."""

    def __init__(self, receiver: socket.socket) -> None:
        self._receiver = receiver
        self._stop_asked = False

    @property
    def stop_asked(self) -> bool:
        """Whether anybody has asked for the end, without waiting."""
        self._read(0.0)
        return self._stop_asked

    def wait(self, timeout: float) -> None:
        """Return at the next signal, or after timeout seconds (s)."""
        self._read(timeout)

    def _read(self, timeout: float) -> None:
        ready, _, _ = select.select([self._receiver], [], [], timeout)
        if ready and STOPPING.intersection(self._receiver.recv(256)):
            self._stop_asked = True


@contextmanager
def catching_signals() -> Iterator[Wakeups]:
    """Turn the signals that concern a supervisor into wake-ups for the time of the block."""
    receiver, sender = socket.socketpair()
    sender.setblocking(False)
    before = signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
    handlers = {signum: signal.signal(signum, _noticed) for signum in _caught()}
    try:
        yield Wakeups(receiver)
    finally:
        for signum, handler in handlers.items():
            signal.signal(signum, handler)
        signal.set_wakeup_fd(before)
        receiver.close()
        sender.close()


def _caught() -> set[signal.Signals]:
    # `nohup make run` means that the end of the terminal is not the end of the run.
    ignored = {signal.SIGHUP} if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else set()
    return {*STOPPING, signal.SIGCHLD} - ignored


def _noticed(_signum: int, _frame: object) -> None:
    """Do nothing: the wake-up descriptor has been told."""


class Parent:
    """The `make` that started the supervisor, and without which it is to end.

    GNU make passes SIGTERM on to its recipe, and not SIGINT: it takes for granted that the
    terminal sent that to the whole group, which is true of Ctrl-C and not of `kill -INT`. It then
    waits for the recipe, for ever. On Linux it can be seen: make gives the signal its default
    action back before it waits. Elsewhere only the end of make is noticed.
    """

    def __init__(self) -> None:
        self._pid = os.getppid()
        self._caught_interrupts = self._catches_interrupts()

    def wants_end(self) -> bool:
        """Say whether make has ended or has been interrupted."""
        if os.getppid() != self._pid:
            return True
        return self._caught_interrupts and not self._catches_interrupts()

    def _catches_interrupts(self) -> bool:
        if sys.platform != "linux":
            return False
        try:
            status = Path(f"/proc/{self._pid}/status").read_text()
        except OSError:
            return False
        mask = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
        return bool(int(mask.split()[1], 16) >> (signal.SIGINT - 1) & 1)
