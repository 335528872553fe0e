"""Work for nothing beside the stack: a crowded machine shows what an idle one doesn't.

Processes that have to wait for a processor come late, each at another moment, and in between others
go on: the interleavings of a frozen process, by the thousand.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

_SPIN: Final = """
import os
parent = os.getppid()
while os.getppid() == parent:
    for _ in range(1_000_000):
        pass
"""
"""What each process does, until it is ended or whoever started it is gone."""


@contextmanager
def load(processes: int) -> Iterator[Sequence[int]]:
    """Have so many processes do nothing, as fast as they can, within; gives their pids."""
    spinning = [subprocess.Popen([sys.executable, "-c", _SPIN]) for _ in range(processes)]
    try:
        yield [process.pid for process in spinning]
    finally:
        for process in spinning:
            process.kill()
            process.wait()
