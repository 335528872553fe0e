"""The Socket.IO connection of one asyncio client, made when it is first needed and kept."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import socketio
from socketio.exceptions import SocketIOError

from inception_client.errors import ClientError
from inception_client.following import Question
from inception_client.handshake import end_of_connection, payload_of
from inception_client.link import CONNECT_WITHIN, LONGEST_PAUSE, SHORTEST_PAUSE
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


class AsyncInbox:
    """A follower's box: `put` never waits, `get` waits for a message."""

    def __init__(self) -> None:
        self._box = Mailbox()
        self._moved = asyncio.Event()

    def put(self, message: Message) -> None:
        """Leave a message."""
        self._box.put(message)
        self._moved.set()

    async def get(self, until: float | None) -> Message | None:
        """The next message; None if there is none at `until` (monotonic, s)."""
        while (message := self._box.take()) is None:
            self._moved.clear()
            left = None if until is None else until - time.monotonic()
            try:
                await asyncio.wait_for(self._moved.wait(), left)
            except TimeoutError:
                return None
        return message


class AsyncLink:
    """Connects those who follow runs to the server's socket. `close` ends it for all."""

    def __init__(self, url: str, token: str | None, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._auth = None if token is None else {"token": token}
        self._session = session
        self._socket: Any = None
        self._followers: list[tuple[str, AsyncInbox]] = []
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    @asynccontextmanager
    async def following(self, run_id: str) -> AsyncIterator[AsyncInbox]:
        """A box for what is heard of a run, as long as somebody follows it."""
        if self._closed:
            raise ClientError("The client was closed.")
        inbox = AsyncInbox()
        self._followers.append((run_id, inbox))
        if self._socket is not None:
            inbox.put(Connected())
        elif self._task is None:
            self._task = asyncio.create_task(self._stay_connected(), name="inception-client")
        try:
            yield inbox
        finally:
            self._followers.remove((run_id, inbox))
            if all(each != run_id for each, _ in self._followers):
                await self._emit("unwatch", {"run_id": run_id})

    async def ask(self, run_id: str, question: Question, inbox: AsyncInbox) -> None:
        """Send a `watch`; its acknowledgement goes into the box. Without a connection: nothing."""

        def answered(answer: Any) -> None:
            inbox.put(Answered(question.number, answer))

        await self._emit("watch", payload_of(run_id, question), answered)

    async def close(self) -> None:
        """Hang up, and connect no more."""
        self._closed = True
        self._tell_all(Broken(ClientError("The client was closed.")))
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _stay_connected(self) -> None:
        pause = SHORTEST_PAUSE
        try:
            while not self._closed:
                started = time.monotonic()
                if isinstance(await self._connect_once(), Broken):
                    break
                lasted = time.monotonic() - started > LONGEST_PAUSE
                pause = SHORTEST_PAUSE if lasted else min(LONGEST_PAUSE, pause * 2)
                await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311  # nosec B311
        finally:
            self._task = None

    async def _connect_once(self) -> Lost | Broken:
        """Connect and stay until the connection is gone; followers are told of both."""
        told: list[Any] = []
        socket = self._make_socket(told)
        error: Exception | None = None
        try:
            await socket.connect(
                self._url, auth=self._auth, transports=["websocket"], wait_timeout=CONNECT_WITHIN
            )
            self._socket = socket
            self._tell_all(Connected())
            await socket.eio.wait()
        except SocketIOError as problem:
            error = problem
        finally:
            self._socket = None
            with suppress(SocketIOError, OSError, aiohttp.ClientError):
                await socket.disconnect()
        end = end_of_connection(self._url, told, error)
        self._tell_all(end)
        return end

    def _make_socket(self, told: list[Any]) -> Any:
        """A socket for one connection: python-socketio's own reconnecting leaves cases out."""
        socket = socketio.AsyncClient(
            reconnection=False, handle_sigint=False, http_session=self._session
        )
        socket.on("connect_error", lambda problem=None: told.append(problem))
        socket.on("events", lambda batch: self._tell(batch["run_id"], Came(batch)))
        socket.on("snapshot", lambda whole: self._tell(whole["run"]["id"], Replaced(whole)))
        socket.on("gone", lambda gone: self._tell(gone["run_id"], Gone()))
        return socket

    def _tell(self, run_id: str, message: Message) -> None:
        for each, inbox in self._followers:
            if each == run_id:
                inbox.put(message)

    def _tell_all(self, message: Message) -> None:
        for _, inbox in self._followers:
            inbox.put(message)

    async def _emit(
        self, event: str, payload: object, callback: Callable[..., None] | None = None
    ) -> None:
        if self._socket is None:
            return
        with suppress(SocketIOError):  # it is just going: those who follow are told
            await self._socket.emit(event, payload, callback=callback)
