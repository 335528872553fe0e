from __future__ import annotations

import json
import random
from typing import cast

import pytest

from inception.runs.model import Batch, Event
from tests.unit.webapp.records import batch, node_event, run_event
from webapp.relay.published import AsHeard, read_published
from webapp.relay.run_feed import MAX_AHEAD, MAX_RECENT, Need, RunFeed, subject


@pytest.fixture
def feed() -> RunFeed:
    """A feed whose members have everything up to 10."""
    feed = RunFeed("r")
    feed.reset("e1", 10, feed.gaps)
    return feed


def needs(feed: RunFeed) -> Need:
    return feed.need


def seqs(taken: Batch | None) -> list[int]:
    assert taken is not None
    return [event["seq"] for event in taken["events"]]


def test_batches_that_join_go_out_as_one_with_the_newest_record_of_each_path(feed: RunFeed) -> None:
    feed.accept(batch(10, 13, node_event(11, "0"), node_event(12, "1"), run_event(13)))
    feed.accept(batch(13, 15, node_event(14, "0"), run_event(15)))
    taken = feed.take()
    assert seqs(taken) == [12, 14, 15]
    assert taken is not None
    assert (taken["from"], taken["to"], taken["epoch"]) == (10, 15, "e1")


def test_nothing_is_taken_twice(feed: RunFeed) -> None:
    feed.accept(batch(10, 11))
    assert feed.take() is not None
    assert feed.take() is None


def test_a_batch_heard_twice_counts_once(feed: RunFeed) -> None:
    feed.accept(batch(10, 12))
    feed.accept(batch(10, 12))
    feed.accept(batch(11, 13))
    assert needs(feed) is Need.NOTHING
    assert seqs(feed.take()) == [13]


def test_after_a_hole_nothing_goes_out_until_the_stream_was_read(feed: RunFeed) -> None:
    feed.accept(batch(12, 13))
    assert needs(feed) is Need.EVENTS
    assert feed.take() is None
    feed.fill(batch(10, 12), feed.gaps)
    taken = feed.take()
    assert taken is not None
    assert (taken["from"], taken["to"]) == (10, 13)


def test_a_hole_behind_the_hole_is_asked_for_again(feed: RunFeed) -> None:
    feed.accept(batch(12, 13))
    feed.accept(batch(15, 16))
    feed.fill(batch(10, 13), feed.gaps)
    assert needs(feed) is Need.EVENTS
    feed.fill(batch(13, 16), feed.gaps)
    assert needs(feed) is Need.NOTHING
    assert feed.heard == 16


def test_an_answer_from_before_a_second_gap_does_not_close_it(feed: RunFeed) -> None:
    feed.gap()
    asked = feed.gaps
    feed.gap()
    feed.fill(batch(10, 12), asked)
    assert needs(feed) is Need.EVENTS
    feed.fill(batch(12, 14), feed.gaps)
    assert needs(feed) is Need.NOTHING


def test_a_gap_without_anything_missed_costs_one_read_and_sends_nothing(feed: RunFeed) -> None:
    feed.gap()
    feed.fill(Batch({"run_id": "r", "epoch": "e1", "from": 10, "to": 10, "events": []}), feed.gaps)
    assert needs(feed) is Need.NOTHING
    assert feed.take() is None


def test_another_epoch_needs_a_snapshot_and_sends_nothing_before(feed: RunFeed) -> None:
    feed.accept(batch(10, 11))
    feed.accept(batch(5, 6, epoch="e2"))
    assert needs(feed) is Need.SNAPSHOT
    assert feed.take() is None
    feed.reset("e2", 5, feed.gaps)
    taken = feed.take()
    assert taken is not None
    assert (taken["epoch"], taken["from"], taken["to"]) == ("e2", 5, 6)


def test_what_is_heard_before_the_first_snapshot_continues_it() -> None:
    feed = RunFeed("r")
    for end in range(1, 6):
        feed.accept(batch(end - 1, end))
    feed.reset("e1", 3, feed.gaps)
    assert seqs(feed.take()) == [5]
    assert feed.heard == 5


def test_what_did_not_fit_beyond_a_hole_is_read_again(feed: RunFeed) -> None:
    for end in range(13, 13 + 2 * MAX_AHEAD):
        feed.accept(batch(end - 1, end))
    feed.fill(batch(10, 12), feed.gaps)
    assert needs(feed) is Need.EVENTS
    assert feed.heard == 12


def test_a_member_that_is_a_little_behind_gets_one_batch_up_to_the_room(feed: RunFeed) -> None:
    for end in (12, 14, 16):
        feed.accept(batch(end - 2, end, node_event(end - 1, "0"), run_event(end)))
        feed.take()
    late = feed.since(13)
    assert late is not None
    assert (late["from"], late["to"], seqs(late)) == (13, 16, [15, 16])


def test_a_member_that_is_older_than_what_is_kept_gets_none(feed: RunFeed) -> None:
    assert feed.since(9) is None
    for end in range(11, 12 + MAX_RECENT):
        feed.accept(batch(end - 1, end))
        feed.take()
    assert feed.since(10) is None
    assert feed.since(11) is not None


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_lost_doubled_or_late_the_members_end_with_the_newest_records(
    seed: int,
) -> None:
    """Feed a run's history through a bad line, and compare what a member holds with the truth."""
    chance = random.Random(seed)
    history = [node_event(seq, str(chance.randrange(5)), str(seq)) for seq in range(1, 200)]
    feed = RunFeed("r")
    feed.reset("e1", 0, feed.gaps)
    shown: dict[str | None, int] = {}
    position = 0

    def read_stream() -> None:
        feed.fill(batch(feed.heard, len(history), *history[feed.heard :]), feed.gaps)

    def send() -> None:
        nonlocal position
        taken = feed.take()
        if taken is not None:
            assert taken["from"] == position
            position = taken["to"]
            shown.update({subject(event): event["seq"] for event in taken["events"]})

    for event in history:
        fate = chance.random()
        if fate > 0.1:
            feed.accept(batch(event["seq"] - 1, event["seq"], event))
        if fate > 0.9:
            feed.accept(batch(event["seq"] - 1, event["seq"], event))
        if fate > 0.5:
            send()
    feed.gap()
    read_stream()
    send()
    assert position == len(history)
    assert shown == truth(history)


def truth(history: list[Event]) -> dict[str | None, int]:
    return {subject(event): event["seq"] for event in history}


def test_a_batch_that_is_all_there_is_to_send_goes_on_as_it_was_heard(feed: RunFeed) -> None:
    heard = batch(10, 12, node_event(11, "0"), run_event(12))
    feed.accept(heard)
    assert feed.take() is heard


@pytest.mark.parametrize(
    "others",
    [
        [batch(10, 11), batch(11, 12)],  # two of them
        [batch(9, 12, node_event(10, "1"), node_event(11, "0"), run_event(12))],  # it begins before
        [batch(10, 12, node_event(11, "0"), node_event(12, "0"))],  # a record is superseded
        [batch(11, 12), batch(10, 11)],  # after a hole
    ],
)
def test_no_other_batch_goes_on_as_it_was_heard(feed: RunFeed, others: list[Batch]) -> None:
    for heard in others[:1]:
        feed.accept(heard)
    if feed.need is Need.EVENTS:
        feed.fill(others[1], feed.gaps)
    else:
        for heard in others[1:]:
            feed.accept(heard)
    taken = feed.take()
    assert taken is not None
    assert all(taken is not heard for heard in others)
    assert (taken["from"], taken["to"]) == (10, 12)
    paths = [subject(event) for event in taken["events"]]
    assert len(paths) == len(set(paths))
    assert all(seq > 10 for seq in seqs(taken))


def as_heard(said: Batch) -> Batch:
    """As the store publishes it."""
    heard = read_published(json.dumps(said, separators=(",", ":"))).batch
    assert isinstance(heard, AsHeard)
    return cast("Batch", heard)


def test_a_batch_as_it_was_heard_goes_on_unread(feed: RunFeed) -> None:
    heard = as_heard(batch(10, 12, node_event(11, "0"), run_event(12)))
    feed.accept(heard)
    assert feed.take() is heard
    assert "events" not in heard
    assert seqs(feed.since(11)) == [12]


def test_a_batch_that_another_follows_is_looked_into(feed: RunFeed) -> None:
    feed.accept(as_heard(batch(10, 12, node_event(11, "0"), node_event(12, "1"))))
    feed.accept(as_heard(batch(11, 13, node_event(12, "1"), node_event(13, "0"))))
    taken = feed.take()
    assert taken is not None
    assert (taken["from"], taken["to"], seqs(taken)) == (10, 13, [12, 13])


def test_a_snapshot_leaves_nothing_that_was_heard_before_it(feed: RunFeed) -> None:
    feed.accept(batch(10, 12))
    feed.reset("e1", 12, feed.gaps)
    feed.accept(batch(12, 13))
    feed.accept(batch(13, 14))
    assert seqs(feed.take()) == [14]
