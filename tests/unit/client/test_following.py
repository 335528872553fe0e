"""How a client follows a run: without a hole, nothing twice, bounded, and with an end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inception_client.errors import ClientError, Refused, RunGone, Unreachable
from inception_client.following import ANSWER_WITHIN, Following, Phase
from inception_client.messages import Answered, Broken, Connected, Dropped, Gone, Lost, Message
from inception_client.view import Event, RunView

from tests.unit.client.a_server import Server

PATIENCE = 100.0


class Follower:
    """A following with a clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0
        self.view = RunView()
        self.following = Following(self.view, PATIENCE, self.now)
        self.events: list[Event] = []

    def hear(self, *messages: Message | None) -> list[Event]:
        came = [event for each in messages for event in self.following.take(each, self.now)]
        self.events += came
        return came

    def answered_by(self, server: Server) -> list[Event]:
        question = self.following.next_question()
        return [] if question is None else self.hear(server.answer(question))

    def watching(self, server: Server) -> Follower:
        self.hear(Connected())
        self.answered_by(server)
        assert self.following.phase is Phase.LIVE
        return self


def seqs(events: Iterable[Event]) -> list[int]:
    return [event.seq for event in events]


def test_the_first_answer_is_told_record_by_record_the_run_last() -> None:
    server = Server()
    server.move("0", 10)
    server.move("1", 20)
    follower = Follower().watching(server)
    assert [event.path for event in follower.events] == ["0", "1", ""]


def test_a_batch_that_overtakes_the_answer_is_applied_after_it() -> None:
    server = Server()
    server.move("0", 10)
    follower = Follower()
    follower.hear(Connected())
    question = follower.following.next_question()
    assert question is not None
    answer = server.answer(question)
    assert follower.hear(server.came(server.move("0", 20))) == []
    assert seqs(follower.hear(answer)) == [1, 1, 2]


def test_what_comes_twice_is_told_once() -> None:
    server = Server()
    follower = Follower().watching(server)
    batch = server.came(server.move("0", 1))
    assert len(follower.hear(batch, batch)) == 1


def test_of_a_batch_that_reaches_back_only_the_rest_is_told() -> None:
    server = Server()
    follower = Follower().watching(server)
    follower.hear(server.came(server.move("0", 1)))
    server.move("0", 2)
    assert seqs(follower.hear(server.came(server.batch(0, 2, server.log)))) == [2]


def test_a_hole_is_asked_for_from_where_it_begins() -> None:
    server = Server()
    follower = Follower().watching(server)
    server.move("0", 1)
    later = server.came(server.move("0", 2))
    assert follower.hear(later) == []
    assert seqs(follower.answered_by(server)) == [1, 2]


def test_after_a_reconnection_only_what_was_missed_is_told() -> None:
    server = Server()
    server.move("0", 1)
    follower = Follower().watching(server)
    follower.hear(Lost("cut"))
    server.move("1", 1)
    follower.hear(Connected())
    assert [event.path for event in follower.answered_by(server)] == ["1"]


def test_a_snapshot_tells_only_what_differs() -> None:
    server = Server(keeps=1)
    server.move("0", 1)
    follower = Follower().watching(server)
    server.move("1", 1)
    server.move("1", 2)
    assert [event.path for event in follower.hear(server.replaced())] == ["1"]


def test_a_snapshot_that_leads_back_is_dropped() -> None:
    server = Server()
    old = server.replaced()
    server.move("0", 1)
    follower = Follower().watching(server)
    assert follower.hear(old) == []
    assert follower.view.position is not None
    assert follower.view.position.seq == 1


def test_another_epoch_is_asked_for_and_told_as_what_differs() -> None:
    server = Server()
    server.move("0", 1)
    follower = Follower().watching(server)
    server.lose_some()
    follower.hear(server.came(server.move("1", 1)))
    assert {event.path for event in follower.answered_by(server)} == {"1"}
    assert follower.view.position is not None
    assert follower.view.position.epoch == "e1"


def test_what_a_full_box_dropped_is_asked_for_even_if_it_was_the_answer() -> None:
    server = Server()
    follower = Follower()
    follower.hear(Connected())
    follower.following.next_question()
    follower.hear(Dropped())
    assert seqs(follower.answered_by(server)) == [0]


def test_the_end_is_the_runs_last_change() -> None:
    server = Server()
    follower = Follower().watching(server)
    assert not follower.following.has_ended
    follower.hear(server.came(server.end()))
    assert follower.following.has_ended


def test_a_question_without_an_answer_is_asked_again() -> None:
    server = Server()
    follower = Follower()
    follower.hear(Connected())
    first = follower.following.next_question()
    assert first is not None
    assert follower.following.deadline == ANSWER_WITHIN
    follower.now = ANSWER_WITHIN
    follower.hear(None)
    assert follower.following.deadline == ANSWER_WITHIN + 1
    follower.now += 1
    follower.hear(None)
    assert follower.hear(server.answer(first)) == []  # of a question that was given up
    assert follower.answered_by(server)


def test_a_store_that_is_away_is_asked_again_later_and_a_refusal_is_the_end() -> None:
    follower = Follower()
    follower.hear(Connected())
    away: Any = {"error": {"code": "store_unavailable", "message": "Redis is away."}}
    follower.hear(Answered(1, away))
    assert follower.following.phase is Phase.WAITING
    follower.now = 1.0
    follower.hear(None)
    unknown: Any = {"error": {"code": "run_not_found", "message": "There is no run r."}}
    with pytest.raises(Refused, match="run_not_found"):
        follower.hear(Answered(2, unknown))


@pytest.mark.parametrize("silence", [(), (Lost("refused"),), (Connected(),)])
def test_patience_has_an_end(silence: tuple[Message, ...]) -> None:
    follower = Follower()
    follower.hear(*silence)
    follower.now = PATIENCE
    with pytest.raises(Unreachable):
        follower.hear(None)


def test_patience_begins_anew_with_each_answer() -> None:
    server = Server()
    follower = Follower().watching(server)
    assert follower.following.deadline is None
    follower.now = 10 * PATIENCE
    follower.hear(Lost("cut"), Connected())
    assert follower.answered_by(server) == []
    assert follower.following.deadline is None


def test_a_deleted_run_and_a_closed_client_are_errors() -> None:
    with pytest.raises(RunGone):
        Follower().hear(Gone())
    with pytest.raises(ClientError, match="closed"):
        Follower().hear(Broken(ClientError("The client was closed.")))


moves = st.one_of(
    st.tuples(st.just("move"), st.sampled_from(["0", "1", "0.0"]), st.sampled_from("dlt")),
    st.sampled_from(["lose connection", "restart Redis", "replace", "drop", "answer", "late"]),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(moves, max_size=40), st.integers(1, 50))
def test_whatever_is_lost_late_or_twice_the_last_records_are_known(
    story: list[Any], keeps: int
) -> None:
    """Each change is delivered, lost or delivered twice; answers come late; Redis restarts."""
    server, follower, late = Server(keeps), Follower(), list[Message]()
    follower.hear(Connected())
    for number, step in enumerate(story):
        _play(server, follower, late, step, float(number + 1))
    _settle(server, follower)
    assert follower.view.nodes == server.nodes
    assert follower.view.run is not None
    assert follower.view.run["state"] == server.run["state"]
    told = [(event.epoch, event.seq) for event in follower.events if event.at is not None]
    assert len(told) == len(set(told))


def _play(
    server: Server, follower: Follower, late: list[Message], step: Any, completion: float
) -> None:
    question = follower.following.question
    if step == "answer" and question is not None:
        follower.answered_by(server)
    elif step == "late" and question is not None:
        follower.following.next_question()
        late.append(server.answer(question))
    elif step == "lose connection":
        late.clear()
        follower.hear(Lost("cut"), Connected())
    elif step == "restart Redis":
        server.lose_some()
    elif step == "replace":
        follower.hear(server.replaced())
    elif step == "drop":
        follower.hear(Dropped())
    elif isinstance(step, tuple):
        batch = server.came(server.move(step[1], completion))
        copies = {"d": 1, "l": 0, "t": 2}[step[2]]
        follower.hear(*[batch] * copies, *late)
        late.clear()


def _settle(server: Server, follower: Follower) -> None:
    """Whatever happened, a last change and an answer to each question bring it up to date."""
    follower.hear(Lost("cut"), Connected())
    for _ in range(5):
        follower.answered_by(server)
        follower.now += 20
        follower.hear(None)
    assert follower.following.phase is Phase.LIVE
