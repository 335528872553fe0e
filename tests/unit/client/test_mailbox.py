"""The box between a connection and a slow iteration is bounded, and nothing is lost silently."""

from __future__ import annotations

from typing import Any

from inception_client.messages import Came, Connected, Dropped, Lost, Mailbox, Message


def came(seq: int, events: int = 1) -> Came:
    batch: Any = {"run_id": "r", "epoch": "e", "from": seq, "to": seq, "events": [{}] * events}
    return Came(batch)


def emptied(box: Mailbox) -> list[Message]:
    found = []
    while (message := box.take()) is not None:
        found.append(message)
    return found


def test_messages_come_in_order() -> None:
    box = Mailbox()
    for seq in range(3):
        box.put(came(seq))
    assert emptied(box) == [came(0), came(1), came(2)]


def test_beyond_its_bound_it_says_that_something_is_missing_and_fills_anew() -> None:
    box = Mailbox(most=10)
    for seq in range(100):
        box.put(came(seq, events=4))
    found = emptied(box)
    assert found == [came(0, 4), came(1, 4), Dropped()]
    box.put(came(7))
    assert emptied(box) == [came(7)]


def test_a_connection_that_comes_and_goes_leaves_one_message() -> None:
    box = Mailbox()
    for seq in range(1_000):
        box.put(came(seq))
        box.put(Lost("cut"))
        box.put(Connected())
    assert emptied(box) == [Connected()]
