"""Messages come twice and thrice, at every phase; nothing runs twice."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inception.runs.model import State
from tests.acceptance.deployment import Deployment
from tests.running import eventually

COPIES = 3


@pytest.fixture
def deployment(redis_url: str, tmp_path: Path) -> Iterator[Deployment]:
    deployment = Deployment(redis_url, tmp_path)
    yield deployment
    deployment.end()


class Copier:
    """Puts raw messages into their queue again, as a broker's redelivery would, and counts."""

    def __init__(self, deployment: Deployment) -> None:
        self._client = deployment.client
        self._kept: dict[str, list[str]] = {}
        self.copied = 0

    def keep(self, queue: str, number: int) -> int:
        """Wait for so many messages in the queue, remember all there are, and count these."""
        eventually(lambda: self._client.llen(queue) >= number, 10, f"{number} in {queue}")
        self._kept[queue] = list(self._client.lrange(queue, 0, -1))
        return len(self._kept[queue])

    def deliver_again(self) -> None:
        """Put copies of all that was kept into the queues."""
        for queue, messages in self._kept.items():
            copies = [_redelivered(message) for message in messages for _ in range(COPIES)]
            self._client.lpush(queue, *copies)
            self.copied += len(copies)

    def wait_until_taken(self) -> None:
        """Return once workers have taken every copy."""
        eventually(
            lambda: not any(self._client.llen(queue) for queue in self._kept), 20, "copies arrive"
        )


def _redelivered(message: str) -> str:
    """The same message under a tag of its own: by tags the transport tells deliveries apart."""
    parts: dict[str, Any] = json.loads(message)
    parts["properties"] = {**parts["properties"], "delivery_tag": str(uuid.uuid4())}
    return json.dumps(parts)


def test_no_body_runs_twice_however_often_its_message_comes(deployment: Deployment) -> None:
    """A parent's and its children's messages are copied while they wait, run, and have ended."""
    copier, book = Copier(deployment), deployment.book
    compute = deployment.compute()
    compute.wait_until_ready()
    run_id = deployment.start("fan", book=str(book), word="w", count=6, seconds=2.5)
    copier.keep("parents", 1)
    deployment.watcher("watcher")
    copier.deliver_again()
    kept = copier.keep("children", 4)  # all come at once, and a worker is taking them

    copier.deliver_again()
    more = deployment.compute("more", slots=6)  # as copies of what runs need slots of their own
    eventually(lambda: len(book.began()) >= 5, 20, "all that was kept runs, or nearly")
    copier.deliver_again()
    eventually(lambda: len(book.ended()) >= 2, 20, "some have ended")
    copier.deliver_again()
    run = deployment.wait_for_end(run_id)
    copier.deliver_again()
    copier.wait_until_taken()

    assert copier.copied == COPIES * (1 + 4 * (1 + kept))
    children = COPIES * 4 * kept
    eventually(
        lambda: (compute.said + more.said).count("was dropped") == children, 10, "all are dropped"
    )
    assert run["state"] == State.SUCCESS
    assert sorted(book.began()) == sorted(f"w.{n}" for n in range(6))
