"""From where requests are answered; `webapp.auth` says from whom.

While nobody has to sign in, everybody on this machine is admin. So the server binds to loopback
alone then, and a request is refused whose `Host` isn't this server's own address (a name that a
foreign page made point here) or whose `Origin` isn't (a foreign page that calls us). With users
the server may have any name, or a proxy before it: then the `Origin` must be the `Host`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, urlsplit

from webapp.binding import is_loopback
from webapp.embedding import EMBEDDER, find_embedder, readable_by
from webapp.errors import Forbidden, error_body

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_DEFAULT_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class OwnAddressOnly:
    """WSGI middleware around everything, sockets included.

    `has_users`: everybody signs in, and the server goes by whatever name it was asked for.
    `embedders`: origins whose pages may load the embeddable element and open a socket for it,
    which is let in with a run's read token alone (`webapp.auth.gate`).
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        has_users: bool = False,
        embedders: frozenset[str] = frozenset(),
    ) -> None:
        self._app = app
        self._embedders = embedders
        self._find_trouble = find_foreign_origin if has_users else find_trouble

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass a request on, or answer it with 403."""
        if embedder := find_embedder(environ, self._embedders):
            environ[EMBEDDER] = environ.pop("HTTP_ORIGIN")
            start_response = readable_by(embedder, start_response)
        trouble = self._find_trouble(environ)
        if trouble is None:
            return self._app(environ, start_response)
        body = json.dumps(error_body(Forbidden(trouble))).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response("403 Forbidden", headers)
        return [body]


def find_trouble(environ: Mapping[str, Any]) -> str | None:
    """What is wrong with a request's `Host` or `Origin`; None if it is for us and from us."""
    host = environ.get("HTTP_HOST", "")
    port = int(environ.get("SERVER_PORT") or 0)
    if not _is_own(_split(f"//{host}"), environ["wsgi.url_scheme"], port):
        return f"The Host {host[:80]!r} is not this server's address; use 127.0.0.1:{port}."
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None and not _is_own(_split(origin), "", port):
        return f"The Origin {origin[:80]!r} is not this server's address."
    return None


def find_foreign_origin(environ: Mapping[str, Any]) -> str | None:
    """What is wrong with a request's `Origin`; None if it is absent or the address asked for."""
    origin = environ.get("HTTP_ORIGIN")
    if origin is None:
        return None
    asked, host = _split(origin), _split(f"//{environ.get('HTTP_HOST', '')}")
    if asked is not None and host is not None and _is_same(asked, host):
        return None
    return f"The Origin {origin[:80]!r} is not the address that was asked for."


def _is_same(origin: SplitResult, host: SplitResult) -> bool:
    try:
        ports = origin.port, host.port
    except ValueError:
        return False
    default = _DEFAULT_PORTS.get(origin.scheme)
    if origin.hostname is None or origin.username is not None or default is None:
        return False
    return (origin.hostname, ports[0] or default) == (host.hostname, ports[1] or default)


def _split(address: str) -> SplitResult | None:
    try:
        return urlsplit(address)
    except ValueError:
        return None


def _is_own(address: SplitResult | None, scheme: str, port: int) -> bool:
    if address is None or address.hostname is None or address.username is not None:
        return False
    if address.path or address.query or address.fragment:
        return False
    try:
        named = address.port
    except ValueError:
        return False
    default = _DEFAULT_PORTS.get(address.scheme or scheme)
    return is_loopback(address.hostname) and (named or default) == port
