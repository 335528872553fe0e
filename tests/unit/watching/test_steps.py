"""A child whose message is lost is sent again, also where Celery had sent it to try it again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from celery import Celery

from inception.authoring.frame import StepRequest
from inception.authoring.task import Task
from inception.runs.clock import ServerClock
from inception.runs.meta import empty_meta
from inception.runs.records import ClaimRecord, Lease
from inception.watching.consumers import Consumers
from inception.watching.context import Context
from inception.watching.lane import Lane
from inception.watching.live import LiveRun
from inception.watching.live_node import LiveNode
from inception.watching.outbox import Outbox
from inception.watching.steps import FIRST_RESEND, Steps
from tests.unit.webapp.records import run_record

CLAIM = ClaimRecord(attempt=1, retries=1, task_id="task-0", worker="host:compute:1", pid=7, at=1)


class Clock:
    """Timers that a test lets come."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self._action: Callable[[], None] = lambda: None

    def call_later(self, seconds: float, action: Callable[[], None]) -> Any:
        self.pauses.append(seconds)
        self._action = action
        return SimpleNamespace(cancel=lambda: None)

    def ring(self) -> None:
        self._action()


class Everybody(Consumers):
    """Somebody consumes every queue."""

    def serve(self, queue: str | None) -> bool:
        return True


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr(
        Celery, "send_task", lambda _app, _name, **options: messages.append(options)
    )
    return messages


@pytest.fixture
def steps(clock: Clock) -> Steps:
    crew = SimpleNamespace(submit=lambda job: job())
    parts = SimpleNamespace(
        outbox=Outbox(Celery("test"), "redis://127.0.0.1:1"),
        timers=clock,
        crew=crew,
        consumers=Everybody(),
        clock=ServerClock(),
    )
    return Steps(cast("Context", parts), on_word=lambda *_word: None, on_missed=lambda _live: None)


@pytest.fixture
def live() -> LiveRun:
    run = run_record("r", kwargs={}, revoke=None, steps=None, meta=empty_meta())
    return LiveRun(run, Lane(Lease(run_id="run", owner="owner", token="token")))


def flaky() -> None:
    """A child's body."""


def child(claim: ClaimRecord | None) -> LiveNode:
    task = Celery("test", task_cls=Task).task(name="tasks.flaky")(flaky)
    request = StepRequest(
        task=task, args=(), kwargs={}, options={"countdown": 9}, label="", digest="", kind="child"
    )
    return LiveNode(
        path="0", name="tasks.flaky", kind="child", task_id="task-0", request=request, claim=claim
    )


def test_celerys_retry_is_sent_by_celery_and_from_here_only_when_it_is_late(
    steps: Steps, live: LiveRun, clock: Clock, sent: list[dict[str, Any]]
) -> None:
    due = 60.0
    node = child(replace(CLAIM, retry_at=int((time.time() + due) * 1000)))

    steps.send(live, node)

    assert sent == []
    assert clock.pauses == [pytest.approx(due + FIRST_RESEND, abs=5)]
    clock.ring()
    (message,) = sent
    assert (message["task_id"], message["retries"]) == ("task-0", 2)
    assert message["countdown"] is None
    clock.ring()
    assert len(sent) == 2


def test_what_somebody_works_on_is_not_sent(
    steps: Steps, live: LiveRun, clock: Clock, sent: list[dict[str, Any]]
) -> None:
    steps.send(live, child(CLAIM))

    assert sent == []
    assert clock.pauses == []


def test_a_retry_that_came_meanwhile_is_not_sent_again(
    steps: Steps, live: LiveRun, clock: Clock, sent: list[dict[str, Any]]
) -> None:
    node = child(replace(CLAIM, retry_at=1))
    steps.send(live, node)

    node.claim = replace(CLAIM, retries=2)
    clock.ring()

    assert sent == []


def test_a_child_that_nobody_claims_is_sent_again_at_longer_and_longer_times(
    steps: Steps, live: LiveRun, clock: Clock, sent: list[dict[str, Any]]
) -> None:
    countdown, node = 9, child(None)

    steps.send(live, node)
    clock.ring()
    clock.ring()

    assert len(sent) == 3
    first = FIRST_RESEND + countdown
    assert clock.pauses[0] == first
    assert clock.pauses[-1] == 4 * first
    node.claim = CLAIM
    clock.ring()
    assert len(sent) == 3


def test_a_child_whose_message_may_be_lost_is_sent_at_once(
    steps: Steps, live: LiveRun, clock: Clock, sent: list[dict[str, Any]]
) -> None:
    steps.send_at_once(live, child(None))
    steps.send_at_once(live, child(CLAIM))

    assert len(sent) == 1, "what somebody works on is not sent"
    assert len(clock.pauses) == 1


def test_celerys_retry_whose_message_may_be_lost_is_sent_when_it_is_due(
    steps: Steps, live: LiveRun, clock: Clock, sent: list[dict[str, Any]]
) -> None:
    due = 60.0
    steps.send_at_once(live, child(replace(CLAIM, retry_at=int((time.time() + due) * 1000))))

    assert sent == []
    assert clock.pauses == [pytest.approx(due, abs=5)]
    clock.ring()
    assert len(sent) == 1


def test_a_countdown_goes_on_when_a_child_is_sent_again(
    steps: Steps, live: LiveRun, sent: list[dict[str, Any]]
) -> None:
    node = child(None)
    node.queued_at = int((time.time() - 4.0) * 1000)
    steps.send(live, node)
    node.queued_at = int((time.time() - 40.0) * 1000)
    steps.send(live, node)

    assert [message["countdown"] for message in sent] == [pytest.approx(5.0, abs=1.0), 0.0]


def test_a_child_that_the_broker_did_not_take_is_sent_again_as_soon_as_it_does(
    steps: Steps, live: LiveRun, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[Exception | None] = [None, OSError("away"), OSError("away"), None]

    def send_task(_app: Celery, _name: str, **_options: Any) -> None:
        if (error := answers.pop(0)) is not None:
            raise error

    monkeypatch.setattr(Celery, "send_task", send_task)
    steps.send(live, child(None))

    for _outage in range(2):
        clock.ring()
        assert clock.pauses[-1] == 2.0
    clock.ring()
    assert clock.pauses[-1] == clock.pauses[0] >= FIRST_RESEND
    assert answers == []


def test_a_first_message_has_no_number_of_a_retry(
    steps: Steps, live: LiveRun, sent: list[dict[str, Any]]
) -> None:
    steps.send(live, child(None))

    assert "retries" not in sent[0]
    assert sent[0]["countdown"] == 9
