"""Hearing channels: nothing is lost without a word, however the connection breaks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue

import pytest

from inception.runs.connection import connect
from inception.runs.errors import StoreUnavailable
from inception.runs.listener import Listener
from tests.integration.runs.held_run import RedisClient
from tests.private_redis import PrivateRedis
from tests.running import eventually

WAIT = 10.0


class Ear:
    """A listener with what it heard, and a signal for each gap."""

    def __init__(self, url: str, ping_every: float = 0.4) -> None:
        self.heard: Queue[str] = Queue()
        self.gaps: Queue[bool] = Queue()
        self.listener = Listener(
            url, name="a test", on_gap=lambda: self.gaps.put(True), ping_every=ping_every
        )
        self.listener.start()

    def hear(self, channel: str) -> Callable[[str], None]:
        self.listener.subscribe(channel, self.heard.put, WAIT)
        return self.heard.put

    def next(self) -> str:
        return self.heard.get(timeout=WAIT)

    def wait_for_gap(self) -> None:
        self.gaps.get(timeout=WAIT)


@pytest.fixture
def ear(redis_url: str) -> Iterator[Ear]:
    ear = Ear(redis_url)
    yield ear
    ear.listener.stop()


def test_what_is_said_after_the_confirmation_is_heard(ear: Ear, client: RedisClient) -> None:
    ear.hear("channel")
    client.publish("channel", "grüße \U0001f600")
    assert ear.next() == "grüße \U0001f600"
    assert ear.gaps.empty()


def test_each_handler_of_a_channel_hears_it(ear: Ear, client: RedisClient) -> None:
    first: Queue[str] = Queue()
    ear.listener.subscribe("channel", first.put)
    ear.hear("channel")
    client.publish("channel", "one")
    assert first.get(timeout=WAIT) == ear.next() == "one"
    ear.listener.unsubscribe("channel", first.put)
    client.publish("channel", "two")
    assert ear.next() == "two"
    assert first.empty()


def test_hundreds_subscribe_at_once(ear: Ear, client: RedisClient) -> None:
    names = [f"channel-{number}" for number in range(300)]
    threads = [threading.Thread(target=ear.hear, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
    for name in names:
        client.publish(name, name)
    assert sorted(ear.next() for _ in names) == sorted(names)


def test_many_channels_are_subscribed_in_one_go(ear: Ear, client: RedisClient) -> None:
    ear.listener.subscribe_many({f"channel-{n}": ear.heard.put for n in range(1100)})
    assert len(client.pubsub_channels("channel-*")) == 1100


def test_a_channel_given_up_and_asked_for_again_is_heard_from_its_own_confirmation(
    ear: Ear, client: RedisClient
) -> None:
    for number in range(200):
        handler = ear.hear("channel")
        client.publish("channel", str(number))
        assert ear.next() == str(number)
        ear.listener.unsubscribe("channel", handler)


def test_a_channel_that_nobody_hears_is_given_up(ear: Ear, client: RedisClient) -> None:
    handler = ear.hear("channel")
    ear.listener.unsubscribe("channel", handler)
    ear.hear("other")  # its confirmation comes after the first was given up
    assert dict(client.pubsub_numsub("channel", "other")) == {"channel": 0, "other": 1}


def test_a_broken_connection_is_a_gap_after_which_all_is_heard_again(
    ear: Ear, client: RedisClient
) -> None:
    for number in range(50):
        ear.hear(f"channel-{number}")
    client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    ear.wait_for_gap()
    for number in range(50):
        client.publish(f"channel-{number}", str(number))
    assert {ear.next() for _ in range(50)} == {str(number) for number in range(50)}
    assert ear.gaps.empty()


def test_each_break_is_one_gap(ear: Ear, client: RedisClient) -> None:
    ear.hear("channel")
    for _ in range(5):
        client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        ear.wait_for_gap()
    client.publish("channel", "still here")
    assert ear.next() == "still here"
    assert ear.gaps.empty()


def test_a_half_open_connection_is_found_by_its_ping(own_redis: PrivateRedis) -> None:
    ear = Ear(own_redis.url, ping_every=0.2)
    ear.hear("channel")
    own_redis.freeze()
    deadline = time.monotonic() + WAIT
    with pytest.raises(StoreUnavailable):
        ear.listener.subscribe("never", ear.heard.put, timeout=1.0)
    assert time.monotonic() < deadline
    assert not ear.listener.connected
    own_redis.thaw()
    ear.wait_for_gap()
    with connect(own_redis.url, purpose="test") as client:
        client.publish("channel", "back")
        assert ear.next() == "back"
        assert client.pubsub_channels("never") == []
    ear.listener.stop()


def test_a_restart_of_redis_is_a_gap(own_redis: PrivateRedis) -> None:
    ear = Ear(own_redis.url)
    ear.hear("channel")
    own_redis.kill()
    own_redis.start()
    ear.wait_for_gap()
    with connect(own_redis.url, purpose="test") as client:
        client.publish("channel", "back")
    assert ear.next() == "back"
    ear.listener.stop()


def test_a_handler_that_raises_ends_nothing(ear: Ear, client: RedisClient) -> None:
    def broken(_text: str) -> None:
        raise ValueError("a fault of the handler's own")

    ear.listener.subscribe("channel", broken)
    ear.hear("channel")
    client.publish("channel", "one")
    assert ear.next() == "one"


def _somebody_waits(ear: Ear, channel: str) -> bool:
    known = ear.listener._channels.get(channel)
    return known is not None and bool(known.awaited)


def test_what_was_confirmed_before_the_connection_was_lost_is_not_confirmed_any_more(
    own_redis: PrivateRedis,
) -> None:
    ear = Ear(own_redis.url)
    ear.hear("channel")
    own_redis.kill()
    eventually(lambda: not ear.listener.connected, WAIT, "it is lost")
    with pytest.raises(StoreUnavailable):
        ear.listener.subscribe("channel", ear.heard.put, timeout=0.2)
    ear.listener.stop()


@pytest.mark.parametrize("end", ["it is given up", "the listener is stopped"])
def test_nobody_waits_for_a_confirmation_that_does_not_come(
    own_redis: PrivateRedis, end: str
) -> None:
    ear = Ear(own_redis.url, ping_every=60)
    ear.hear("first")
    own_redis.freeze()
    refusals: Queue[StoreUnavailable] = Queue()

    def subscribe() -> None:
        try:
            ear.listener.subscribe("channel", ear.heard.put, timeout=6 * WAIT)
        except StoreUnavailable as refusal:
            refusals.put(refusal)

    waiter = threading.Thread(target=subscribe)
    waiter.start()
    eventually(lambda: _somebody_waits(ear, "channel"), WAIT, "it waits")
    if end == "it is given up":
        ear.listener.unsubscribe("channel", ear.heard.put)
    else:
        threading.Thread(target=ear.listener.stop).start()

    refusals.get(timeout=WAIT)
    own_redis.thaw()
    ear.listener.stop()


def test_who_waits_while_the_connection_is_made_anew_is_answered_then(
    own_redis: PrivateRedis,
) -> None:
    ear, heard = Ear(own_redis.url, ping_every=60), threading.Event()
    ear.hear("first")
    own_redis.freeze()

    def subscribe() -> None:
        ear.listener.subscribe("channel", ear.heard.put, timeout=6 * WAIT)
        heard.set()

    threading.Thread(target=subscribe, daemon=True).start()
    eventually(lambda: _somebody_waits(ear, "channel"), WAIT, "it waits")
    own_redis.kill()
    own_redis.start()

    assert heard.wait(WAIT)
    with connect(own_redis.url, purpose="test") as client:
        client.publish("channel", "said")
    assert ear.next() == "said"
    ear.listener.stop()


def test_without_redis_a_subscription_fails_in_time(tmp_path: Path) -> None:
    listener = Listener(f"unix://{tmp_path}/none.sock", name="test", on_gap=lambda: None)
    listener.start()
    with pytest.raises(StoreUnavailable):
        listener.subscribe("channel", lambda _text: None, timeout=0.2)
    listener.stop()


def test_a_connection_that_is_gone_or_cannot_be_made_is_told_and_then_the_gap(
    own_redis: PrivateRedis,
) -> None:
    told: Queue[str] = Queue()
    own_redis.stop()
    listener = Listener(
        own_redis.url,
        name="test",
        on_gap=lambda: told.put("gap"),
        on_lost=lambda: told.put("lost"),
    )
    listener.start()
    assert told.get(timeout=WAIT) == "lost"
    own_redis.start()
    assert _next_but(told, "lost") == "gap"
    own_redis.kill()
    assert told.get(timeout=WAIT) == "lost"
    listener.stop()


def _next_but(told: Queue[str], word: str) -> str:
    """The first other word."""
    while (said := told.get(timeout=WAIT)) == word:
        pass
    return said


def test_who_hears_is_told_when_the_handlers_have_all_that_came(
    redis_url: str, client: RedisClient
) -> None:
    heard: list[str] = []
    had: Queue[int] = Queue()
    listener = Listener(
        redis_url,
        name="test",
        on_gap=lambda: None,
        on_heard=lambda: had.put(len(heard)),
    )
    listener.start()
    listener.subscribe("channel", heard.append)
    for number in range(3):
        client.publish("channel", str(number))
    while had.get(timeout=WAIT) < 3:
        pass
    listener.stop()
