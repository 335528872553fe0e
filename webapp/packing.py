"""Packs answers that hold no secret: what stands packed beside a secret can be used to guess it."""

from __future__ import annotations

import gzip
from functools import lru_cache
from typing import Final

from flask import Flask, Response, request

from webapp.services import services

_FOR_EVERYBODY: Final = ("static", "parents.list_parents")
_PACKABLE: Final = (
    "text/javascript",
    "text/css",
    "text/html",
    "image/svg+xml",
    "application/json",
)
_QUICK: Final = 5
"""How hard what is never the same again is packed."""
_MOST_PACKED: Final = 500
"""Answers kept packed, which are files for the most part: there are about a hundred."""


def register(app: Flask) -> None:
    """Pack the answers of `app`, to whoever takes them so."""
    app.after_request(_pack)


def _pack(response: Response) -> Response:
    """Compress what holds no secret, and nothing else."""
    if response.mimetype not in _PACKABLE or not _is_free_of_secrets():
        return response
    response.vary.add("Accept-Encoding")
    asks_for_all = request.accept_encodings["gzip"] and request.range is None
    if not asks_for_all or response.status_code != 200:
        return response
    tag, _weak = response.get_etag()
    response.direct_passthrough = False
    content = response.get_data()
    response.set_data(_packed(content) if tag is not None else gzip.compress(content, _QUICK))
    response.content_encoding = "gzip"
    if tag is not None:
        response.set_etag(tag, weak=True)
    return response


def _is_free_of_secrets() -> bool:
    """What everybody is answered; and pages where nobody signs in, who is on this machine then."""
    if request.endpoint in _FOR_EVERYBODY:
        return True
    return request.blueprint == "pages" and services().settings.users is None


@lru_cache(_MOST_PACKED)
def _packed(content: bytes) -> bytes:
    """Packed once for each version of a file."""
    return gzip.compress(content, mtime=0)
