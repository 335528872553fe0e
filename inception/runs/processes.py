"""Processes of this host, as the kernel tells of them."""

from __future__ import annotations

import os


def lives(pid: int) -> bool:
    """True while there is a process of that pid, be it somebody else's."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
