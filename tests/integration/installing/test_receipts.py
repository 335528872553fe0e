"""What a worker has taken from its queues, and what is put back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from celery import Celery
from kombu import Connection

from inception.installing.receipts import Receipts, keep_receipts_in_memory
from inception.runs.messages import Ticket, ticket_headers

QUEUE = "shelf"
OURS = ticket_headers(Ticket(run_id="0123", path="0"))
RUN = ticket_headers(Ticket(run_id="0123"))


class Worker:
    """A connection of kombu's that takes messages as a worker's does, and what it has taken."""

    def __init__(self, app: Celery) -> None:
        self.taken: list[Any] = []
        self.connection: Connection = app.connection_for_read()
        queue = app.amqp.queues[QUEUE]
        self.consumer = self.connection.Consumer(
            [queue], on_message=self.taken.append, channel=self.connection.default_channel
        )
        self.consumer.consume()

    def take(self) -> Any:
        """The next message."""
        self.connection.drain_events(timeout=5)
        return self.taken[-1]

    def leave(self) -> None:
        """Close the connection, as a worker does that is told to leave."""
        self.connection.close()


@pytest.fixture
def app(redis_url: str) -> Iterator[Celery]:
    app = Celery("shop", broker=redis_url, set_as_current=False)
    app.conf.task_create_missing_queues = True
    keep_receipts_in_memory(app)
    yield app
    app.close()


@pytest.fixture
def client(redis_url: str) -> redis.Redis:
    return redis.Redis.from_url(redis_url, decode_responses=True)


@pytest.fixture
def worker(app: Celery) -> Iterator[Worker]:
    worker = Worker(app)
    yield worker
    worker.leave()


def send(app: Celery, task_id: str, headers: dict[str, object], **options: Any) -> None:
    app.send_task("shop.pay", queue=QUEUE, task_id=task_id, headers=headers, **options)


def test_receipts_of_children_and_runs_are_not_written_down(
    app: Celery, client: redis.Redis, worker: Worker
) -> None:
    for headers in (OURS, RUN):
        send(app, "t", headers)
        message = worker.take()
        assert client.hlen("unacked") == 0
        message.ack()
        assert message.acknowledged
    worker.leave()
    assert client.llen(QUEUE) == 0


@pytest.mark.parametrize(
    ("headers", "options"), [({}, {}), (OURS, {"countdown": 60})], ids=["plain", "for later"]
)
def test_receipts_of_others_are_written_down(
    app: Celery,
    client: redis.Redis,
    worker: Worker,
    headers: dict[str, object],
    options: dict[str, Any],
) -> None:
    send(app, "t", headers, **options)
    message = worker.take()
    assert client.hlen("unacked") == 1
    message.ack()
    assert client.hlen("unacked") == 0


@pytest.mark.parametrize("headers", [{}, OURS], ids=["plain", "ours"])
def test_what_a_worker_has_not_begun_goes_back_when_it_leaves(
    app: Celery, client: redis.Redis, worker: Worker, headers: dict[str, object]
) -> None:
    for task_id in ("begun", "taken"):
        send(app, task_id, headers)
    worker.take().ack()
    worker.take()
    worker.leave()
    again = Worker(app)
    message = again.take()
    assert message.headers["id"] == "taken"
    assert message.headers["redelivered"]
    message.ack()
    again.leave()
    assert (client.llen(QUEUE), client.hlen("unacked")) == (0, 0)


@pytest.mark.parametrize("requeue", [True, False])
@pytest.mark.parametrize("headers", [{}, OURS], ids=["plain", "ours"])
def test_a_rejected_message_comes_again_if_it_is_to(
    app: Celery, client: redis.Redis, worker: Worker, headers: dict[str, object], requeue: bool
) -> None:
    send(app, "t", headers)
    worker.take().reject(requeue=requeue)
    worker.leave()
    assert (client.llen(QUEUE), client.hlen("unacked")) == (int(requeue), 0)


@pytest.mark.parametrize("headers", [{}, OURS], ids=["plain", "ours"])
def test_what_is_acknowledged_is_not_put_back(
    app: Celery, client: redis.Redis, worker: Worker, headers: dict[str, object]
) -> None:
    send(app, "t", headers)
    message = worker.take()
    message.ack()
    message.channel.qos.restore_by_tag(message.delivery_tag)
    assert client.llen(QUEUE) == 0


def test_a_worker_may_take_as_many_as_it_says(app: Celery, worker: Worker) -> None:
    worker.consumer.qos(prefetch_count=1)
    for task_id in ("a", "b"):
        send(app, task_id, OURS)
    first = worker.take()
    with pytest.raises(TimeoutError):
        worker.connection.drain_events(timeout=0.1)
    first.ack()
    assert worker.take().headers["id"] == "b"


def test_the_broker_is_shown_by_its_address(app: Celery, redis_url: str, worker: Worker) -> None:
    plain = Celery("shop", broker=redis_url, set_as_current=False).connection_for_read()
    for connection in (worker.connection, worker.connection.clone()):
        assert connection.as_uri() == plain.as_uri()
        assert connection.info()["transport"] == "redis"
        assert connection.transport.driver_type == "redis"
    assert isinstance(worker.connection.clone().default_channel.qos, Receipts)


@pytest.mark.parametrize(
    "url", ["amqp://127.0.0.1", "sentinel://127.0.0.1:1", "rediss://127.0.0.1:1"]
)
def test_other_brokers_are_left_as_they_are(url: str) -> None:
    app = Celery("shop", broker=url, set_as_current=False)
    keep_receipts_in_memory(app)
    assert not app.conf.broker_transport


def test_a_transport_of_the_projects_own_stays(redis_url: str) -> None:
    app = Celery("shop", broker=redis_url, set_as_current=False)
    app.conf.broker_transport = "redis"
    keep_receipts_in_memory(app)
    assert app.conf.broker_transport == "redis"
