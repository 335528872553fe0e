"""The REST interface: what it answers has the shape that the protocol gives it."""

from __future__ import annotations

from inception.runs import keys
from inception.runs.model import State
from inception.runs.store import Store
from tests.integration.webapp.clients import PATIENCE
from tests.integration.webapp.owner import Owner
from tests.integration.webapp.rest import COUNT_TWICE, Rest, problem


def test_parents_are_those_of_the_catalogue(rest: Rest) -> None:
    assert rest.call("GET", "/api/v1/parents").json() == {
        "parents": [{**COUNT_TWICE, "recent": []}]
    }


def test_a_parent_says_how_its_latest_runs_ended(rest: Rest, owner: Owner) -> None:
    run = owner.begin()
    run.end()
    (parent,) = rest.call("GET", "/api/v1/parents").json()["parents"]
    (ended,) = parent["recent"]
    assert (ended["run_id"], ended["state"], len(ended["marks"])) == (run.id, State.SUCCESS, 0)
    assert ended["duration"] >= 0


def test_starting_answers_with_the_run_and_its_address(rest: Rest) -> None:
    answer = rest.start(label="Mine", tags=["a"])
    run = answer.json()
    assert answer.status_code == 201
    assert (run["state"], run["label"], run["tags"]) == (State.PENDING, "Mine", ["a"])
    assert rest.call("GET", answer.headers["Location"]).json()["run"]["id"] == run["id"]


def test_the_same_idempotency_key_starts_one_run(rest: Rest) -> None:
    headers = {"Idempotency-Key": "once"}
    first, again = rest.start(headers=headers), rest.start(headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    other = rest.start(headers=headers, kwargs={"limit": 3})
    assert problem(other) == (422, "idempotency_key_reused")


def test_arguments_are_checked_field_by_field_without_coercion(rest: Rest) -> None:
    answer = rest.start(kwargs={"limit": "2", "limmit": 2})
    assert problem(answer) == (422, "invalid_arguments")
    assert {field["path"] for field in answer.json()["error"]["fields"]} == {"/limit", "/limmit"}


def test_lists_are_filtered_and_paged_newest_first(rest: Rest, owner: Owner) -> None:
    ids = [owner.create(tags=("even",) if number % 2 == 0 else ()) for number in range(5)]
    owner.begin(ids[0])
    started = rest.call("GET", "/api/v1/runs?state=STARTED&state=PROGRESS").json()["runs"]
    assert [run["id"] for run in started] == [ids[0]]
    tagged = rest.call("GET", "/api/v1/runs?tag=even").json()["runs"]
    assert {run["id"] for run in tagged} == {ids[0], ids[2], ids[4]}
    page = rest.call("GET", "/api/v1/runs?limit=3").json()
    rest_of_it = rest.call("GET", f"/api/v1/runs?limit=3&cursor={page['next']}").json()
    seen = page["runs"] + rest_of_it["runs"]
    assert sorted(run["id"] for run in seen) == sorted(ids)
    assert [run["created_at"] for run in seen] == sorted(
        (run["created_at"] for run in seen), reverse=True
    )
    counts = rest.call("GET", "/api/v1/runs/counts").json()["counts"]
    assert counts == {State.STARTED: 1, State.PENDING: 4}


def test_a_node_is_given_whole_and_the_root_is_the_run(rest: Rest, owner: Owner) -> None:
    run = owner.begin()
    run.spawn("0", "1")
    run.write("0", value="x" * 5_000)
    shown = rest.call("GET", f"/api/v1/runs/{run.id}").json()["nodes"][0]
    assert (shown["value"], shown["omitted"]) == (None, ["value"])
    assert rest.call("GET", f"/api/v1/runs/{run.id}/nodes/0").json()["value"] == "x" * 5_000
    assert rest.call("GET", f"/api/v1/runs/{run.id}/nodes/-").json()["kwargs"] == {"limit": 3}
    page = rest.call("GET", f"/api/v1/runs/{run.id}/nodes?under=").json()
    assert [node["path"] for node in page["nodes"]] == ["0", "1"]
    assert page["next"] is None


def test_events_since_a_seq_are_a_batch_and_those_of_another_epoch_are_gone(
    rest: Rest, owner: Owner
) -> None:
    run = owner.begin()
    seq = run.spawn("0")
    epoch = owner.store.snapshot(run.id)["epoch"]
    batch = rest.call("GET", f"/api/v1/runs/{run.id}/events?epoch={epoch}&since=1").json()
    assert (batch["from"], batch["to"]) == (1, seq)
    beyond = (seq + 1, 10**18, 10**30)
    queries = [f"epoch={epoch}&since={since}" for since in beyond]
    for query in ("epoch=other&since=1", *queries):
        answer = rest.call("GET", f"/api/v1/runs/{run.id}/events?{query}")
        assert problem(answer) == (410, "events_gone")


def test_revoking_twice_changes_nothing_more(rest: Rest, owner: Owner) -> None:
    run = owner.begin()
    first = rest.call("POST", f"/api/v1/runs/{run.id}/revoke")
    again = rest.call("POST", f"/api/v1/runs/{run.id}/revoke")
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["seq"] == again.json()["seq"]


def test_what_has_ended_is_neither_revoked_nor_deleted_too_early(rest: Rest, owner: Owner) -> None:
    run = owner.begin()
    assert problem(rest.call("DELETE", f"/api/v1/runs/{run.id}")) == (409, "run_not_ended")
    run.end()
    assert problem(rest.call("POST", f"/api/v1/runs/{run.id}/revoke")) == (409, "run_already_ended")
    assert rest.call("DELETE", f"/api/v1/runs/{run.id}").status_code == 204
    assert problem(rest.call("DELETE", f"/api/v1/runs/{run.id}")) == (404, "run_not_found")


def test_a_run_that_ended_badly_goes_on_and_no_other(rest: Rest, owner: Owner) -> None:
    good, bad = owner.begin(), owner.begin()
    again = f"/api/v1/runs/{bad.id}/retry"
    assert problem(rest.call("POST", again)) == (409, "run_not_ended")
    good.end()
    bad.end(State.FAILURE)
    assert rest.call("POST", again).status_code == 202
    assert problem(rest.call("POST", f"/api/v1/runs/{good.id}/retry")) == (409, "run_succeeded")


def test_a_rerun_is_a_new_run_that_says_of_which(rest: Rest) -> None:
    former = rest.start(tags=["a"]).json()
    answer = rest.call("POST", f"/api/v1/runs/{former['id']}/rerun", json={"kwargs": {"limit": 9}})
    run = answer.json()
    assert answer.status_code == 201
    assert (run["rerun_of"], run["kwargs"], run["tags"]) == (former["id"], {"limit": 9}, ["a"])


def test_workers_are_listed_with_the_queues(rest: Rest) -> None:
    answer = rest.call("GET", "/api/v1/workers").json()
    assert (answer["watchers"], answer["compute"]) == ([], [])
    assert [queue["name"] for queue in answer["queues"]] == ["children", "parents"]


def test_not_ready_names_what_is_missing(rest: Rest) -> None:
    answer = rest.call("GET", "/readyz")
    assert problem(answer) == (503, "not_ready")
    assert {"watchers", "compute"} <= set(answer.json()["error"]["missing"])
    assert "redis" not in answer.json()["error"]["missing"]
    assert rest.call("GET", "/healthz").status_code == 200


def test_an_idempotency_key_is_kept_for_a_day(rest: Rest, store: Store) -> None:
    rest.start(headers={"Idempotency-Key": "once"})
    left = store._client.ttl(keys.idempotency("once"))
    assert 24 * 3600 - PATIENCE <= left <= 24 * 3600  # type: ignore[operator]


def test_a_node_that_has_ended_is_not_revoked_in_a_run_that_goes_on(
    rest: Rest, owner: Owner
) -> None:
    run = owner.begin()
    run.spawn("0", "1")
    run.write("0", state=State.SUCCESS)
    address = f"/api/v1/runs/{run.id}/revoke"
    assert problem(rest.call("POST", address, json={"path": "0"})) == (409, "node_already_ended")
    assert problem(rest.call("POST", address, json={"path": "7"})) == (404, "node_not_found")
    answer = rest.call("POST", address, json={"path": "1", "reason": "enough"})
    assert (answer.status_code, answer.json()["revoke"], answer.json()["state"]) == (
        202, None, State.STARTED,
    )  # fmt: skip


def test_a_page_of_the_list_is_fifty_runs_unless_asked_otherwise(rest: Rest, owner: Owner) -> None:
    for _ in range(51):
        owner.create()
    page = rest.call("GET", "/api/v1/runs").json()
    assert (len(page["runs"]), page["next"] is not None) == (50, True)
    assert len(rest.call("GET", "/api/v1/runs?limit=500").json()["runs"]) == 51


def test_an_empty_filter_filters_nothing(rest: Rest, owner: Owner) -> None:
    run_id = owner.create()
    found = rest.call("GET", "/api/v1/runs?name=&tag=&label=&q=").json()["runs"]
    assert [run["id"] for run in found] == [run_id]


def test_children_are_paged_in_order_while_more_come(rest: Rest, owner: Owner) -> None:
    run = owner.begin()
    run.spawn(*(str(number) for number in range(1_100)), "2.0", "2.1", "2.1.0")
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = rest.call(
            "GET", f"/api/v1/runs/{run.id}/nodes{cursor and '?cursor=' + cursor}"
        ).json()
        seen += [node["path"] for node in page["nodes"]]
        cursor = page["next"]
        run.spawn(str(len(seen) + 600))
        run.progress("0", len(seen))
    assert seen == [*(str(number) for number in range(1_101)), "1600"]
    under = rest.call("GET", f"/api/v1/runs/{run.id}/nodes?under=2").json()
    assert [node["path"] for node in under["nodes"]] == ["2.0", "2.1"]


def test_there_are_no_children_of_a_node_that_is_not_there(rest: Rest, owner: Owner) -> None:
    run = owner.begin()
    run.spawn("0")
    address = f"/api/v1/runs/{run.id}/nodes?under="
    assert rest.call("GET", address + "0").json() == {"nodes": [], "next": None}
    assert problem(rest.call("GET", address + "1")) == (404, "node_not_found")
    assert problem(rest.call("GET", "/api/v1/runs/none/nodes?under=1")) == (404, "run_not_found")


def test_a_run_is_called_otherwise_whatever_its_state(rest: Rest, owner: Owner) -> None:
    run = owner.begin(owner.create(label="Before", tags=("a", "b")))
    address = f"/api/v1/runs/{run.id}"
    changed = rest.call("PATCH", address, json={"label": "After"}).json()
    assert (changed["label"], changed["tags"], changed["state"]) == ("After", ["a", "b"], "STARTED")
    run.end()
    changed = rest.call("PATCH", address, json={"label": None, "tags": ["c"]}).json()
    assert (changed["label"], changed["tags"], changed["state"]) == (None, ["c"], "SUCCESS")
    assert rest.call("GET", address).json()["run"] == changed
    assert rest.call("GET", "/api/v1/runs?tag=c").json()["runs"] == [changed]
