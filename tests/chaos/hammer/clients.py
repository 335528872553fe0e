"""Websocket clients that keep many runs in view by the protocol's rules, whatever happens.

Handlers and answers come one at a time, from python-socketio's reading thread, and never block;
the condition is for the threads that wait for what the clients see.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

import socketio

from tests.acceptance.viewer import Watched

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 15.0
"""Seconds (s) until a request is made again that the server could not serve."""

Json = dict[str, Any]


class RunInView:
    """A run as one client knows it: nothing at first, then what the server says."""

    def __init__(self) -> None:
        self.known: Watched | None = None
        self.early: list[Json] | None = []
        self.pause = FIRST_PAUSE
        self.error: Json | None = None
        self.gone = False
        """The server has said that there is no such run (any more)."""

    @property
    def position(self) -> Json:
        """What to send along with `watch`."""
        return {} if self.known is None else {"epoch": self.known.epoch, "seq": self.known.seq}

    def take_answer(self, answer: Json) -> bool:
        """Take what `watch` was answered with; False if something is missing after it."""
        self.gone = False
        early, self.early = self.early or [], None
        if "batch" in answer:
            early.insert(0, answer["batch"])
        else:
            self.take_snapshot(answer["snapshot"])
        return all(self.take_batch(batch) for batch in early)

    def take_snapshot(self, snapshot: Json) -> None:
        """Forget what was known."""
        if self.known is None:
            self.known = Watched(snapshot)
        else:
            self.known.take(snapshot)

    def take_batch(self, batch: Json) -> bool:
        """Apply a batch, or keep it until the answer is there; False if it doesn't follow on."""
        if self.early is not None:
            self.early.append(batch)
            return True
        if self.known is None:
            return False
        if batch["epoch"] == self.known.epoch and batch["to"] <= self.known.seq:
            return True
        return self.known.apply(batch)


class Client:
    """One websocket connection and the runs that it keeps in view."""

    def __init__(
        self, name: str, url: str, moved: threading.Condition, token: str | None = None
    ) -> None:
        self.name = name
        self.runs: dict[str, RunInView] = {}
        self._moved = moved
        self._socket = socketio.Client(reconnection_delay=0.2, reconnection_delay_max=1.0)
        self._socket.on("connect", self._on_connect)
        self._socket.on("events", self._on_events)
        self._socket.on("snapshot", self._on_snapshot)
        self._socket.on("gone", self._on_gone)
        auth = None if token is None else {"token": token}
        self._socket.connect(url, transports=["websocket"], wait_timeout=10, retry=True, auth=auth)

    def close(self) -> None:
        """Leave."""
        self._socket.disconnect()

    def watch(self, run_id: str) -> None:
        """Keep a run in view from now on."""
        with self._moved:
            self.runs[run_id] = RunInView()
        self._ask_if_connected(run_id)

    def _on_connect(self) -> None:
        for run_id in list(self.runs):
            self._ask(run_id)

    def _ask_if_connected(self, run_id: str) -> None:
        if self._socket.connected:  # else `connect` comes again, and asks
            self._ask(run_id)

    def _ask(self, run_id: str) -> None:
        view = self.runs[run_id]
        with self._moved:
            view.early = []
            request = {"run_id": run_id, **view.position}
        with contextlib.suppress(socketio.exceptions.BadNamespaceError):  # lost in this moment
            self._socket.emit("watch", request, callback=lambda a: self._on_watch(run_id, a))

    def _on_watch(self, run_id: str, answer: Json) -> None:
        view = self.runs[run_id]
        if "error" in answer:
            self._ask_later(run_id, view, answer["error"])
            return
        with self._moved:
            view.pause, view.error = FIRST_PAUSE, None
            complete = view.take_answer(answer)
            self._moved.notify_all()
        if not complete:
            self._ask(run_id)

    def _ask_later(self, run_id: str, view: RunInView, error: Json) -> None:
        view.error = error
        if error["code"] == "run_not_found":
            self._see_gone(view)
        timer = threading.Timer(view.pause, self._ask_if_connected, [run_id])
        timer.daemon = True
        timer.start()
        view.pause = min(LONGEST_PAUSE, 2 * view.pause)

    def _on_events(self, batch: Json) -> None:
        view = self.runs.get(batch["run_id"])
        if view is None:
            return
        with self._moved:
            complete = view.take_batch(batch)
            self._moved.notify_all()
        if not complete:
            self._ask(batch["run_id"])

    def _on_snapshot(self, snapshot: Json) -> None:
        view = self.runs.get(snapshot["run"]["id"])
        if view is None:
            return
        with self._moved:
            view.take_snapshot(snapshot)
            self._moved.notify_all()

    def _on_gone(self, word: Json) -> None:
        view = self.runs.get(word["run_id"])
        if view is not None:
            self._see_gone(view)

    def _see_gone(self, view: RunInView) -> None:
        with self._moved:
            view.gone = True
            self._moved.notify_all()


class Audience:
    """All clients; each run is watched by one client of each web process."""

    def __init__(self, urls: list[str], each: int) -> None:
        self.moved = threading.Condition()
        self._rows = [
            [Client(f"{'AB'[host]}{n}", url, self.moved) for n in range(each)]
            for host, url in enumerate(urls)
        ]
        self._watched = 0

    @property
    def clients(self) -> list[Client]:
        """All of them."""
        return [client for row in self._rows for client in row]

    def watch(self, run_id: str) -> None:
        """Have the run watched."""
        self._watched += 1
        for row in self._rows:
            row[self._watched % len(row)].watch(run_id)

    def views(self, run_id: str) -> dict[str, RunInView]:
        """The run as each of its clients sees it."""
        return {
            client.name: client.runs[run_id] for client in self.clients if run_id in client.runs
        }

    def wait(self, holds: Callable[[], bool], within: float) -> bool:
        """Return once `holds`, asked whenever a client hears something; False if it never did."""
        deadline = time.monotonic() + within
        with self.moved:
            while not holds():
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self.moved.wait(left)
        return True

    def says_gone(self, run_id: str) -> bool:
        """True if a client was told that there is no such run (any more)."""
        return any(view.gone for view in self.views(run_id).values())

    def wait_for_state(self, run_id: str, states: frozenset[str], within: float) -> str | None:
        """Return the first of these states that a client sees the run in.

        None if none does, or if the run is gone.
        """

        def seen() -> str | None:
            for view in self.views(run_id).values():
                if view.known is not None and view.known.run["state"] in states:
                    return str(view.known.run["state"])
            return None

        self.wait(lambda: seen() is not None or self.says_gone(run_id), within)
        return seen()

    def close(self) -> None:
        """Let all leave."""
        for client in self.clients:
            client.close()
