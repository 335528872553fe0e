"""Who looks at a list hears of it, whoever leaves meanwhile."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from typing import Any, cast

import pytest

from inception.runs import keys
from inception.runs.model import State
from inception.runs.records import RunFilter
from inception.runs.store import Store
from tests.unit.webapp.records import run_record
from webapp.relay.clients import Clients
from webapp.relay.marks import Bells
from webapp.relay.run_lists import RunLists, Watch, alike
from webapp.relay.run_page import EndedRun, RunChanges, RunPage


class _Store:
    def list_runs(self, *_asked: object) -> tuple[list[Any], None]:
        return [], None


class _Listener:
    """Who is subscribed to what."""

    def __init__(self) -> None:
        self.channels: dict[str, Callable[[str], None]] = {}

    def subscribe(self, channel: str, handler: Callable[[str], None]) -> None:
        self.channels[channel] = handler

    def unsubscribe(self, channel: str, _handler: Callable[[str], None]) -> None:
        self.channels.pop(channel, None)


class _Interrupted:
    """A lock before whose next taking something else happens, as in another thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.meanwhile: Callable[[], None] | None = None

    def __enter__(self) -> None:
        happens, self.meanwhile = self.meanwhile, None
        if happens is not None:
            happens()
        self._lock.acquire()

    def __exit__(self, *_ended: object) -> None:
        self._lock.release()


def test_the_last_other_leaving_does_not_make_a_new_watcher_deaf() -> None:
    listener = _Listener()
    bells = Bells(flush=lambda: None, read=lambda: None)
    clients = cast("Clients", {"one", "other"})
    lists = RunLists(cast("Store", _Store()), listener, clients, bells)
    lists.watch("other", RunFilter(), 10)
    guard = _Interrupted()
    lists._guard = cast("Any", guard)
    guard.meanwhile = lambda: lists.unwatch("other")
    lists.watch("one", RunFilter(), 10)
    assert len(listener.channels) == 1
    lists.unwatch("one")
    assert listener.channels == {}


class _Clients:
    """Notes what is emitted to whom at once; `meanwhile` happens before somebody is sent to."""

    def __init__(self) -> None:
        self.emitted: list[tuple[list[str], Any]] = []
        self.behind: set[str] = set()
        self.meanwhile: Callable[[str], None] = lambda _sid: None

    def __contains__(self, _sid: str) -> bool:
        return True

    def is_behind(self, _sid: str) -> bool:
        return False

    def emit(self, _event: str, changes: Any, sids: Iterable[str], _now: float) -> set[str]:
        sent: list[str] = []
        for sid in sids:
            sent.append(sid)
            self.meanwhile(sid)
        self.emitted.append((sent, changes))
        return self.behind.intersection(sent)


class _Lists:
    """Lists of clients, and one run after another that is heard of."""

    def __init__(self) -> None:
        self.clients, listener = _Clients(), _Listener()
        bells = Bells(flush=lambda: None, read=lambda: None)
        store, clients = cast("Store", _Store()), cast("Clients", self.clients)
        self.lists = RunLists(store, listener, clients, bells)
        self._channels = listener.channels
        self._now = 1e9

    def hear(self, *runs: Any) -> None:
        for run in runs:
            self._channels[keys.LIST_CHANNEL](json.dumps(run))

    def flush(self) -> list[tuple[list[str], Any]]:
        self._now += 10.0
        self.clients.emitted = []
        self.lists.flush(self._now)
        return self.clients.emitted


@pytest.fixture
def followed() -> _Lists:
    """Three who look at all runs, and one who looks at what failed."""
    followed = _Lists()
    for sid in ("one", "two", "three"):
        followed.lists.watch(sid, RunFilter(), 10)
    followed.lists.watch("failures", RunFilter(states=frozenset({State.FAILURE})), 10)
    return followed


def test_who_looks_at_the_same_list_is_sent_the_same_at_once(followed: _Lists) -> None:
    followed.hear(run_record("a"), run_record("b", state=State.FAILURE))
    sent = {tuple(sids): [run["id"] for run in said["runs"]] for sids, said in followed.flush()}
    assert sent == {("one", "two", "three"): ["a", "b"], ("failures",): ["b"]}


def test_who_came_later_is_sent_what_is_new_to_it_alone(followed: _Lists) -> None:
    followed.hear(run_record("a"))
    followed.flush()
    followed.lists.watch("late", RunFilter(), 10)
    followed.hear({"gone": "a"}, run_record("b"))
    sent = {tuple(sids): (said["runs"], said["gone"]) for sids, said in followed.flush()}
    new = [run_record("b")]
    assert sent == {
        ("one", "two", "three"): (new, ["a"]),
        ("late",): (new, []),
        ("failures",): ([], []),  # that there were others
    }


def test_who_takes_up_another_list_meanwhile_is_not_sent_the_old_ones_changes(
    followed: _Lists,
) -> None:
    failures = RunFilter(states=frozenset({State.FAILURE}))

    def take_up_another(sid: str) -> None:
        if sid == "one":
            followed.lists.watch("two", failures, 10)
            followed.lists.unwatch("three")

    followed.clients.meanwhile = take_up_another
    followed.hear(run_record("a"))
    assert [sids for sids, _said in followed.flush()] == [["one"], ["failures"]]


def test_who_could_not_be_sent_to_is_given_its_page_again_and_the_others_go_on(
    followed: _Lists,
) -> None:
    followed.clients.behind = {"two"}
    followed.hear(run_record("a"))
    followed.flush()
    followed.clients.behind = set()
    followed.hear(run_record("a", seq=2))
    assert [sids for sids, _said in followed.flush()] == [["one", "three"]]
    followed.lists.read()
    [(sids, said)] = followed.flush()
    assert (sids, said["next"], said["gone"]) == (["two"], None, ["a"])


RUN = run_record("a")
END = EndedRun(name="shop.restock", run_id="c", state=State.SUCCESS, ended_at=2, duration=1)


@pytest.mark.parametrize(
    "other",
    [
        RunChanges(runs=[], gone=["b"]),
        RunChanges(runs=[RUN], gone=["c"]),
        RunChanges(runs=[RUN, RUN], gone=["b"]),
        RunChanges(runs=[run_record("a", seq=2)], gone=["b"]),
        RunChanges(runs=[RUN], gone=["b"], others=True),
        RunChanges(runs=[RUN], gone=["b"], ended=[END]),
        RunChanges(runs=[RUN], gone=["b"], next=None),
        RunChanges(runs=[RUN], gone=["b"], next="1-a"),
    ],
)
def test_who_is_to_be_sent_something_else_is_sent_that(other: RunChanges) -> None:
    page = RunPage(lambda _run: True)
    same = RunChanges(runs=[RUN], gone=["b"])
    updates = [
        (Watch(sid, RunFilter(), 10, page), said)
        for sid, said in (("one", same), ("two", other), ("three", same))
    ]
    sent = [(list(watches), said) for watches, said in alike(updates)]
    assert sent == [(["one", "three"], same), (["two"], other)]


def test_news_that_is_only_of_runs_that_have_gone_is_sent(followed: _Lists) -> None:
    followed.hear(run_record("a"))
    followed.flush()
    followed.hear({"gone": "a"})
    sent = {tuple(sids): said["gone"] for sids, said in followed.flush()}
    assert sent[("one", "two", "three")] == ["a"]
