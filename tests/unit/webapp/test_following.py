"""What a socket follows by a doorbell, without sockets and without Redis."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

from inception.runs.bulks import Bulk
from inception.runs.errors import StoreUnavailable
from inception.runs.store import Store
from webapp.relay.bulk_board import BulkBoard
from webapp.relay.clients import Clients
from webapp.relay.marks import Bells
from webapp.relay.watchable import RETRY_READING


class _Store:
    """Answers each reading with the next thing it was given: an action, or an error to raise."""

    def __init__(self, *answers: Bulk | Exception) -> None:
        self.answers = list(answers)
        self.on_read: Callable[[], None] = lambda: None

    def read_bulk(self, _id: str) -> Bulk:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.on_read()
        if isinstance(answer, Exception):
            raise answer
        return answer


class _Clients:
    """One client, which may be behind."""

    def __init__(self) -> None:
        self.sent: list[Bulk] = []
        self.behind = False

    def __contains__(self, _sid: str) -> bool:
        return True

    def emit(self, event: str, payload: Bulk, sids: Iterable[str], _now: float) -> set[str]:
        assert event == "bulk"
        if self.behind:
            return set(sids)
        self.sent.append(payload)
        return set()


class _Listener:
    def __init__(self) -> None:
        self.handlers: dict[str, Callable[[str], None]] = {}

    def subscribe(self, channel: str, handler: Callable[[str], None]) -> None:
        self.handlers[channel] = handler

    def unsubscribe(self, channel: str, _handler: Callable[[str], None]) -> None:
        self.handlers.pop(channel, None)

    def ring(self) -> None:
        for handler in list(self.handlers.values()):
            handler("")


class _Case:
    """A board that one socket follows an action by; `seconds` is its clock."""

    def __init__(self, *answers: Bulk | Exception) -> None:
        self.store, self.clients, self.listener = _Store(*answers), _Clients(), _Listener()
        bells = Bells(flush=lambda: None, read=lambda: None)
        self.board = BulkBoard(
            cast("Store", self.store), self.listener, cast("Clients", self.clients), bells
        )
        self.seconds = 100.0

    def watch(self) -> Bulk:
        return self.board.watch("sid", "b")

    def turn(self) -> float | None:
        """What the relay does when a bell was rung, 1 s after the last time."""
        self.seconds += 1.0
        self.board.flush(self.seconds)
        again = self.board.read()
        self.board.flush(self.seconds)
        return again

    @property
    def told(self) -> list[int]:
        return [bulk["done"] for bulk in self.clients.sent]


def _watched(*answers: Bulk | Exception) -> _Case:
    case = _Case(*answers)
    case.watch()
    return case


def _bulk(done: int, *, ended: bool = False) -> Bulk:
    told: dict[str, Any] = {"id": "b", "action": "revoke", "by": "x", "total": 3, "failed": 0}
    return cast(
        "Bulk",
        {
            **told,
            "done": done,
            "failures": [],
            "created_at": 1,
            "finalized_at": 2 if ended else None,
        },
    )


def test_who_rang_is_read_and_sent() -> None:
    case = _watched(_bulk(0), _bulk(1))
    case.listener.ring()
    case.turn()
    assert case.told == [1]


def test_a_ring_while_the_news_is_read_is_not_lost() -> None:
    case = _watched(_bulk(0), _bulk(1), _bulk(3, ended=True))
    case.store.on_read = case.listener.ring
    case.listener.ring()
    case.turn()
    case.store.on_read = lambda: None
    case.turn()
    assert case.told == [1, 3]


def test_what_was_told_is_not_told_again() -> None:
    case = _watched(_bulk(1), _bulk(1))
    case.listener.ring()
    case.turn()
    assert case.told == []


def test_news_waits_for_a_client_that_is_behind() -> None:
    case = _watched(_bulk(0), _bulk(2))
    case.clients.behind = True
    case.listener.ring()
    case.turn()
    case.clients.behind = False
    case.turn()
    assert case.told == [2]


def test_nothing_is_followed_after_the_last_word() -> None:
    case = _watched(_bulk(0), _bulk(3, ended=True))
    case.listener.ring()
    case.turn()
    assert case.told == [3]
    assert case.listener.handlers == {}


def test_an_unreadable_store_is_asked_again_later() -> None:
    case = _watched(_bulk(0), StoreUnavailable("away"), _bulk(1))
    case.listener.ring()
    assert case.turn() == RETRY_READING
    case.turn()
    assert case.told == [1]


def test_what_rings_while_it_is_answered_is_told_after_the_answer() -> None:
    case = _Case(_bulk(1), _bulk(3, ended=True))

    def ring_and_turn() -> None:
        case.store.on_read = lambda: None
        case.listener.ring()
        case.turn()

    case.store.on_read = ring_and_turn
    assert case.watch()["done"] == 1
    assert case.told == []
    case.turn()
    assert case.told == [3]
