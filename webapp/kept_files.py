"""Hands out scripts and style sheets that are addressed by their version, before Flask is asked.

A page loads some seventy of them the first time somebody comes. They are everybody's: neither who
asks nor what session they have matters, so none of what Flask does for a request is wanted, and of
its headers only those that browsers look at in a script. All else under the same address (without a
version, with another, in part, not packed) is Flask's to answer.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from werkzeug.security import safe_join

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIX: Final = "/static/"
KEEP: Final = "public, max-age=31536000, immutable"
_VERSION: Final = re.compile(r"v=([0-9a-f]{1,16})")
_TAKES_GZIP: Final = re.compile(r"(?:^|,)\s*gzip\s*(?:,|$)")
"""Said without a weight, as every browser does."""
_TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
}
_COMMENT: Final = re.compile(r"^[ \t]*/\*\*(?:(?!\*/).)*\*/[ \t]*$", re.MULTILINE | re.DOTALL)
_OTHERS: Final = "vendor"
"""The folder of what others wrote, whose comments are their licences too."""
_MOST_KEPT: Final = 500
"""Files kept packed; there are about a hundred."""


def version_of(file: Path) -> str:
    """What changes when the file does. Raises OSError for a file that is not there."""
    return f"{file.stat().st_mtime_ns:x}"


class KeptFiles:
    """WSGI middleware before the app whose static folder it knows."""

    def __init__(self, app: WSGIApplication, folder: Path) -> None:
        self._app = app
        self._folder = folder

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer with the file, or pass the request on."""
        file = self._file(environ)
        if file is None:
            return self._app(environ, start_response)
        body = _packed(file, file.stat().st_mtime_ns)
        start_response("200 OK", _headers(file, len(body)))
        return [body]

    def _file(self, environ: WSGIEnvironment) -> Path | None:
        """The file that is asked for in the one way that is answered here."""
        path: str = environ.get("PATH_INFO", "")
        version = _VERSION.fullmatch(environ.get("QUERY_STRING", ""))
        takes = _TAKES_GZIP.search(environ.get("HTTP_ACCEPT_ENCODING", ""))
        is_plain = environ["REQUEST_METHOD"] == "GET" and "HTTP_RANGE" not in environ
        if not (is_plain and takes and version and path.startswith(PREFIX)):
            return None
        joined = safe_join(str(self._folder), path.removeprefix(PREFIX))
        if joined is None or (file := Path(joined)).suffix not in _TYPES:
            return None
        try:
            return file if version_of(file) == version[1] else None
        except OSError:
            return None


def _headers(file: Path, length: int) -> list[tuple[str, str]]:
    return [
        ("Content-Type", _TYPES[file.suffix]),
        ("Content-Length", str(length)),
        ("Content-Encoding", "gzip"),
        ("Cache-Control", KEEP),
        ("Vary", "Accept-Encoding"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ]


@lru_cache(_MOST_KEPT)
def _packed(file: Path, _changed: int) -> bytes:
    """Packed once for each version of a file."""
    content = file.read_bytes()
    if file.suffix == ".js" and _OTHERS not in file.parts:
        content = without_comments(content.decode()).encode()
    return gzip.compress(content, mtime=0)


def without_comments(script: str) -> str:
    """A script without the comments that stand on lines of their own; those lines stay, empty.

    Types and reasons are a third of what our modules weigh when packed, and browsers need neither.
    A line of a template would be taken for a comment if it began with `/**`: none does.
    """
    return _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), script)
