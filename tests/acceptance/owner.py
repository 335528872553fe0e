"""Plays a run's owner, so that compute workers are tried without a watcher."""

from __future__ import annotations

import json
import queue
import time
import uuid
from collections.abc import Mapping
from typing import Any

from celery import Celery

from inception.runs import keys
from inception.runs.celery_app import CHILDREN_QUEUE, create_client
from inception.runs.connection import connect
from inception.runs.jsontext import encode
from inception.runs.listener import Listener
from inception.runs.messages import Ticket, ticket_headers
from inception.runs.model import ROOT, Attempt, State
from inception.runs.paths import task_id
from inception.runs.records import ClaimRecord, EndRecord, Lease, NewRun, NewStep
from inception.runs.settings import Settings
from inception.runs.store import Store

WITHIN = 20.0
"""Seconds (s) that anything here is waited for, at most."""


class Owner:
    """One run in the hands of the test, which starts its children and hears what they tell."""

    def __init__(self, url: str) -> None:
        self._client = connect(url, purpose="test")
        self.store = Store(self._client)
        self.app: Celery = create_client(Settings(redis_url=url))
        self.url = url
        self.run_id = str(uuid.uuid4())
        self._told: queue.Queue[dict[str, Any]] = queue.Queue()
        self._heard: list[dict[str, Any]] = []
        self._op = 0
        self._steps = 0
        owner = f"test:{self.run_id}"
        self._lease = Lease(run_id=self.run_id, owner=owner, token="token")
        self._listener = Listener(url, name="test", on_gap=lambda: None)
        self._listener.start()
        self._listener.subscribe(keys.orders(owner), lambda text: self._told.put(json.loads(text)))
        self.store.create_run(NewRun(id=self.run_id, name="test.parent", kwargs={}))
        assert self.store.claim_run(self.run_id, owner=owner, token="token")

    def close(self) -> None:
        self._listener.stop()
        self.app.close()

    def spawn(self, name: str, *args: Any) -> str:
        """Record a child, as a parent's step; return its path. Nothing is sent."""
        path, self._steps = str(self._steps), self._steps + 1
        step = NewStep(
            path=path, parent=ROOT, name=name, label=name, kind="child",
            task_id=task_id(self.run_id, path, 1), queue=CHILDREN_QUEUE,
            args_text=encode(list(args)), kwargs_text="{}", digest="digest",
        )  # fmt: skip
        self.store.spawn(self._lease, self._next_op(), [step])
        return path

    def send(self, path: str, name: str, *args: Any, attempt: int = 1, **options: Any) -> None:
        """Send the message of one attempt of a recorded child."""
        ticket = Ticket(run_id=self.run_id, path=path, attempt=attempt)
        options = {"queue": CHILDREN_QUEUE, **options}
        self.app.send_task(
            name, args, task_id=task_id(self.run_id, path, attempt),
            headers=ticket_headers(ticket), **options,
        )  # fmt: skip

    def start(self, name: str, *args: Any, **options: Any) -> str:
        """Record a child and send its message; return its path."""
        path = self.spawn(name, *args)
        self.send(path, name, *args, **options)
        return path

    def new_attempt(self, path: str) -> int:
        """Supersede the child's attempt, as after a loss."""
        lost = Attempt(
            attempt=1, worker=None, started_at=None, finalized_at=None, state=State.LOST, error=None
        )
        attempt = self.store.new_attempt(
            self._lease, self._next_op(), path,
            task_id=task_id(self.run_id, path, 2), lost=lost, max_losses=3,
        )  # fmt: skip
        assert attempt is not None
        return attempt

    def forget(self, path: str) -> None:
        """Have Redis lose what its worker has recorded of the child."""
        self._client.hdel(keys.claims(self.run_id), path, f"{path}:end")

    def wait_for(self, kind: str, path: str, within: float = WITHIN) -> dict[str, Any]:
        """Return the first message of `kind` about the child, once for each message."""
        for told in self._heard:
            if (told["kind"], told.get("path")) == (kind, path):
                self._heard.remove(told)
                return told
        deadline = time.monotonic() + within
        while True:
            try:
                told = self._told.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                heard = [(one["kind"], one.get("path")) for one in self._heard]
                raise AssertionError(f"no {kind!r} of {path!r} in {within} s: {heard}") from None
            if (told["kind"], told.get("path")) == (kind, path):
                return told
            self._heard.append(told)

    def claimed(self, path: str, within: float = WITHIN) -> ClaimRecord:
        """Wait until a worker has the child, and return its claim."""
        self.wait_for("claimed", path, within)
        return self.store.read_claims(self.run_id, [path])[path]

    def ended(self, path: str, within: float = WITHIN) -> EndRecord:
        """Wait until the child's end is recorded, and return it."""
        self.wait_for("end", path, within)
        end = self.store.read_end(self.run_id, path)
        assert end is not None
        return end

    def stop(self, path: str, claim: ClaimRecord, grace: float = 5.0, **more: Any) -> None:
        """Order the child's worker to stop it."""
        order: Mapping[str, object] = {
            "kind": "stop", "run": self.run_id, "path": path, "attempt": claim.attempt,
            "pid": claim.pid, "grace": grace, **more,
        }  # fmt: skip
        assert self.store.tell(claim.worker, order)

    def log(self, path: str, attempt: int = 1) -> list[str]:
        """What the attempt printed and logged."""
        return [line.text for line in self.store.read_log(self.run_id, path, attempt, None).lines]

    def _next_op(self) -> int:
        self._op += 1
        return self._op
