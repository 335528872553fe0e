"""Log files with a bound: one current file and the one before it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import BinaryIO

LIMIT = 8 * 1024 * 1024
"""Bytes after which a log is set aside as `<name>.1`, so a process has twice this on the disk."""

_TAIL = 4096


def open_log(file: Path) -> BinaryIO:
    """Open a log to be appended to by a process and, after a trim, still by that process."""
    file.parent.mkdir(parents=True, exist_ok=True)
    trim(file)
    return file.open("ab")


def trim(file: Path, limit: int = LIMIT) -> None:
    """Set the log aside if it is longer than limit bytes, and let its writer go on.

    The writer keeps its open file: it appends, so after the cut it writes at the new end. What it
    writes between the copy and the cut is lost; for a log that is a fair price.
    """
    if file.exists() and file.stat().st_size > limit:
        shutil.copyfile(file, file.with_name(f"{file.name}.1"))
        os.truncate(file, 0)


def last_line(file: Path) -> str:
    """Return the last line that says something, or an empty text."""
    try:
        with file.open("rb") as stream:
            stream.seek(max(0, file.stat().st_size - _TAIL))
            lines = stream.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
