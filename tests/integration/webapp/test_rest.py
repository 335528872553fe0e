"""The REST interface: every answer and every refusal has the shape the protocol gives it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from inception.runs import keys
from inception.runs.model import Parent, State
from inception.runs.store import Store
from tests.integration.webapp.clients import PATIENCE
from tests.integration.webapp.conftest import Web
from tests.integration.webapp.owner import NAME, Owner

COUNT_TWICE: Parent = {
    "name": NAME,
    "doc": "Count, then count again.",
    "schema": {"type": "object", "properties": {"limit": {"type": "integer"}}},
    "steps": ["Count", "Count on"],
}


class Rest:
    """Calls of one web's REST interface."""

    def __init__(self, address: str) -> None:
        self._address = address

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        return requests.request(method, self._address + path, timeout=PATIENCE, **more)

    def start(self, **more: Any) -> requests.Response:
        headers = more.pop("headers", {})
        body = {"name": NAME, "kwargs": {"limit": 2}, **more}
        return self.call("POST", "/api/v1/runs", json=body, headers=headers)


@pytest.fixture
def rest(web: Web, store: Store) -> Rest:
    """The interface of a web that knows one parent."""
    store.write_catalogue([COUNT_TWICE])
    return Rest(web.address)


def problem(answer: requests.Response) -> tuple[int, str]:
    body = answer.json()
    assert set(body) == {"error"}
    assert body["error"]["message"]
    return answer.status_code, body["error"]["code"]


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
    for query in ("epoch=other&since=1", f"epoch={epoch}&since={seq + 1}"):
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


JSON = {"Content-Type": "application/json"}
WRONG = "bad_request"


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("GET", "/api/v1/nothing", None, (404, "not_found")),
        ("GET", "/api/v1//runs", None, (404, "not_found")),
        ("GET", "/api/v1/runs/%2F/nodes", None, (404, "not_found")),
        ("PUT", "/api/v1/runs", None, (405, "method_not_allowed")),
        ("GET", "/api/v1/runs/none", None, (404, "run_not_found")),
        ("GET", "/api/v1/runs/%00%ff", None, (404, "run_not_found")),
        ("GET", "/api/v1/runs/none/nodes/0", None, (404, "run_not_found")),
        ("GET", "/api/v1/runs/none/nodes/zero", None, (400, "bad_request")),
        ("GET", "/api/v1/runs/none/nodes/0/log", None, (404, "run_not_found")),
        ("GET", "/api/v1/runs/none/events?epoch=e&since=x", None, (400, "bad_request")),
        ("GET", "/api/v1/runs?limit=0", None, (400, "bad_request")),
        ("GET", "/api/v1/runs?limit=501", None, (400, "bad_request")),
        ("GET", "/api/v1/runs?state=DONE", None, (400, "bad_request")),
        ("GET", "/api/v1/runs?stat=DONE", None, (400, "bad_request")),
        ("GET", "/api/v1/runs?cursor=here", None, (400, "bad_request")),
        ("GET", "/api/v1/runs?limit=%D9%A1", None, (400, "bad_request")),
        ("GET", "/api/v1/runs?limit=1&limit=2", None, (400, "bad_request")),
        ("GET", "/api/v1/runs?tag=a" + "&tag=b" * 20, None, (400, "bad_request")),
        ("POST", "/api/v1/runs", '{"name": "x", "label": "\\ud800"}', (400, "bad_request")),
        ("POST", "/api/v1/runs", '{"name": "x", "%s": 1}' % ("y" * 10_000), (400, "bad_request")),
        ("POST", "/api/v1/runs", '{"kwargs": %s}' % ("[" * 300 + "]" * 300), (400, "bad_request")),
        ("POST", "/api/v1/runs/none/revoke", "null", (400, "bad_request")),
        ("POST", "/api/v1/runs", "{", (400, "bad_request")),
        ("POST", "/api/v1/runs", "[]", (400, "bad_request")),
        ("POST", "/api/v1/runs", '{"name": "x", "kwargs": {"limit": NaN}}', (400, "bad_request")),
        ("POST", "/api/v1/runs", '{"name": "x", "kwarg": {}}', (400, "bad_request")),
        ("POST", "/api/v1/runs", '{"name": 1}', (400, "bad_request")),
        ("POST", "/api/v1/runs", '{"name": "x", "label": "%s"}' % ("y" * 201), (400, WRONG)),
        ("POST", "/api/v1/runs", json.dumps({"name": "x", "tags": ["y"] * 21}), (400, WRONG)),
        ("POST", "/api/v1/runs", "[" * 100_000, (400, "bad_request")),
        ("POST", "/api/v1/runs", '{"name": "unknown"}', (404, "parent_not_found")),
        ("POST", "/api/v1/runs", '{"name": "%s"}' % ("x" * 3_000_000), (413, "too_large")),
        ("POST", "/api/v1/runs/none/revoke", '{"path": "a"}', (400, "bad_request")),
        ("POST", "/api/v1/runs/none/revoke", "{}", (404, "run_not_found")),
        ("POST", "/api/v1/runs/none/rerun", "{}", (404, "run_not_found")),
        ("DELETE", "/api/v1/runs/none", None, (404, "run_not_found")),
    ],
)
def test_a_refusal_has_its_status_and_its_code(
    rest: Rest, method: str, path: str, body: str | None, expected: tuple[int, str]
) -> None:
    headers = JSON if body is not None else {}
    answer = rest.call(method, path, data=body, headers=headers)
    assert problem(answer) == expected
    assert len(answer.text) < 20_000


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("GET", "/api/v1/runs?name=a" + "&name=b" * 20, None, "name: List should have at most 20"),
        ("GET", "/api/v1/runs?stat=DONE", None, "stat: Extra inputs are not permitted"),
        ("POST", "/api/v1/bulk", '{"action": "revoke", "ids": ["a", 1]}', "ids.1: Input should be"),
        (
            "POST",
            "/api/v1/bulk",
            '{"action": "revoke", "filter": {"state": "X"}}',
            "filter.state: Input should be 'PENDING'",
        ),
    ],
)
def test_a_refusal_names_the_place_as_the_client_knows_it(
    rest: Rest, method: str, path: str, body: str | None, said: str
) -> None:
    headers = JSON if body is not None else {}
    message = rest.call(method, path, data=body, headers=headers).json()["error"]["message"]
    assert said in message
    assert "[" not in message
    assert "None" not in message


def test_arguments_of_more_than_a_mebibyte_are_refused(rest: Rest, store: Store) -> None:
    free: Parent = {**COUNT_TWICE, "schema": {"type": "object", "properties": {"text": {}}}}
    store.write_catalogue([free])
    assert problem(rest.start(kwargs={"text": "x" * 1_048_577})) == (413, "too_large")
    assert rest.start(kwargs={"text": "x" * 1_000_000}).json()["omitted"] == ["kwargs"]


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


def test_a_body_of_another_media_type_is_refused(rest: Rest) -> None:
    answer = rest.call("POST", "/api/v1/runs", data=json.dumps({"name": NAME}))
    assert problem(answer) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Length": "-1"},
        {"Content-Length": "many"},
        {"Content-Length": "4", "Transfer-Encoding": "chunked"},
        {"Transfer-Encoding": "gzip, chunked"},
    ],
)
def test_a_body_of_doubtful_length_is_not_taken_for_an_empty_one(
    rest: Rest, owner: Owner, headers: dict[str, str]
) -> None:
    run_id = owner.create()
    answer = rest.call(
        "POST", f"/api/v1/runs/{run_id}/revoke", headers={**JSON, **headers}, data=b"0\r\n\r\n"
    )
    assert problem(answer) == (400, "bad_request")
    assert owner.store.read_run(run_id)["revoke"] is None


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


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
@pytest.mark.parametrize("path", ["/", "/api/v1/runs", "/socket.io/?EIO=4&transport=polling"])
def test_another_sites_request_is_refused(rest: Rest, path: str, headers: dict[str, str]) -> None:
    assert problem(rest.call("GET", path, headers=headers)) == (403, "forbidden")


def test_pages_come_with_a_policy_whose_nonce_is_theirs_alone(rest: Rest) -> None:
    html = {"Accept": "text/html"}
    first, again = rest.call("GET", "/", headers=html), rest.call("GET", "/", headers=html)
    policies = [page.headers["Content-Security-Policy"] for page in (first, again)]
    nonces = [policy.partition("'nonce-")[2].partition("'")[0] for policy in policies]
    assert nonces[0] != nonces[1]
    assert f'nonce="{nonces[0]}"' in first.text
    assert "unsafe" not in policies[0]
    assert "default-src 'none'" in policies[0]


@pytest.mark.parametrize("path", ["/", "/runs/some", "/start", "/workers", "/signin", "/docs"])
def test_every_page_is_served(rest: Rest, path: str) -> None:
    answer = rest.call("GET", path, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_missing_page_is_a_page(rest: Rest) -> None:
    answer = rest.call("GET", "/nowhere", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")


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


@pytest.mark.parametrize("body", [{"label": "x" * 201}, {"tags": ["a"] * 21}, {"name": "other"}])
def test_what_a_run_cant_be_called_is_refused(rest: Rest, owner: Owner, body: object) -> None:
    answer = rest.call("PATCH", f"/api/v1/runs/{owner.create()}", json=body)
    assert problem(answer) == (400, "bad_request")
    assert problem(rest.call("PATCH", "/api/v1/runs/none", json={})) == (404, "run_not_found")
