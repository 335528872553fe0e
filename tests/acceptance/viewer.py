"""A program in front of the dashboard's sockets, which keeps to the protocol's client rules."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import socketio

FINAL = frozenset({"SUCCESS", "FAILURE", "REVOKED", "LOST"})
ANSWER_WITHIN = 20
"""Seconds (s) for an acknowledgement."""

View = dict[str, Any]


class Watched:
    """What a client knows of one run: the newest records, and where it stands."""

    def __init__(self, snapshot: dict[str, Any]) -> None:
        self.take(snapshot)
        self.states_seen: list[str] = []
        self.holes = 0

    def take(self, snapshot: dict[str, Any]) -> None:
        """Forget what was known."""
        self.epoch, self.seq = snapshot["epoch"], snapshot["seq"]
        self.run = snapshot["run"]
        self.nodes = {node["path"]: node for node in snapshot["nodes"]}

    def apply(self, batch: dict[str, Any]) -> bool:
        """Apply a batch; False if something is missing before it."""
        if batch["epoch"] != self.epoch or batch["from"] > self.seq:
            self.holes += 1
            return False
        for event in batch["events"]:
            if event["seq"] <= self.seq:
                continue
            if "run" in event:
                self.run = event["run"]
                self.states_seen.append(self.run["state"])
            else:
                self.nodes[event["node"]["path"]] = event["node"]
        self.seq = max(self.seq, batch["to"])
        return True

    @property
    def ended(self) -> bool:
        """True once the run has its final state."""
        return self.run["state"] in FINAL


class Viewer:
    """A websocket client of a running dashboard."""

    def __init__(self, url: str) -> None:
        self._socket = socketio.Client()
        self._socket.on("events", self._on_events)
        self._socket.on("snapshot", self._on_snapshot)
        self._runs: dict[str, Watched] = {}
        self._early: dict[str, list[dict[str, Any]]] = {}
        self._moved = threading.Condition()
        self._socket.connect(url, transports=["websocket"], wait_timeout=ANSWER_WITHIN)

    def close(self) -> None:
        """Leave."""
        self._socket.disconnect()

    def ask(self, event: str, **payload: Any) -> dict[str, Any]:
        """Send an event and return its acknowledgement."""
        answer: dict[str, Any] = self._socket.call(event, payload, timeout=ANSWER_WITHIN)
        return answer

    def start(self, name: str, **kwargs: Any) -> str:
        """Start a run and watch it from its beginning; return its id."""
        answer = self.ask("start", name=name, kwargs=kwargs)
        assert "run" in answer, answer
        run_id: str = answer["run"]["id"]
        self.watch(run_id)
        return run_id

    def watch(self, run_id: str) -> Watched:
        """Watch a run."""
        snapshot = self.ask("watch", run_id=run_id)["snapshot"]
        with self._moved:
            watched = self._runs[run_id] = Watched(snapshot)
            for batch in self._early.pop(run_id, []):
                if batch["to"] > watched.seq:
                    watched.apply(batch)
            return watched

    def revoke(self, run_id: str, **more: Any) -> dict[str, Any]:
        """Ask a run to stop."""
        return self.ask("revoke", run_id=run_id, **more)

    def wait(
        self, run_id: str, until: Callable[[Watched], bool], within: float, what: str
    ) -> Watched:
        """Return what is known of the run as soon as `until` holds of it."""
        deadline = time.monotonic() + within
        with self._moved:
            watched = self._runs[run_id]
            while not until(watched):
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"{what}: not within {within:g} s; {describe(watched)}")
                self._moved.wait(left)
            return watched

    def wait_for_end(self, run_id: str, within: float = 30) -> Watched:
        """Return what is known of the run once it has ended."""
        return self.wait(run_id, lambda seen: seen.ended, within, "the end of the run")

    def _on_events(self, batch: dict[str, Any]) -> None:
        missing = False
        with self._moved:
            watched = self._runs.get(batch["run_id"])
            if watched is None:
                self._early.setdefault(batch["run_id"], []).append(batch)
            elif batch["to"] > watched.seq:
                missing = not watched.apply(batch)
            self._moved.notify_all()
        if missing:
            self._socket.start_background_task(self._resume, batch["run_id"])

    def _resume(self, run_id: str) -> None:
        watched = self._runs[run_id]
        answer = self.ask("watch", run_id=run_id, epoch=watched.epoch, seq=watched.seq)
        with self._moved:
            if "snapshot" in answer:
                watched.take(answer["snapshot"])
            else:
                watched.apply(answer["batch"])
            self._moved.notify_all()

    def _on_snapshot(self, snapshot: dict[str, Any]) -> None:
        with self._moved:
            self._runs[snapshot["run"]["id"]].take(snapshot)
            self._moved.notify_all()


def describe(watched: Watched) -> str:
    """The run in one text, for a failed test."""
    nodes = ", ".join(
        f"{path} {node['state']} {node['waiting'] or ''} {node['meta']['error'] or ''}"
        for path, node in list(watched.nodes.items())[:12]
    )
    return f"run {watched.run['state']} {watched.run['meta']['error']}; {nodes}"
