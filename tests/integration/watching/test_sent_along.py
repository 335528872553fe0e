"""Children whose messages are pushed as they are recorded."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from celery import Celery
from celery.signals import before_task_publish
from kombu.utils import functional

from inception.authoring.frame import StepRequest
from inception.authoring.task import Task
from inception.runs.model import State
from inception.runs.paths import task_id
from inception.runs.records import ClaimEnd, ResultWord
from inception.watching import live
from inception.watching.live_node import LiveNode
from inception.watching.outbox import Outbox
from inception.watching.packing import can_pack
from inception.watching.watcher import Watcher
from tests.integration.watching.replayed_tasks import play
from tests.integration.watching.stage import WITHIN, Stage, Workers
from tests.running import eventually

RUN = "0123"


@pytest.fixture(autouse=True)
def _along(stage: Stage) -> None:
    stage.along = True


def start(stage: Stage, *steps: Any) -> str:
    return stage.record(play.name, run=secrets.token_hex(4), path="", steps=list(steps))


def pay() -> None:
    """A child's body."""


def request_with(app: Celery, **options: Any) -> StepRequest:
    return StepRequest(
        task=app.tasks["shop.pay"], args=(1, "ä"), kwargs={"deep": {"a": [1]}}, options=options,
        label="", digest="", kind="child",
    )  # fmt: skip


@pytest.fixture
def app(redis_url: str) -> Iterator[Celery]:
    app = Celery("shop", broker=redis_url, backend=redis_url, task_cls=Task, set_as_current=False)
    app.task(name="shop.pay")(pay)
    yield app
    app.close()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"priority": 6},
        {"queue": "slow", "headers": {"trace": "7"}, "time_limit": 5},
        {"countdown": 60, "expires": 90},
        {"compression": "gzip"},
        {"link_error": None, "serializer": "json"},
    ],
    ids=lambda options: "+".join(options) or "plain",
)
def test_what_is_packed_is_what_celery_pushes(
    stage: Stage, app: Celery, options: dict[str, Any]
) -> None:
    request, outbox = request_with(app, **options), Outbox(app, stage.url)
    node = LiveNode(path="0", name="shop.pay", kind="child", task_id="t", request=request)

    (letter,) = outbox.pack(RUN, node, request, 0.0)
    assert not stage.client.exists(letter.queue), "nothing was pushed"
    outbox.send(RUN, node, request, 0.0)
    pushed = str(stage.client.rpop(letter.queue))
    outbox.close()

    assert as_sent(letter.text) == as_sent(pushed)


def as_sent(text: str) -> dict[str, Any]:
    """A message without what is its own each time: its tag, and times to the moment."""
    message: dict[str, Any] = json.loads(text)
    del message["properties"]["delivery_tag"]
    for moment in ("eta", "expires"):
        message["headers"][moment] = bool(message["headers"][moment])
    return message


def test_what_changes_messages_before_they_are_sent_does_so_here(stage: Stage, app: Celery) -> None:
    def mark(headers: dict[str, Any], **_more: Any) -> None:
        headers["trace"] = "9"

    before_task_publish.connect(mark)
    try:
        outbox, request = Outbox(app, stage.url), request_with(app)
        node = LiveNode(path="0", name="shop.pay", kind="child", task_id="t", request=request)
        (letter,) = outbox.pack(RUN, node, request, 0.0)
        outbox.close()
    finally:
        before_task_publish.disconnect(mark)
    assert json.loads(letter.text)["headers"]["trace"] == "9"


@pytest.mark.parametrize(
    "settings",
    [
        {"broker_url": "redis://127.0.0.1:1/0"},
        {"broker_url": "{url}/5"},
        {"broker_url": "{other_user}"},
        {"broker_url": "amqp://127.0.0.1"},
        {"broker_url": "sentinel://127.0.0.1:1"},
        {"broker_transport_options": {"global_keyprefix": "shop:"}},
    ],
    ids=str,
)
def test_nothing_is_packed_for_another_broker(
    stage: Stage, app: Celery, settings: dict[str, Any]
) -> None:
    base = stage.url.rpartition("/")[0]
    urls = {"url": base, "other_user": stage.url.replace("redis://", "redis://shop", 1)}
    said = {k: v.format(**urls) if isinstance(v, str) else v for k, v in settings.items()}
    app.conf.update(said)
    assert not can_pack(app, stage.url)
    request = request_with(app)
    node = LiveNode(path="0", name="shop.pay", kind="child", task_id="t", request=request)
    assert Outbox(app, stage.url).pack(RUN, node, request, 0.0) == ()


def test_while_the_broker_is_away_nobody_waits_for_a_message_to_be_made(
    app: Celery, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = "redis://127.0.0.1:1/0"
    app.conf.update(broker_url=away)
    monkeypatch.setattr(functional, "sleep", lambda seconds: pytest.fail(f"it waits {seconds} s"))
    request = request_with(app)
    node = LiveNode(path="0", name="shop.pay", kind="child", task_id="t", request=request)
    assert can_pack(app, away)
    assert Outbox(app, away).pack(RUN, node, request, 0.0) == ()


def telling_early(
    stage: Stage,
    watcher: Watcher,
    run_id: str,
    then: Callable[[LiveNode], None] = lambda _child: None,
) -> None:
    """Have the first child claimed and ended before Redis' answer to its record is read."""

    def after(operation: str) -> None:
        if operation == "spawn":
            child = watcher.scheduler.runs[run_id].arriving["0"]
            eventually(lambda: len(child.early) >= 2, WITHIN, "its claim and its end are told")
            then(child)

    stage.after = after


def test_a_child_that_ends_before_its_record_is_answered_is_heard(
    stage: Stage, workers: Workers
) -> None:
    """The watcher waits for Redis' answer, and the child has come and gone meanwhile."""
    run_id = start(stage, ["watch", ["a", 0], 0])
    with stage.watcher(workers) as watcher:
        telling_early(stage, watcher, run_id)
        watcher.scheduler.take(run_id)
        assert stage.ended.wait(WITHIN)

    assert stage.store.read_run(run_id)["value"] == [["SUCCESS", None, "a"]]
    node = stage.store.snapshot(run_id)["nodes"][0]
    assert (node["state"], node["worker"]) == (State.SUCCESS, "host:played:1")
    assert workers.began == {("0", 1): 1}


def test_children_that_end_before_their_record_is_answered_keep_no_other_from_being_heard(
    stage: Stage, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their results are stored with their ends, so they are left at once."""
    end_claim, missed = stage.store.end_claim, threading.Event()

    def with_result(end: ClaimEnd) -> None:
        key = f"celery-task-meta-{task_id(end.run_id, end.path, end.attempt)}"
        text = json.dumps({"status": "SUCCESS", "result": None, "traceback": None})
        end_claim(replace(end, word=ResultWord(key=key, text=text, seconds=60)))

    monkeypatch.setattr(stage.store, "end_claim", with_result)
    run_id = start(stage, ["watch_all", [["a", 0], ["b", 0]], None, 0])
    with stage.watcher(workers) as watcher:
        monkeypatch.setattr(watcher.scheduler._steps, "_on_missed", lambda _live: missed.set())
        telling_early(stage, watcher, run_id)
        watcher.scheduler.take(run_id)
        assert stage.ended.wait(WITHIN)

    assert not missed.is_set(), "all was heard: the run need not be read again"


def test_early_words_that_cannot_be_taken_are_no_error_of_the_parent_and_are_read_instead(
    stage: Stage, workers: Workers, caplog: pytest.LogCaptureFixture
) -> None:
    def spoil(child: LiveNode) -> None:
        child.early[:] = [lambda: {}["unexpected"]] * 2

    run_id = start(stage, ["watch", ["a", 0], 0])
    with stage.watcher(workers) as watcher:
        telling_early(stage, watcher, run_id, spoil)
        watcher.scheduler.take(run_id)
        assert stage.ended.wait(WITHIN)

    assert stage.store.read_run(run_id)["value"] == [["SUCCESS", None, "a"]]
    told = [getattr(record, "action", "") for record in caplog.records]
    assert told.count("early_word_failed") == 2


def test_a_run_whose_child_says_too_much_before_its_record_is_answered_is_taken_up_again(
    stage: Stage, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_EARLY", 1)
    run_id = start(stage, ["watch", ["a", 0], 0])
    with stage.watcher(workers) as watcher:
        stage.after = lambda operation: (
            operation != "spawn"
            or eventually(lambda: run_id not in watcher.scheduler.runs, WITHIN, "it is let go")
        )
        watcher.scheduler.take(run_id)
        eventually(lambda: run_id not in watcher.scheduler.runs, WITHIN, "it is let go")
        eventually(lambda: not watcher._hub._ears, WITHIN, "its child isn't heard any more")
        assert watcher.scheduler.take(run_id, from_owner=watcher._ctx.process)
        assert stage.ended.wait(WITHIN)

    assert stage.store.read_run(run_id)["value"] == [["SUCCESS", None, "a"]]
    assert workers.began == {("0", 1): 1}
