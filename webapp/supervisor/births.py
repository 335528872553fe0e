"""Telling a process from a later one that got the same pid: by its time of birth."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_PS_TIMEOUT = 5.0
_STATE, _START_TIME = 0, 19  # places behind the command's name in /proc/<pid>/stat, see proc(5)


def birth_of(pid: int) -> str | None:
    """Return a word that no other process of this pid has, or None when it has ended."""
    return _birth_in_proc(pid) if sys.platform == "linux" else _birth_by_ps(pid)


def _birth_in_proc(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The name is in brackets and may hold blanks and brackets itself.
    fields = stat.rpartition(")")[2].split()
    return None if fields[_STATE] in "ZX" else fields[_START_TIME]


def _birth_by_ps(pid: int) -> str | None:
    shown = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        timeout=_PS_TIMEOUT,
        check=False,
    ).stdout.strip()
    state, _, birth = shown.partition(" ")
    return None if not birth or state.startswith("Z") else birth.strip()
