"""The web's entrance, and the only file that names what carries its concurrency.

`python wsgi.py` serves on INCEPTION_HOST and INCEPTION_PORT until SIGTERM or Ctrl-C. The program
`flask` finds the command line here (`flask runs …`), which nothing is patched for.
"""

# ruff: noqa: E402
from __future__ import annotations

import os
import sys

_called_by_flask = __name__ != "__main__" and os.environ.get("FLASK_RUN_FROM_CLI") == "true"
_mode = os.environ.get("INCEPTION_ASYNC_MODE", "").strip() or "eventlet"
# Patching comes before every other import: what was imported earlier keeps blocking calls.
if _called_by_flask:
    from webapp.cli.complete import command_line_app

    app = command_line_app()
elif _mode == "eventlet":
    import warnings

    # That eventlet is being retired is known (docs/design), and is no news at each start.
    warnings.filterwarnings("ignore", message="\nEventlet is deprecated")
    import eventlet

    eventlet.monkey_patch()
elif _mode == "gevent":
    from gevent import monkey

    monkey.patch_all()

import json
import logging
import resource
import signal
import socket
import threading
from contextlib import suppress
from typing import Any, Final

import redis

from inception.runs.connection import connect
from inception.runs.errors import SettingsError
from inception.runs.loglines import write_log
from inception.runs.settings import AsyncMode, Settings
from webapp.app import create_app
from webapp.auth.strangers import PLACE, Strangers
from webapp.errors import TooManyRequests, error_body
from webapp.supervisor.checks import without_password
from webapp.supervisor.reaching import advice

log = logging.getLogger("wsgi")

MAX_CONNECTIONS: Final = 10_000
"""Connections served at a time under eventlet, whose own default of 1,024 sockets soon reach."""

FILES_BESIDE: Final = 200
"""Files that are open beside the clients' connections: those to Redis, the pages' own."""
SILENCE: Final = 60
"""Seconds (s) for which eventlet waits for a client to send or take something: who opens
connections and says nothing would else keep them. Websockets are pinged more often than that."""

STRANGERS_SILENCE: Final = 5
"""Seconds (s) for which a connection is kept for the next request of somebody unknown."""
REFUSED_WITHIN: Final = 0.5
FIRST_BYTES: Final = 64 * 1024
"""Seconds (s) and bytes that a request is read for which is refused whatever it says."""

_SERVER_OPTIONS: Final[dict[AsyncMode, dict[str, Any]]] = {
    AsyncMode.EVENTLET: {
        "socket_timeout": SILENCE,
        "log_output": False,
    },
    AsyncMode.GEVENT: {"log_output": False},
    # Werkzeug's own server: for tests and trying out.
    AsyncMode.THREADING: {"allow_unsafe_werkzeug": True},
}


def main() -> int:
    """Serve; returns the exit code, having said in one line what was wrong if it isn't 0."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    try:
        settings = Settings.from_environment()
        write_log(settings.log)
        app, sockets = create_app(settings)
        _check_port(settings)
    except SettingsError as error:
        print(f"inception web: {error}", file=sys.stderr)  # noqa: T201
        return 2
    _end_at_once_on_signals()
    options = _SERVER_OPTIONS[settings.async_mode]
    if settings.async_mode is AsyncMode.EVENTLET:
        _bound_messages()
        counts = settings.users is not None and not settings.trusted_proxies
        protocol = _counted(app.extensions["inception"].strangers) if counts else _terse()
        options = {**options, "max_size": _most_connections(), "protocol": protocol}
    threading.Thread(target=_name_a_redis_of_no_use, args=(settings,), daemon=True).start()
    sockets.run(app, settings.host, settings.port, **options)
    return 0


def _name_a_redis_of_no_use(settings: Settings) -> None:
    """Say it once at the start; what is away may come, a password that is wrong stays wrong."""
    url = settings.redis_url or ""
    try:
        with connect(url, purpose="web-start", size=1) as client:
            client.ping()
    except (redis.RedisError, OSError) as error:
        log.warning(
            "Redis can't be used at %s (%s). REDIS_URL: %s.",
            *(without_password(url), error, advice(error)),
            extra={"action": "redis_unusable"},
        )


def _most_connections() -> int:
    """As many as files may be open, which is raised as far as it may be.

    eventlet ends the process at the connection that it has no file for; those for which there is
    no place wait.
    """
    wanted = MAX_CONNECTIONS + FILES_BESIDE
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if now != resource.RLIM_INFINITY and now < wanted:
        now = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (now, most))
    if now == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(min(MAX_CONNECTIONS, now - FILES_BESIDE), 1)


def _bound_messages() -> None:
    """Let a message that comes in many frames be no larger than one frame may be.

    eventlet bounds the frames alone, and keeps those of a message until its last has come.
    """
    from eventlet.websocket import FailedConnectionError, RFC6455WebSocket  # noqa: PLC0415

    class Message(RFC6455WebSocket.Message):  # type: ignore[misc]  # the library has no types
        def push(self, data: bytes, final: bool = False) -> None:
            super().push(data, final)
            self.size = getattr(self, "size", 0) + max(len(data), 1)  # empty ones are kept too
            if self.size > self.max_frame_length:
                raise FailedConnectionError(1009, "The message is too large.")

    RFC6455WebSocket.Message = Message


def _terse() -> Any:
    """Keep tracebacks to the log: eventlet answers with them whatever failed outside of Flask."""
    from eventlet.wsgi import HttpProtocol  # noqa: PLC0415

    class Terse(HttpProtocol):  # type: ignore[misc]  # the library has no types
        def setup(self) -> None:
            self.server.debug = False
            super().setup()

    return Terse


def _counted(strangers: Strangers) -> Any:
    """Count each connection of a stranger from its first moment, before a request was read of it.

    Behind a proxy all connections are the proxy's: there requests are counted, by who it says asks.
    """

    class Counted(_terse()):  # type: ignore[misc]
        def handle(self) -> None:
            self._answered = False
            try:
                self._place = strangers.enter(self.client_address[0])
            except TooManyRequests as error:
                self._refuse(error)
                return
            try:
                super().handle()
            finally:
                self._place.leave()

        def get_environ(self) -> Any:
            self._answered = True
            return {**super().get_environ(), PLACE: self._place}

        def _read_request_line(self) -> Any:
            if self._answered:
                known = not self._place.held
                self.connection.settimeout(SILENCE if known else STRANGERS_SILENCE)
            return super()._read_request_line()

        def _refuse(self, error: TooManyRequests) -> None:
            self.close_connection = 1
            self.connection.settimeout(REFUSED_WITHIN)
            with suppress(OSError):  # unread, what was sent would have the answer thrown away
                self.connection.recv(FIRST_BYTES)
            body = json.dumps(error_body(error)).encode()
            head = f"HTTP/1.1 429 Too Many Requests\r\nContent-Length: {len(body)}\r\n"
            kind = "Content-Type: application/json\r\nConnection: close\r\nRetry-After: 5\r\n\r\n"
            with suppress(OSError):
                self.wfile.write((head + kind).encode() + body)
                self.wfile.flush()

    return Counted


def _check_port(settings: Settings) -> None:
    """Find a port in use before eventlet shares it: it listens with SO_REUSEPORT."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise SettingsError(
            f"can't listen on {settings.host}:{settings.port} ({error.strerror}); "
            "set INCEPTION_PORT (or INCEPTION_HOST) to another."
        ) from error


def _end_at_once_on_signals() -> None:
    """Nothing here outlives the process that would have to be put away: Redis holds it all."""
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda _signum, _frame: os._exit(0))


if __name__ == "__main__":
    sys.exit(main())
