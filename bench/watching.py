"""A websocket client of the application, which notes the stamps that it sees."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

import socketio

from bench.application import RedisClient
from bench.stamps import Sightings

_ANSWER_WITHIN: Final = 20
"""Seconds (s) for an acknowledgement."""
_FINAL: Final = frozenset({"SUCCESS", "FAILURE", "REVOKED", "LOST"})

Result = TypeVar("Result")


class Watcher:
    """Watches one run with the library that a program would use, in its asyncio form.

    The other form starts a thread for each event, and checks the text of each frame byte by byte in
    Python: some 0.5 ms of its own before the callback.
    """

    def __init__(self, url: str) -> None:
        self.sightings = Sightings()
        self.ended = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._socket = self._do(self._connect(url))

    def start(self, name: str, **kwargs: Any) -> str:
        """Start a run and watch it; return its id."""
        run: dict[str, Any] = self._ask("start", name=name, kwargs=kwargs)["run"]
        self._ask("watch", run_id=run["id"])
        return str(run["id"])

    def close(self) -> None:
        """Leave."""
        self._do(self._socket.disconnect())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _connect(self, url: str) -> socketio.AsyncClient:
        client = socketio.AsyncClient(handle_sigint=False)
        client.on("events", self._on_events)
        await client.connect(url, transports=["websocket"])
        return client

    def _ask(self, event: str, **payload: Any) -> dict[str, Any]:
        call = self._socket.call(event, payload, timeout=_ANSWER_WITHIN)
        answer: dict[str, Any] = self._do(call)
        return answer

    def _do(self, what: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result()

    def _on_events(self, batch: dict[str, Any]) -> None:
        for event in batch["events"]:
            if "node" in event:
                self.sightings.see(event["node"]["meta"]["message"])
            elif event["run"]["state"] in _FINAL:
                self.ended.set()


class RawSubscriber:
    """Notes the stamps of one Redis channel: what one hop costs."""

    def __init__(self, client: RedisClient, channel: str) -> None:
        self.sightings = Sightings()
        self._client = client  # which closes its connections once nobody holds it
        self._pubsub = client.pubsub(ignore_subscribe_messages=False)
        self._pubsub.subscribe(channel)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._hear, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Hear no more."""
        self._closing.set()
        self._thread.join()
        self._pubsub.close()

    def _hear(self) -> None:
        while not self._closing.is_set():
            message = self._pubsub.get_message(timeout=0.5)
            if message is not None and message["type"] == "message":
                self.sightings.see(message["data"])
