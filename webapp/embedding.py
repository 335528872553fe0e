"""What pages of other origins may ask for: the embeddable element, and a socket for it.

`INCEPTION_EMBED_ORIGINS` names the origins. Their sockets are let in with the read token of a run
and with nothing else (`webapp.auth.gate`): neither a cookie nor being on this machine counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

MODULE: Final = "/static/js/inception-progress.js"
EMBEDDER: Final = "inception.embedder"
"""Key of a request's environment: the origin of the page that embeds us."""


def find_embedder(environ: Mapping[str, Any], embedders: frozenset[str]) -> str | None:
    """The origin of the page that asks, if it may embed and this is among what it may ask for."""
    origin: str = environ.get("HTTP_ORIGIN", "")
    path: str = environ.get("PATH_INFO", "")
    wanted = path == MODULE or path.startswith("/socket.io/")
    return origin if wanted and origin.lower() in embedders else None


def readable_by(origin: str, start_response: StartResponse) -> StartResponse:
    """Let a page of that origin read the answer to what it asked without its user's cookies."""

    def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
        allowed = [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")]
        return start_response(status, [*headers, *allowed], *more)

    return start
