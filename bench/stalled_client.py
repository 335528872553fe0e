"""A client that keeps to the protocol: `python -m bench.stalled_client URL RUN...`.

Prints "ready" once it watches, and for each line on standard input the number that it knows of
each run. When its connection ends it connects again and goes on from what it has.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

import socketio

_ANSWER_WITHIN = 10


class Client:
    """Where it stands in each run, as `(epoch, seq)`."""

    def __init__(self, url: str, runs: Sequence[str]) -> None:
        self.known: dict[str, tuple[str, int]] = {}
        self._runs = runs
        self._lock = threading.Lock()
        self._socket = socketio.Client(reconnection_delay=0.2, reconnection_delay_max=1.0)
        self._socket.on("connect", self._watch_all)
        self._socket.on("events", self._on_events)
        self._socket.on("snapshot", self._on_snapshot)
        self._socket.connect(url, transports=["websocket"])

    def _watch_all(self) -> None:
        for run_id in self._runs:
            self._socket.start_background_task(self._watch, run_id)

    def _watch(self, run_id: str) -> None:
        asked: dict[str, Any] = {"run_id": run_id}
        if run_id in self.known:
            asked["epoch"], asked["seq"] = self.known[run_id]
        answer = self._socket.call("watch", asked, timeout=_ANSWER_WITHIN)
        if "snapshot" in answer:
            self._on_snapshot(answer["snapshot"])
        elif "batch" in answer:
            self._on_events(answer["batch"])

    def _on_snapshot(self, snapshot: dict[str, Any]) -> None:
        with self._lock:
            self.known[snapshot["run"]["id"]] = (snapshot["epoch"], snapshot["seq"])

    def _on_events(self, batch: dict[str, Any]) -> None:
        run_id = batch["run_id"]
        with self._lock:
            epoch, seq = self.known.get(run_id, ("", -1))
            follows = batch["epoch"] == epoch and batch["from"] <= seq
            if follows:
                self.known[run_id] = (epoch, max(seq, batch["to"]))
        if not follows and seq >= 0:
            self._socket.start_background_task(self._watch, run_id)


def main(url: str, runs: Sequence[str]) -> int:
    """Watch, and say for each line what is known."""
    client = Client(url, runs)
    while len(client.known) < len(runs):
        time.sleep(0.05)
    print("ready", flush=True)
    for _line in sys.stdin:
        print(json.dumps({run_id: seq for run_id, (_e, seq) in client.known.items()}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
