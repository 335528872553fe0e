"""Where requests and sessions wait until it is known who asks, each on a place of its address."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from flask_socketio import SocketIO
from werkzeug.wsgi import ClosingIterator

from webapp.auth.rounds import Rounds
from webapp.auth.strangers import PLACE, Place, Strangers
from webapp.connections import is_for_sockets, transport_of
from webapp.errors import TooManyRequests, error_body

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

JOIN_WITHIN: Final = 30.0
"""Seconds (s) from the handshake of a session, or its client's leave, to one that is let in."""
LOOK_EVERY: Final = 5.0
"""Seconds (s) between two looks at the sessions that nobody has joined."""
_SESSION_PLACE: Final = "inception.session_place"
"""A list of the place that a session is to have, which takes it out: the environment is copied on
the way to Engine.IO."""
_OPENED: Final = "inception.opened"
"""A list, for the id of the session that a websocket's request opens: it ends with the request."""
_FILES: Final = "/static/"


@dataclass(slots=True, kw_only=True)
class _Session:
    """One of Engine.IO; `opened_at` (or left) by the monotonic clock (s)."""

    environ: WSGIEnvironment
    opened_at: float
    places: list[Place] = field(default_factory=list)
    joined: bool = False


class Sessions:
    """Those of Engine.IO: who has joined, and what places are held by who has not.

    The look at those that nobody joins starts with the first, and ends with the process.
    """

    def __init__(self, sockets: SocketIO) -> None:
        self._sockets = sockets
        self._sessions: dict[str, _Session] = {}
        self._guard = threading.Lock()
        self._rounds = Rounds("lobby", lambda: self.look(time.monotonic()), LOOK_EVERY)
        engine = sockets.server.eio
        self._engine: Any = engine  # Engine.IO has no types
        self._connected, self._gone = engine.handlers["connect"], engine.handlers["disconnect"]
        engine.on("connect", self._open)
        engine.on("disconnect", self._close)

    def attach(self, sid: str, place: Place | None) -> None:
        """A further request of that session holds this place, until somebody joins it."""
        session = self._sessions.get(sid)
        if session is None or place is None:
            return
        with self._guard:
            session.places = [each for each in session.places if each.held]
            session.places.append(place)
        if session.joined:
            place.leave()

    def has_joined(self, sid: str) -> bool:
        """True if somebody was let in on that session."""
        session = self._sessions.get(sid)
        return session is not None and session.joined

    def join(self, socket_sid: str) -> None:
        """The Socket.IO client of that id was let in."""
        session = self._sessions.get(self._sockets.server.manager.eio_sid_from_sid(socket_sid, "/"))
        if session is not None:
            session.joined = True
            self._leave(session)

    def part(self, socket_sid: str) -> None:
        """The Socket.IO client of that id has left; its session may be joined anew, in time."""
        session = self._sessions.get(self._sockets.server.manager.eio_sid_from_sid(socket_sid, "/"))
        if session is not None:
            session.opened_at = time.monotonic()
            session.joined = False

    def look(self, now: float) -> None:
        """End the sessions that nobody has joined in time."""
        for sid, session in list(self._sessions.items()):
            if not session.joined and now - session.opened_at >= JOIN_WITHIN:
                self.end(sid)

    def end(self, sid: str) -> None:
        """End that session, if it is there still."""
        socket = self._engine.sockets.get(sid)
        if socket is not None:
            socket.close(wait=False, abort=True)
            socket.queue.hang_up()  # else its writer may stay in `send` until its time-out
        if (left := self._sessions.pop(sid, None)) is not None:
            self._leave(left)

    def stop(self) -> None:
        """End the look soon."""
        self._rounds.stop()

    def _open(self, sid: str, environ: WSGIEnvironment) -> Any:
        session = _Session(environ=environ, opened_at=time.monotonic())
        kept = environ.get(_SESSION_PLACE, [])
        session.places = [place for place in (environ.get(PLACE), *kept) if place is not None]
        kept.clear()
        self._sessions[sid] = session
        environ.get(_OPENED, []).append(sid)
        self._rounds.start()
        return self._connected(sid, environ)

    def _close(self, sid: str, *reason: Any) -> Any:
        session = self._sessions.pop(sid, None)
        if session is not None:
            self._leave(session)
        return self._gone(sid, *reason)

    def _leave(self, session: _Session) -> None:
        with self._guard:
            places, session.places = session.places, []
        for place in places:
            place.leave()


class Lobby:
    """WSGI middleware around everything, sockets included: who finds no place is answered 429.

    `is_known` says of a request whether it shows a session that is open.
    """

    def __init__(
        self,
        app: WSGIApplication,
        strangers: Strangers,
        sessions: Sessions,
        is_known: Callable[[WSGIEnvironment], bool],
    ) -> None:
        self._app = app
        self._strangers = strangers
        self._sessions = sessions
        self._is_known = is_known

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass a request on while it holds its places."""
        try:
            own = self._take_places(environ)
        except TooManyRequests as error:
            return _refuse(error, start_response)
        self._look_who_fetches(environ, own)

        def leave() -> None:
            for place in (*own, *environ.get(_SESSION_PLACE, ())):
                place.leave()
            for sid in environ.get(_OPENED, ()):
                self._sessions.end(sid)  # one whose websocket came to nothing is there still

        try:
            answer = self._app(environ, start_response)
        except BaseException:
            leave()
            raise
        return ClosingIterator(answer, leave)

    def _take_places(self, environ: WSGIEnvironment) -> list[Place]:
        """Those of this request, which end with it; raises TooManyRequests if there is none.

        The handshake of a session without a connection of its own leaves it one.
        """
        address, sid = environ.get("REMOTE_ADDR") or "", _session_of(environ)
        own: list[Place] = []
        if sid is not None and self._sessions.has_joined(sid):
            if (place := environ.get(PLACE)) is not None:
                place.leave()
            return own
        if PLACE not in environ:  # else it is the connection's, which the server has counted
            environ[PLACE] = self._strangers.enter(address)
            own.append(environ[PLACE])
        if sid is not None:
            self._sessions.attach(sid, environ[PLACE])
            return own
        try:
            self._expect_session(environ, address)
        except TooManyRequests:
            for place in own:
                place.leave()
            raise
        return own

    def _look_who_fetches(self, environ: WSGIEnvironment, own: list[Place]) -> None:
        """A connection on which somebody known fetches a file is no stranger's.

        Files are anybody's, so nobody is asked there who they are, and a browser opens connections
        for nothing else. It costs one look at Redis for each connection, not for each file.
        """
        place: Place | None = environ.get(PLACE)
        is_file = environ.get("PATH_INFO", "").startswith(_FILES)
        if is_file and not own and place is not None and place.held and self._is_known(environ):
            place.leave()

    def _expect_session(self, environ: WSGIEnvironment, address: str) -> None:
        """Prepare for the session that this request begins, if it does; raises TooManyRequests."""
        transport = transport_of(environ)
        if transport == "websocket":
            environ[_OPENED] = []
        elif transport is not None:
            environ[_SESSION_PLACE] = [self._strangers.enter(address)]


def _session_of(environ: WSGIEnvironment) -> str | None:
    if not is_for_sockets(environ):
        return None
    found = parse_qs(environ.get("QUERY_STRING", "")).get("sid")
    return found[0] if found else None


def _refuse(error: TooManyRequests, start_response: StartResponse) -> Iterable[bytes]:
    body = json.dumps(error_body(error)).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response("429 Too Many Requests", [*headers, ("Retry-After", "5")])
    return [body]


def make_known(environ: WSGIEnvironment) -> None:
    """Whoever sends this request is no stranger: give the place back that it holds."""
    if (place := environ.get(PLACE)) is not None:
        place.leave()
