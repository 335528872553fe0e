"""The Socket.IO connection of one client, made when it is first needed and kept.

A thread of its own makes it, and makes it again when it is lost; another reads it. Neither ever
waits for whoever follows a run: what is heard is put into bounded boxes.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import requests
import socketio
from socketio.exceptions import SocketIOError

from inception_client.errors import ClientError
from inception_client.following import Question
from inception_client.handshake import end_of_connection, payload_of
from inception_client.messages import (
    Answered,
    Broken,
    Came,
    Connected,
    Gone,
    Lost,
    Mailbox,
    Message,
    Replaced,
)

CONNECT_WITHIN: Final = 10.0
"""Seconds (s) until an attempt to connect counts as failed."""
SHORTEST_PAUSE: Final = 0.5
"""Seconds (s) before the next attempt; doubled each time, and cut by up to a half at random."""
LONGEST_PAUSE: Final = 5.0


class Inbox:
    """A follower's box: `put` never waits, `get` waits for a message."""

    def __init__(self) -> None:
        self._box = Mailbox()
        self._moved = threading.Condition()

    def put(self, message: Message) -> None:
        """Leave a message."""
        with self._moved:
            self._box.put(message)
            self._moved.notify()

    def get(self, until: float | None) -> Message | None:
        """The next message; None if there is none at `until` (monotonic, s)."""
        with self._moved:
            while (message := self._box.take()) is None:
                left = None if until is None else until - time.monotonic()
                if left is not None and left <= 0:
                    return None
                self._moved.wait(left)
            return message


class Link:
    """Connects those who follow runs to the server's socket. `close` ends it for all."""

    def __init__(self, url: str, token: str | None, session: requests.Session) -> None:
        self._url = url
        self._auth = None if token is None else {"token": token}
        self._session = session
        self._socket: Any = None
        self._followers: list[tuple[str, Inbox]] = []
        self._guard = threading.RLock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def following(self, run_id: str) -> Iterator[Inbox]:
        """A box for what is heard of a run, as long as somebody follows it."""
        inbox = Inbox()
        self._join(run_id, inbox)
        try:
            yield inbox
        finally:
            self._leave(run_id, inbox)

    def ask(self, run_id: str, question: Question, inbox: Inbox) -> None:
        """Send a `watch`; its acknowledgement goes into the box. Without a connection: nothing."""

        def answered(answer: Any) -> None:
            inbox.put(Answered(question.number, answer))

        self._emit("watch", payload_of(run_id, question), answered)

    def close(self) -> None:
        """Hang up, and connect no more."""
        with self._guard:
            self._closed.set()
            socket, thread = self._socket, self._thread
            self._tell_all(Broken(ClientError("The client was closed.")))
        if socket is not None:
            socket.disconnect()
        if thread is not None:
            thread.join(CONNECT_WITHIN)

    def _join(self, run_id: str, inbox: Inbox) -> None:
        with self._guard:
            if self._closed.is_set():
                raise ClientError("The client was closed.")
            self._followers.append((run_id, inbox))
            if self._socket is not None:
                inbox.put(Connected())
            elif self._thread is None:
                self._thread = threading.Thread(
                    target=self._stay_connected, name="inception-client", daemon=True
                )
                self._thread.start()

    def _leave(self, run_id: str, inbox: Inbox) -> None:
        with self._guard:
            self._followers.remove((run_id, inbox))
            last = all(each != run_id for each, _ in self._followers)
        if last:
            self._emit("unwatch", {"run_id": run_id})

    def _stay_connected(self) -> None:
        pause = SHORTEST_PAUSE
        while not self._closed.is_set():
            started = time.monotonic()
            if isinstance(self._connect_once(), Broken):
                return
            lasted = time.monotonic() - started > LONGEST_PAUSE
            pause = SHORTEST_PAUSE if lasted else min(LONGEST_PAUSE, pause * 2)
            self._closed.wait(pause * random.uniform(0.5, 1))  # noqa: S311  # nosec B311
        with self._guard:
            self._thread = None

    def _connect_once(self) -> Lost | Broken:
        """Connect and stay until the connection is gone; followers are told of both."""
        told: list[Any] = []
        socket = self._make_socket(told)
        error: Exception | None = None
        try:
            socket.connect(
                self._url, auth=self._auth, transports=["websocket"], wait_timeout=CONNECT_WITHIN
            )
            self._put_up(socket)
            socket.eio.wait()
        except SocketIOError as problem:
            error = problem
        finally:
            with self._guard:
                self._socket = None
            with suppress(SocketIOError, OSError):
                socket.disconnect()
        end = end_of_connection(self._url, told, error)
        with self._guard:
            if isinstance(end, Broken):
                self._thread = None  # before another one joins, who has to start it again
            self._tell_all(end)
        return end

    def _put_up(self, socket: Any) -> None:
        with self._guard:
            if self._closed.is_set():
                socket.eio.disconnect(abort=True)
                return
            self._socket = socket
            self._tell_all(Connected())

    def _make_socket(self, told: list[Any]) -> Any:
        """A socket for one connection: python-socketio's own reconnecting leaves cases out."""
        socket = socketio.Client(
            reconnection=False,
            handle_sigint=False,
            http_session=self._session,
            # It checks byte by byte in Python (0.2 ms for a batch) what decoding checks again.
            websocket_extra_options={"skip_utf8_validation": True},
        )
        socket.eio.start_background_task = _in_order(socket.eio)
        socket.on("connect_error", lambda problem=None: told.append(problem))
        socket.on("events", lambda batch: self._tell(batch["run_id"], Came(batch)))
        socket.on("snapshot", lambda whole: self._tell(whole["run"]["id"], Replaced(whole)))
        socket.on("gone", lambda gone: self._tell(gone["run_id"], Gone()))
        return socket

    def _tell(self, run_id: str, message: Message) -> None:
        with self._guard:
            inboxes = [inbox for each, inbox in self._followers if each == run_id]
        for inbox in inboxes:
            inbox.put(message)

    def _tell_all(self, message: Message) -> None:
        with self._guard:
            for _, inbox in self._followers:
                inbox.put(message)

    def _emit(
        self, event: str, payload: object, callback: Callable[..., None] | None = None
    ) -> None:
        with self._guard:
            if self._socket is None:
                return
            with suppress(SocketIOError):  # it is just going: those who follow are told
                self._socket.emit(event, payload, callback=callback)


def _in_order(engine: Any) -> Callable[..., Any]:
    """Handle messages where they are read.

    python-engineio starts a thread for each, and one that comes later may be handled earlier.
    """
    start = engine.start_background_task

    def start_or_handle(target: Callable[..., None], *args: Any, **kwargs: Any) -> Any:
        if target == engine.handlers["message"]:
            return target(*args)
        return start(target, *args, **kwargs)

    return start_or_handle
