"""Cuts the last moment off Redis' append-only file, as a power cut may."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

EVERY = 0.05
"""Seconds (s) between two looks at how long the file is."""
KEPT = 3.0
"""Seconds (s) of looks."""


class Tail:
    """Knows how long the file was at each of its last moments."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._looks: deque[tuple[float, Path, int]] = deque(maxlen=int(KEPT / EVERY))
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tail", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._ended.set()
        self._thread.join()

    def look(self) -> None:
        """Note how long the file is now."""
        files = sorted(self._folder.rglob("*.incr.aof"))
        if files:
            self._looks.append((self._clock(), files[-1], files[-1].stat().st_size))

    def cut(self, seconds: float) -> bool:
        """Cut off what was written in the last `seconds` (s); False if the file is younger.

        Only while Redis is down.
        """
        until = self._clock() - seconds
        looks = [(file, size) for at, file, size in list(self._looks) if at <= until]
        if not looks or not looks[-1][0].exists():
            return False
        file, size = looks[-1]
        if file != max(self._folder.rglob("*.incr.aof")) or size > file.stat().st_size:
            return False
        with file.open("r+b") as entries:
            entries.truncate(size)
        return True

    def _run(self) -> None:
        while not self._ended.wait(EVERY):
            try:
                self.look()
            except FileNotFoundError:
                continue  # it was rewritten in this moment
