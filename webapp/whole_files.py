"""Small files that are replaced whole, so that no reader ever sees half of one."""

from __future__ import annotations

import os
from pathlib import Path

PRIVATE = 0o600
PUBLIC = 0o644


def replace_file(file: Path, text: str, *, mode: int = PRIVATE) -> None:
    """Put text into file in one step; mode holds from the first moment."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
    draft.replace(file)
