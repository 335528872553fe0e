"""What a request asks of the sockets, told from its environment alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs

_SOCKETS: Final = "/socket.io"


def is_for_sockets(environ: Mapping[str, Any]) -> bool:
    """True for a request that Engine.IO answers."""
    path: str = environ.get("PATH_INFO", "")
    return path.startswith(_SOCKETS)


def transport_of(environ: Mapping[str, Any]) -> str | None:
    """How a session is carried, as Engine.IO takes it from a request; None for any other request.

    By no header: to Engine.IO a request that wants to be upgraded may be polling all the same.
    """
    if not is_for_sockets(environ):
        return None
    asked: dict[str, list[str]] = parse_qs(environ.get("QUERY_STRING", ""))
    return asked.get("transport", ["polling"])[0]
