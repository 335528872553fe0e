"""Watch, start and revoke runs from a Python program, with python-socketio's client.

    pip install "python-socketio[client]"
    python watch.py start tasks.examples.counting.count_twice '{"limit": 3}'
    python watch.py watch RUN_ID
    python watch.py revoke RUN_ID "no longer needed"

Prints a line for each change, until the run has ended. INCEPTION_URL is the server's address,
http://127.0.0.1:8000 unless set. The exit code is 0 if the run succeeded, 1 if it ended in
another way, 2 if the server refused.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import uuid
from collections.abc import Callable
from typing import Any

import socketio

FINAL = {"SUCCESS", "FAILURE", "REVOKED", "LOST"}
TRY_AGAIN = {"store_unavailable", "too_many_requests"}
LONGEST_PAUSE = 15.0

Json = dict[str, Any]


class RunView:
    """One run as the server told it: its newest records, and how far that goes.

    `epoch` and `seq` say how far: they are sent along with `watch`, so that the server can go on
    from there, and each batch says what it follows on.
    """

    def __init__(self, show: Callable[[str, Json], None]) -> None:
        self.position: Json = {}
        self.run: Json | None = None
        self.nodes: dict[str, Json] = {}
        self._show = show
        self._early: list[Json] | None = []

    def expect_answer(self) -> None:
        """`watch` was sent: until it is answered, batches are kept for later."""
        self._early = []

    def take_answer(self, answer: Json) -> bool:
        """Take what `watch` was answered with. False if something is missing after it."""
        early, self._early = self._early or [], None
        if "snapshot" in answer:
            self.take_snapshot(answer["snapshot"])
        else:
            early.insert(0, answer["batch"])
        return all(self.take_batch(batch) for batch in early)

    def take_snapshot(self, snapshot: Json) -> None:
        """Forget what was there: this is all of it."""
        self.position = {"epoch": snapshot["epoch"], "seq": snapshot["seq"]}
        self.nodes = {}
        for node in snapshot["nodes"]:
            self._put_node(node)
        self._put_run(snapshot["run"])

    def take_batch(self, batch: Json) -> bool:
        """Apply a batch. False if it doesn't follow on what is here: send `watch` again."""
        if self._early is not None:
            self._early.append(batch)
            return True
        if batch["epoch"] != self.position["epoch"]:
            return False
        if batch["to"] <= self.position["seq"]:
            return True
        if batch["from"] > self.position["seq"]:
            return False
        for event in batch["events"]:
            if event["seq"] > self.position["seq"]:
                self._put(event)
        self.position["seq"] = batch["to"]
        return True

    def _put(self, event: Json) -> None:
        if "run" in event:
            self._put_run(event["run"])
        else:
            self._put_node(event["node"])

    def _put_run(self, run: Json) -> None:
        self.run = run
        self._show("run", run)

    def _put_node(self, node: Json) -> None:
        self.nodes[node["path"]] = node
        self._show(node["path"], node)


class Client:
    """Keeps one run in view, whatever happens to the connection.

    Handlers and answers come one at a time, from python-socketio's reading thread, so nothing
    here needs a lock. They must not block: hence `emit` with a callback, never `call`.
    """

    def __init__(self, *, run_id: str | None = None, first: tuple[str, Json] | None = None) -> None:
        """Watch the run `run_id`, or the one that `first` (an event, its payload) answers with."""
        self.ended = threading.Event()
        self.error: Json | None = None
        self.view = RunView(show)
        self._url = ""
        self._first = first
        self._run_id = run_id
        self._pause = 1.0
        self._socket = socketio.Client()
        self._socket.on("connect", self._ask)
        self._socket.on("connect_error", self._on_connect_error)
        self._socket.on("events", self._on_events)
        self._socket.on("snapshot", self._on_snapshot)
        self._socket.on("gone", self._on_gone)

    def run(self, url: str) -> int:
        """Stay connected until the run has ended; return the exit code."""
        self._url = url
        self._socket.connect(url, transports=["websocket"], retry=True)
        self.ended.wait()
        self._socket.disconnect()
        if self.error is not None:
            print(f"{self.error['code']}: {self.error['message']}", file=sys.stderr)
            return 2
        return 0 if self.view.run is not None and self.view.run["state"] == "SUCCESS" else 1

    def _ask(self) -> None:
        """Say what is wanted: at first, after each reconnection, and when something is missing."""
        if self._first is not None:
            event, payload = self._first
            self._socket.emit(event, payload, callback=self._on_first)
        else:
            self.view.expect_answer()
            request = {"run_id": self._run_id, **self.view.position}
            self._socket.emit("watch", request, callback=self._on_watch)

    def _on_connect_error(self, why: object) -> None:
        print(f"{why}; trying again", file=sys.stderr)

    def _on_first(self, answer: Json) -> None:
        if not self._is_error(answer):
            self._first = None
            self._run_id = answer["run"]["id"]
            print(f"{self._url}/runs/{self._run_id}", flush=True)
            self._ask()

    def _on_watch(self, answer: Json) -> None:
        if not self._is_error(answer):
            self._pause = 1.0
            self._go_on(self.view.take_answer(answer))

    def _on_events(self, batch: Json) -> None:
        if batch["run_id"] == self._run_id:
            self._go_on(self.view.take_batch(batch))

    def _on_snapshot(self, snapshot: Json) -> None:
        if snapshot["run"]["id"] == self._run_id:
            self.view.take_snapshot(snapshot)
            self._go_on(complete=True)

    def _on_gone(self, message: Json) -> None:
        self._fail({"code": "gone", "message": f"The run {message['run_id']} was deleted."})

    def _go_on(self, complete: bool) -> None:
        if not complete:
            self._ask()
        elif self.view.run is not None and self.view.run["state"] in FINAL:
            self.ended.set()

    def _is_error(self, answer: Json) -> bool:
        error = answer.get("error")
        if error is None:
            return False
        if error["code"] in TRY_AGAIN:
            self._ask_later()
        else:
            self._fail(error)
        return True

    def _ask_later(self) -> None:
        timer = threading.Timer(self._pause, self._ask_if_connected)
        timer.daemon = True
        timer.start()
        self._pause = min(LONGEST_PAUSE, self._pause * 2)

    def _ask_if_connected(self) -> None:
        if self._socket.connected:  # else `connect` comes again, and asks
            self._ask()

    def _fail(self, error: Json) -> None:
        self.error = error
        self.ended.set()


def show(path: str, record: Json) -> None:
    """Print where a node, or the run, is."""
    meta = record["meta"]
    said = meta["error"] or meta["message"]
    print(f"{path:8} {record['state']:8} {meta['completion']:6.2f} %  {said}".rstrip(), flush=True)


def start(name: str, kwargs: str = "{}") -> Client:
    """Start a run. With a key of its own, asking twice for want of an answer starts one run."""
    payload = {"name": name, "kwargs": json.loads(kwargs), "idempotency_key": str(uuid.uuid4())}
    return Client(first=("start", payload))


def watch(run_id: str) -> Client:
    """Watch a run that somebody else started."""
    return Client(run_id=run_id)


def revoke(run_id: str, reason: str | None = None) -> Client:
    """Revoke a run and watch it stop."""
    return Client(run_id=run_id, first=("revoke", {"run_id": run_id, "reason": reason}))


COMMANDS: dict[str, Callable[..., Client]] = {"start": start, "watch": watch, "revoke": revoke}


def main(arguments: list[str]) -> int:
    """Do what the command line says; return the exit code."""
    if len(arguments) < 2 or arguments[0] not in COMMANDS:
        print(__doc__, file=sys.stderr)
        return 2
    client = COMMANDS[arguments[0]](*arguments[1:])
    return client.run(os.environ.get("INCEPTION_URL", "http://127.0.0.1:8000"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
