from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from inception.runs.model import Batch
from tests.unit.webapp.records import batch, snapshot
from webapp.relay.published import AsHeard
from webapp.relay.room import BURST, Mail, Position, Request, Room


@pytest.fixture
def room() -> Room:
    """A room whose one member, `early`, is live at 10."""
    room = Room("r", on_heard=lambda _room: None, on_gap=lambda _room: None)
    room.join("early", Position("e1", 10))
    assert room.due(0.0, nobody) == []
    return room


def nobody(_sid: str) -> bool:
    """Nobody's queue is full."""
    return False


def only(*sids: str) -> Callable[[str], bool]:
    return lambda sid: sid in sids


def hear(room: Room, heard: Batch) -> None:
    room.hear(json.dumps(heard))


def publish(room: Room, heard: Batch) -> str:
    """Let it hear a batch as the store publishes it."""
    text = json.dumps(heard, separators=(",", ":"))
    room.hear(text)
    return text


def brief(mails: list[Mail]) -> list[tuple[str, list[str], int]]:
    """What is sent to whom, up to which seq."""

    def end(mail: Mail) -> int:
        payload = mail.payload
        assert isinstance(payload, dict)
        return int(payload["to"] if mail.event == "events" else payload["seq"])

    return [(mail.event, sorted(mail.sids), end(mail)) for mail in mails]


def test_what_is_heard_goes_to_those_who_are_live(room: Room) -> None:
    hear(room, batch(10, 12))
    assert brief(room.due(1.0, nobody)) == [("events", ["early"], 12)]


def test_who_joins_from_a_newer_snapshot_is_sent_what_the_others_are(room: Room) -> None:
    room.join("late", Position("e1", 12))
    hear(room, batch(10, 13))
    assert brief(room.due(1.0, nobody)) == [("events", ["early", "late"], 13)]


def test_who_joins_from_an_older_snapshot_is_brought_up_to_the_others_first(room: Room) -> None:
    hear(room, batch(10, 12))
    room.due(1.0, nobody)
    room.join("late", Position("e1", 11))
    hear(room, batch(12, 14))
    assert brief(room.due(2.0, nobody)) == [
        ("events", ["late"], 12),
        ("events", ["early", "late"], 14),
    ]


def test_who_joins_from_before_what_is_kept_waits_for_a_snapshot(room: Room) -> None:
    room.join("late", Position("e1", 3))
    assert room.due(1.0, nobody) == []
    assert room.request(nobody) == Request(position=None, gaps=0)
    room.refresh(snapshot(11), 0)
    assert brief(room.due(1.0, nobody)) == [("snapshot", ["late"], 11)]
    hear(room, batch(10, 12))
    assert brief(room.due(2.0, nobody)) == [("events", ["early", "late"], 12)]


def test_more_than_a_burst_waits_for_its_turn_and_loses_nothing(room: Room) -> None:
    sent = []
    for end in range(11, 11 + BURST + 3):
        hear(room, batch(end - 1, end))
        sent += room.due(100.0, nobody)
    assert len(sent) == BURST
    wait = room.wait(100.0)
    assert wait is not None
    assert wait > 0
    assert brief(room.due(100.0 + wait, nobody)) == [("events", ["early"], 17)]


def test_a_member_that_is_behind_hears_nothing_until_it_has_drained(room: Room) -> None:
    room.join("slow", Position("e1", 10))
    room.due(1.0, nobody)
    room.fall_behind({"slow"})
    hear(room, batch(10, 12))
    assert brief(room.due(2.0, only("slow"))) == [("events", ["early"], 12)]
    assert room.request(only("slow")) is None
    assert room.request(nobody) == Request(position=None, gaps=0)


def test_a_drained_member_gets_a_snapshot_and_then_goes_on_without_a_gap(room: Room) -> None:
    room.join("slow", Position("e1", 10))
    room.due(1.0, nobody)
    room.fall_behind({"slow"})
    hear(room, batch(10, 12))
    room.due(2.0, nobody)
    room.refresh(snapshot(11), 0)  # read before 12 was sent to the others
    assert brief(room.due(3.0, nobody)) == [("snapshot", ["slow"], 11), ("events", ["slow"], 12)]
    hear(room, batch(12, 13))
    assert brief(room.due(4.0, nobody)) == [("events", ["early", "slow"], 13)]


def test_after_a_gap_nothing_is_sent_before_the_stream_was_read(room: Room) -> None:
    room.gap()
    hear(room, batch(11, 12))
    assert room.due(1.0, nobody) == []
    request = room.request(nobody)
    assert request == Request(position=Position("e1", 10), gaps=1)
    room.fill(batch(10, 12), 1)
    assert brief(room.due(1.0, nobody)) == [("events", ["early"], 12)]


def test_another_epoch_sends_everybody_a_snapshot(room: Room) -> None:
    room.join("late", Position("e1", 10))
    hear(room, batch(4, 5, epoch="e2"))
    assert room.due(1.0, nobody) == []
    assert room.request(nobody) == Request(position=None, gaps=0)
    room.refresh(snapshot(5, epoch="e2"), 0)
    assert brief(room.due(1.0, nobody)) == [("snapshot", ["early", "late"], 5)]
    hear(room, batch(5, 6, epoch="e2"))
    assert brief(room.due(1.0, nobody)) == [("events", ["early", "late"], 6)]


def test_a_client_that_joins_with_another_epoch_makes_the_room_start_afresh(room: Room) -> None:
    room.join("newer", Position("e2", 3))
    assert room.due(1.0, nobody) == []
    assert room.request(nobody) == Request(position=None, gaps=0)
    room.refresh(snapshot(4, epoch="e2"), 0)
    assert brief(room.due(1.0, nobody)) == [("snapshot", ["early", "newer"], 4)]


def test_events_that_are_no_longer_kept_lead_to_a_snapshot(room: Room) -> None:
    room.gap()
    room.due(1.0, nobody)
    room.events_are_gone()
    assert room.request(nobody) == Request(position=None, gaps=1)


def test_everybody_hears_that_the_run_is_gone(room: Room) -> None:
    room.join("late", Position("e1", 10))
    room.hear(json.dumps({"gone": "r"}))
    [mail] = room.due(1.0, nobody)
    assert mail == Mail(event="gone", payload={"run_id": "r"}, sids=frozenset({"early", "late"}))
    assert room.request(nobody) is None


def test_who_leaves_hears_no_more(room: Room) -> None:
    room.leave("early")
    hear(room, batch(10, 11))
    assert [mail.sids for mail in room.due(1.0, nobody)] == [frozenset()]
    assert room.members == frozenset()


def test_what_continues_a_room_that_is_even_is_passed_on_as_it_came(room: Room) -> None:
    text = publish(room, batch(10, 12))
    passed = room.pass_on(1.0)
    assert isinstance(passed, AsHeard)
    assert passed.text == text
    assert room.live == {"early"}
    assert room.wait(1.0) is None
    publish(room, batch(12, 13))
    assert room.pass_on(1.0) is not None
    assert room.due(1.0, nobody) == []


def test_who_joins_from_before_what_was_passed_on_is_brought_up_to_it(room: Room) -> None:
    publish(room, batch(10, 12))
    room.pass_on(1.0)
    room.join("late", Position("e1", 11))
    assert brief(room.due(2.0, nobody)) == [("events", ["late"], 12)]


def test_a_room_that_nobody_has_looked_at_passes_nothing_on() -> None:
    room = Room("r", on_heard=lambda _room: None, on_gap=lambda _room: None)
    publish(room, batch(10, 12))
    assert room.pass_on(1.0) is None


def _join_another(room: Room) -> None:
    room.join("late", Position("e1", 11))


def _miss_something(room: Room) -> None:
    room.gap()


def _hear_another(room: Room) -> None:
    publish(room, batch(12, 13))


def _fall_behind(room: Room) -> None:
    room.join("slow", Position("e1", 10))
    room.due(0.5, nobody)
    room.fall_behind({"slow"})


def _stay_behind(room: Room) -> None:
    _fall_behind(room)
    room.due(0.5, only("slow"))


def _lack_something(room: Room) -> None:
    publish(room, batch(11, 12))
    room.due(0.5, nobody)


def _read_a_snapshot(room: Room) -> None:
    room.refresh(snapshot(12), 0)


@pytest.mark.parametrize(
    "happens",
    [
        _join_another,
        _miss_something,
        _hear_another,
        _fall_behind,
        _stay_behind,
        _lack_something,
        _read_a_snapshot,
    ],
)
def test_nothing_is_passed_on_where_more_is_to_be_thought_of(
    room: Room, happens: Callable[[Room], None]
) -> None:
    if happens is _hear_another:
        publish(room, batch(10, 12))
        happens(room)
    else:
        happens(room)
        publish(room, batch(10, 12))
    assert room.pass_on(1.0) is None
    mails = room.due(1.0, nobody)
    if (request := room.request(nobody)) is not None and request.position is not None:
        room.fill(batch(10, 12), request.gaps)
        mails += room.due(1.0, nobody)
    assert any("early" in mail.sids for mail in mails)


@pytest.mark.parametrize(
    "heard", [batch(11, 12), batch(8, 12), batch(9, 10), batch(10, 11, epoch="e2")]
)
def test_only_what_continues_is_passed_on(room: Room, heard: Batch) -> None:
    publish(room, heard)
    assert room.pass_on(1.0) is None


def test_what_is_no_batch_or_not_written_as_the_store_does_is_not_passed_on(room: Room) -> None:
    hear(room, batch(10, 12))
    assert room.pass_on(1.0) is None
    assert brief(room.due(1.0, nobody)) == [("events", ["early"], 12)]
    room.hear(json.dumps({"gone": "r"}, separators=(",", ":")))
    assert room.pass_on(1.0) is None
    assert [mail.event for mail in room.due(1.0, nobody)] == ["gone"]
    publish(room, batch(12, 13))
    assert room.pass_on(1.0) is None


def test_what_is_passed_on_keeps_to_the_pace_and_what_is_too_fast_is_kept(room: Room) -> None:
    passed = []
    for end in range(11, 11 + BURST + 2):
        publish(room, batch(end - 1, end))
        passed.append(room.pass_on(100.0))
        room.due(100.0, nobody)
    assert [batch is not None for batch in passed] == [True] * BURST + [False] * 2
    wait = room.wait(100.0)
    assert wait is not None
    assert brief(room.due(100.0 + wait, nobody)) == [("events", ["early"], 16)]


def test_nothing_overtakes_what_waits_for_its_turn(room: Room) -> None:
    for end in range(11, 12 + BURST):
        publish(room, batch(end - 1, end))
        room.due(100.0, nobody)
    publish(room, batch(11 + BURST, 12 + BURST))
    assert room.pass_on(200.0) is None
    assert brief(room.due(200.0, nobody)) == [("events", ["early"], 12 + BURST)]
