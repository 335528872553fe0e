"""One action on many runs: done in the background, counted run by run, taken up after a crash."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from inception.runs import bulks
from inception.runs.bulks import BulkAction, BulkFailure, NewBulk
from inception.runs.model import State
from inception.runs.store import Store
from tests.integration.webapp.clients import PATIENCE, Client
from tests.integration.webapp.owner import Owner
from tests.integration.webapp.web import Web
from tests.running import eventually
from webapp import bulk
from webapp.payloads import MAX_BULK_RUNS


def ask(web: Web, body: dict[str, Any]) -> requests.Response:
    return requests.post(f"{web.address}/api/v1/bulk", json=body, timeout=PATIENCE)


def read(web: Web, bulk_id: str) -> dict[str, Any]:
    answer = requests.get(f"{web.address}/api/v1/bulk/{bulk_id}", timeout=PATIENCE)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def ended(web: Web, bulk_id: str) -> dict[str, Any]:
    """How it ended, once it has."""
    eventually(lambda: read(web, bulk_id)["finalized_at"] is not None, PATIENCE, "an end")
    return read(web, bulk_id)


def test_many_runs_are_revoked_and_counted(web: Web, owner: Owner) -> None:
    ids = [owner.begin().id for _ in range(5)]
    answer = ask(web, {"action": "revoke", "ids": ids})
    assert (answer.status_code, answer.json()["total"]) == (202, 5)
    assert answer.headers["Location"] == f"/api/v1/bulk/{answer.json()['id']}"
    found = ended(web, answer.json()["id"])
    assert (found["done"], found["failed"]) == (5, 0)
    assert {owner.store.read_run(run_id)["state"] for run_id in ids} == {State.REVOKING}


def test_more_runs_than_one_action_may_have_are_refused(
    web: Web, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However they are named; none of them is touched."""
    named = ask(web, {"action": "revoke", "ids": ["run"] * (MAX_BULK_RUNS + 1)})
    assert (named.status_code, named.json()["error"]["code"]) == (400, "bad_request")
    monkeypatch.setattr(bulk, "MAX_BULK_RUNS", 2)
    ids = [owner.begin().id for _ in range(3)]
    found = ask(web, {"action": "revoke", "filter": {"state": "STARTED"}})
    assert (found.status_code, found.json()["error"]["code"]) == (413, "too_large")
    assert "narrow it" in found.json()["error"]["message"]
    assert {owner.store.read_run(run_id)["state"] for run_id in ids} == {State.STARTED}


def test_what_is_refused_is_counted_and_named(web: Web, owner: Owner) -> None:
    good, gone = owner.begin(), owner.begin()
    gone.end()
    found = ended(web, ask(web, {"action": "revoke", "ids": [gone.id, good.id]}).json()["id"])
    assert (found["total"], found["done"], found["failed"]) == (2, 1, 1)
    [failure] = found["failures"]
    assert (failure["run_id"], failure["code"]) == (gone.id, "run_already_ended")


def test_a_filter_chooses_among_the_runs_that_the_action_can_succeed_on(
    web: Web, owner: Owner, store: Store
) -> None:
    going_on, over, other = (
        owner.begin(owner.create(tags=(tag,))) for tag in ("mine", "mine", "theirs")
    )
    over.end()
    other.end()
    found = ended(web, ask(web, {"action": "delete", "filter": {"tag": "mine"}}).json()["id"])
    assert (found["total"], found["done"]) == (1, 1)
    assert store.run_exists(going_on.id)
    assert store.run_exists(other.id)
    assert not store.run_exists(over.id)


def test_a_run_that_is_named_twice_is_acted_on_once(web: Web, owner: Owner) -> None:
    run_id = owner.begin().id
    assert (
        ended(web, ask(web, {"action": "revoke", "ids": [run_id] * 3}).json()["id"])["total"] == 1
    )


def test_a_filter_that_finds_nothing_is_done_at_once(web: Web) -> None:
    answer = ask(web, {"action": "retry", "filter": {"state": "SUCCESS"}}).json()
    assert (answer["total"], answer["finalized_at"]) == (0, answer["created_at"])


def test_what_a_process_left_undone_is_taken_up_by_the_next(
    web: Web, owner: Owner, store: Store
) -> None:
    first, second = owner.begin().id, owner.begin().id
    new = NewBulk(id="left", action="revoke", by="anna", role="operator", run_ids=[first, second])
    store.create_bulk(new)
    assert store.lease_bulk("left", "dead")
    assert store.count_bulk("left", "dead", first, None)
    assert read(web, "left")["done"] == 1
    store._client.delete("{inception}:bulk_lease:left")  # as it runs out after 5 s
    found = ended(web, "left")
    assert (found["done"], found["failed"]) == (2, 0)
    assert (store.read_run(second)["revoke"] or {})["by"] == "anna"


def test_what_a_process_left_undone_is_taken_up_as_soon_as_its_lease_is_over(
    owner: Owner,
    store: Store,
    open_client: Callable[[], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bulk, "LOOK_AGAIN", 1000.0)
    monkeypatch.setattr(bulks, "LEASE_MS", 700)
    run_id = owner.begin().id
    store.create_bulk(NewBulk(id="b", action="revoke", by="x", role="operator", run_ids=[run_id]))
    assert store.lease_bulk("b", "dead")
    client = open_client()
    assert client.ask("watch_bulk", {"bulk_id": "b"})["done"] == 0
    client.wait_for("bulk", lambda told: told["done"] == 1)


def test_the_very_first_run_too_is_done_if_the_process_that_died_at_it_did_it(
    web: Web, owner: Owner, store: Store
) -> None:
    run = owner.begin()
    run.end(State.FAILURE)
    new = NewBulk(id="left", action="delete", by="x", role="admin", run_ids=[run.id])
    store.create_bulk(new)
    assert store.lease_bulk("left", "dead")
    assert store.work_of_bulk("left", 50) is not None
    store.delete_run(run.id)
    store._client.delete("{inception}:bulk_lease:left")
    found = ended(web, "left")
    assert (found["done"], found["failed"]) == (1, 0)


@pytest.mark.parametrize("action", ["revoke", "retry", "delete"])
def test_the_run_that_a_process_died_at_is_done_if_it_was(
    web: Web, owner: Owner, store: Store, action: BulkAction
) -> None:
    state = State.SUCCESS if action == "revoke" else State.FAILURE
    first, at_hand, other = (owner.begin() for _ in range(3))
    ids = [run.id for run in (first, at_hand, other)]
    for run in (at_hand, other):
        run.end(state)
    store.create_bulk(NewBulk(id="left", action=action, by="x", role="admin", run_ids=ids))
    assert store.lease_bulk("left", "dead")
    assert store.work_of_bulk("left", 50) is not None
    assert store.count_bulk("left", "dead", first.id, None)
    for run_id in ids[1:]:
        if action == "retry":
            store.retry_run(run_id, by="x")
        elif action == "delete":
            store.delete_run(run_id)
    store._client.delete("{inception}:bulk_lease:left")
    found = ended(web, "left")
    assert (found["done"], found["failed"]) == (2, 1)
    assert [failure["run_id"] for failure in found["failures"]] == [other.id]


def test_nobody_counts_for_whom_the_lease_is_over(store: Store, owner: Owner) -> None:
    run_id = owner.begin().id
    store.create_bulk(NewBulk(id="b", action="retry", by="x", role="admin", run_ids=[run_id]))
    assert store.lease_bulk("b", "one")
    assert not store.lease_bulk("b", "two")
    assert not store.count_bulk("b", "two", run_id, None)
    assert store.read_bulk("b")["done"] == 0


@pytest.mark.parametrize(
    "body",
    [
        {"action": "revoke"},
        {"action": "stop", "ids": ["a"]},
        {"action": "revoke", "ids": []},
        {"action": "revoke", "ids": ["a"], "filter": {}},
        {"action": "revoke", "filter": {"state": "DONE"}},
        {"action": "revoke", "filter": None},
    ],
)
def test_what_names_no_runs_is_refused(web: Web, body: dict[str, Any]) -> None:
    answer = ask(web, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")


def test_an_unknown_bulk_action_is_not_found(web: Web) -> None:
    answer = requests.get(f"{web.address}/api/v1/bulk/none", timeout=PATIENCE)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_who_follows_one_hears_each_step_until_its_end(
    web: Web, owner: Owner, store: Store, open_client: Callable[[], Client]
) -> None:
    ids = [owner.begin().id for _ in range(3)]
    store.create_bulk(NewBulk(id="b", action="revoke", by="x", role="operator", run_ids=ids))
    assert store.lease_bulk("b", "here")  # nobody else works on it
    client = open_client()
    answer = client.ask("watch_bulk", {"bulk_id": "b"})
    assert (answer["total"], answer["done"]) == (3, 0)
    assert store.count_bulk("b", "here", ids[0], None)
    client.wait_for("bulk", lambda bulk: (bulk["done"], bulk["finalized_at"]) == (1, None))
    failure: BulkFailure = {"run_id": ids[1], "code": "odd", "message": "no"}
    assert store.count_bulk("b", "here", ids[1], failure)
    assert store.count_bulk("b", "here", ids[2], None)
    last = client.wait_for("bulk", lambda bulk: bulk["finalized_at"] is not None)
    assert (last["done"], last["failed"], last["failures"]) == (2, 1, [failure])


def test_following_takes_up_what_a_process_left_undone(
    owner: Owner, store: Store, open_client: Callable[[], Client]
) -> None:
    run_id = owner.begin().id
    store.create_bulk(NewBulk(id="b", action="revoke", by="x", role="operator", run_ids=[run_id]))
    client = open_client()
    client.ask("watch_bulk", {"bulk_id": "b"})
    client.wait_for("bulk", lambda bulk: bulk["done"] == 1)


def test_following_another_lets_go_of_the_first(
    owner: Owner, store: Store, open_client: Callable[[], Client]
) -> None:
    runs = {bulk_id: owner.begin().id for bulk_id in ("one", "two")}
    for bulk_id, run_id in runs.items():
        new = NewBulk(id=bulk_id, action="retry", by="x", role="admin", run_ids=[run_id])
        store.create_bulk(new)
        assert store.lease_bulk(bulk_id, "here")
    client = open_client()
    client.ask("watch_bulk", {"bulk_id": "one"})
    client.ask("watch_bulk", {"bulk_id": "two"})
    for bulk_id, run_id in runs.items():
        assert store.count_bulk(bulk_id, "here", run_id, None)
    assert client.wait_for("bulk")["id"] == "two"
    assert client.ask("unwatch_bulk", {}) == {}


def test_an_unknown_one_cannot_be_followed(open_client: Callable[[], Client]) -> None:
    answer = open_client().ask("watch_bulk", {"bulk_id": "none"})
    assert answer["error"]["code"] == "not_found"
