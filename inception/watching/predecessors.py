"""Which watchers are dead for certain: those whose process on this host is gone.

So a watcher that is started again in a killed one's place needn't wait for a time-to-live. A pid
says something only where it was given: containers that share their host's name each count from 1.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inception.runs.processes import lives

if TYPE_CHECKING:
    from inception.runs.records import BeatRecord

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_SPACE: Final = Path("/proc/self/ns/pid")


def pid_space() -> str:
    """Where this process' pid was given: as long as it runs, no other place is called so.

    The boot of this machine and the namespace of pids in it, see pid_namespaces(7); "" where there
    is no such thing.
    """
    try:
        return f"{_BOOT.read_text().strip()} {_SPACE.readlink()}"
    except OSError:  # not on Linux
        return ""


def predecessors(beats: Mapping[str, BeatRecord], process: str) -> set[str]:
    """The watchers, by their beats, of this host and space of pids that no longer run.

    A compute worker's pool may outlive its main process: those are given their time. `process` is
    this one's own name; who had its pid is gone, as it is for a container that was started again.
    """
    here = (socket.gethostname(), pid_space())
    return {
        name
        for name, beat in beats.items()
        if beat.kind == "watcher"
        and (beat.host, beat.space) == here
        and name != process
        and (beat.pid == os.getpid() or not lives(beat.pid))
    }
