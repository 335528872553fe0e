from __future__ import annotations

import queue
from dataclasses import dataclass

import pytest

from webapp.relay import outbox
from webapp.relay.outbox import Outbox

MESSAGE, PING = 4, 2


@dataclass
class Packet:
    packet_type: int
    data: object = "x"


@pytest.fixture
def box() -> Outbox:
    return Outbox(queue.Queue())


def test_it_is_full_at_its_bound_of_messages(box: Outbox) -> None:
    for _ in range(outbox.MAX_MESSAGES):
        assert not box.is_full
        box.put(Packet(MESSAGE))
    assert box.is_full


def test_it_is_full_at_its_bound_of_bytes_and_not_after_they_were_taken(box: Outbox) -> None:
    box.put(Packet(MESSAGE, "x" * outbox.MAX_BYTES))
    assert box.is_full
    box.get()
    assert not box.is_full


def test_beyond_the_hard_bound_messages_are_dropped_and_control_passes(box: Outbox) -> None:
    for _ in range(outbox.HARD_MESSAGES + 10):
        box.put(Packet(MESSAGE))
    assert box.qsize() == outbox.HARD_MESSAGES
    assert box.overflowed
    box.put(Packet(PING))
    box.put(None)
    assert box.qsize() == outbox.HARD_MESSAGES + 2


def test_it_says_once_that_it_is_drained(box: Outbox) -> None:
    rung: list[str] = []
    box.on_drained = lambda: rung.append("drained")
    box.put(Packet(MESSAGE))
    box.put(Packet(MESSAGE))
    box.call_when_drained()
    box.get()
    assert rung == []
    box.get()
    assert rung == ["drained"]
    box.put(Packet(MESSAGE))
    box.get()
    assert rung == ["drained"]


def test_an_empty_one_raises_what_its_queue_raises(box: Outbox) -> None:
    with pytest.raises(queue.Empty):
        box.get(block=False)
