"""What a socket is told of lists of runs, of workers and of logs; and what it may not send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from inception.runs.model import State
from inception.runs.records import Beat, LogLine
from tests.integration.webapp.clients import Client
from tests.integration.webapp.owner import NAME, Owner
from webapp.relay import log_tails

Open = Callable[[], Client]


def shows(run_id: str, state: State) -> Callable[[Any], bool]:
    return lambda changes: any(
        run["id"] == run_id and run["state"] == state for run in changes["runs"]
    )


def test_the_page_is_answered_and_new_runs_and_changes_follow(
    open_client: Open, owner: Owner
) -> None:
    first = owner.create()
    client = open_client()
    page = client.ask("watch_runs", {})
    assert [run["id"] for run in page["runs"]] == [first]
    second = owner.create()
    client.wait_for("runs", shows(second, State.PENDING))
    owner.begin(first)
    client.wait_for("runs", shows(first, State.STARTED))


def test_a_run_that_leaves_the_filter_is_gone_and_one_that_enters_appears(
    open_client: Open, owner: Owner
) -> None:
    pending, other = owner.create(), owner.create(label="other")
    waiting, running = open_client(), open_client()
    waiting.ask("watch_runs", {"state": ["PENDING"]})
    running.ask("watch_runs", {"state": "STARTED"})
    owner.begin(pending)
    waiting.wait_for("runs", lambda changes: pending in changes["gone"])
    running.wait_for("runs", shows(pending, State.STARTED))
    assert not any(shows(other, State.PENDING)(payload) for _, payload in running.heard)


def test_a_change_beyond_the_page_is_told_of_without_the_run(
    open_client: Open, owner: Owner
) -> None:
    run = owner.begin(owner.create(label="mine"))
    client, stranger = open_client(), open_client()
    client.ask("watch_runs", {"state": "SUCCESS", "label": "mine"})
    stranger.ask("watch_runs", {"state": "SUCCESS", "label": "theirs"})
    run.end(State.FAILURE)
    told = client.wait_for("runs", lambda changes: changes.get("others", False))
    [end] = told.pop("ended")
    assert (end["name"], end["run_id"], end["state"]) == (NAME, run.id, State.FAILURE)
    assert told == {"runs": [], "gone": [], "others": True}
    # Who asked for others hears of it for the outcomes of its parent alone.
    heard = stranger.wait_for("runs", lambda changes: "ended" in changes)
    assert heard == {"runs": [], "gone": [], "ended": [end]}


def test_asking_again_replaces_the_filter(open_client: Open, owner: Owner) -> None:
    client = open_client()
    client.ask("watch_runs", {"label": "a"})
    client.ask("watch_runs", {"label": "b"})
    owner.create(label="a")
    wanted = owner.create(label="b")
    client.wait_for("runs", shows(wanted, State.PENDING))
    assert all(run["label"] == "b" for _, payload in client.heard for run in payload["runs"])


def test_a_deleted_run_is_gone_from_the_list(open_client: Open, owner: Owner) -> None:
    run = owner.begin()
    client = open_client()
    client.ask("watch_runs", {})
    run.end()
    owner.store.delete_run(run.id)
    client.wait_for("runs", lambda changes: run.id in changes["gone"])


def test_all_is_gone_for_who_watches_when_redis_was_emptied(
    open_client: Open, owner: Owner
) -> None:
    """The first beat that Redis hears then says so."""
    owner.store.beat(beat())
    run = owner.begin()
    client = open_client()
    client.ask("watch", {"run_id": run.id})
    client.ask("watch_runs", {})
    owner.store._client.flushall()
    owner.store.beat(beat())
    assert client.wait_for("gone") == {"run_id": run.id}
    client.wait_for("runs", lambda changes: run.id in changes["gone"])
    fresh = owner.create()
    client.wait_for("runs", shows(fresh, State.PENDING))


def test_after_a_cut_the_first_page_comes_again_in_full(open_client: Open, owner: Owner) -> None:
    ids = [owner.create() for _ in range(3)]
    client = open_client()
    client.ask("watch_runs", {})
    owner.cut_listeners()
    client.wait_for("runs", lambda changes: {run["id"] for run in changes["runs"]} == set(ids))


def test_an_older_page_is_followed_too(open_client: Open, owner: Owner) -> None:
    oldest = owner.begin()
    for _ in range(2):
        owner.create()
    client = open_client()
    first = client.ask("watch_runs", {"limit": 1})
    older = client.ask("watch_runs", {"limit": 5, "cursor": first["next"]})
    assert [len(first["runs"]), len(older["runs"]), older["next"]] == [1, 2, None]
    oldest.end()
    ended = client.wait_for("runs", lambda changes: bool(changes["runs"]))
    assert [run["id"] for run in ended["runs"]] == [oldest.id]


def test_a_page_that_goes_on_from_nothing_is_refused(open_client: Open) -> None:
    answer = open_client().ask("watch_runs", {"cursor": "1-a"})
    assert answer["error"]["code"] == "bad_request"


def test_workers_are_shown_when_their_beat_moves(open_client: Open, owner: Owner) -> None:
    client = open_client()
    assert client.ask("watch_workers", {})["watchers"] == []
    owner.store.beat(beat())
    answer = client.wait_for("workers", lambda fleet: bool(fleet["watchers"]))
    assert answer["watchers"][0]["name"] == "host:watcher:1"
    assert client.ask("unwatch_workers", {}) == {}


def test_a_log_is_followed_from_where_the_answer_ended(open_client: Open, owner: Owner) -> None:
    run = owner.begin()
    run.spawn("0")
    owner.store.append_log(run.id, "0", 1, [LogLine(text="one", stream="stdout")])
    client = open_client()
    answer = client.ask("watch_log", {"run_id": run.id, "path": "0"})
    assert [line["text"] for line in answer["lines"]] == ["one"]
    for word in ("two", "three"):
        owner.store.append_log(run.id, "0", 1, [LogLine(text=word, stream="stderr")])
    client.wait_until(lambda heard: len(texts(heard)) >= 2)
    assert texts(client.heard) == ["two", "three"]


def texts(heard: list[tuple[str, Any]]) -> list[str]:
    return [line["text"] for event, news in heard if event == "log" for line in news["lines"]]


def test_a_socket_that_follows_too_many_logs_is_told_so(
    open_client: Open, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_tails, "MAX_FOLLOWED", 1)
    run = owner.begin()
    run.spawn("0", "1")
    client, other = open_client(), open_client()
    first, second = ({"run_id": run.id, "path": path} for path in ("0", "1"))
    assert "lines" in client.ask("watch_log", first)
    assert client.ask("watch_log", second)["error"]["code"] == "too_many_requests"
    assert "lines" in client.ask("watch_log", first), "again is not one more"
    assert "lines" in other.ask("watch_log", second)
    client.ask("unwatch_log", first)
    assert "lines" in client.ask("watch_log", second)


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("watch", None),
        ("watch", "run"),
        ("watch", [1]),
        ("watch", {"run_id": 7}),
        ("watch", {"run_id": "r", "seq": "1"}),
        ("watch", {"run_id": "r", "sequence": 1}),
        ("watch_runs", {"state": "DONE"}),
        ("watch_runs", {"limit": 10**6}),
        ("watch_log", {"run_id": "r", "path": "../x"}),
        ("start", {"kwargs": {}}),
        ("revoke", {}),
        ("no_such_event", {}),
        ("unwatch", b"bytes"),
    ],
)
def test_a_malformed_payload_is_answered_with_an_error(
    open_client: Open, event: str, payload: object
) -> None:
    answer = open_client().ask(event, payload)
    assert answer["error"]["code"] == "bad_request"
    assert answer["error"]["message"]


@pytest.mark.parametrize("event", ["watch", "revoke", "rerun"])
def test_an_unknown_run_is_answered_with_an_error(open_client: Open, event: str) -> None:
    answer = open_client().ask(event, {"run_id": "none"})
    assert answer["error"]["code"] == "run_not_found"


def beat() -> Beat:
    return Beat(
        process="host:watcher:1",
        kind="watcher",
        host="host",
        pid=1,
        name="watcher@host",
        slots=50,
        queues=["parents"],
        running=[],
        stopping=False,
        counter=1,
    )
