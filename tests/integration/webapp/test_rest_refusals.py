"""What the REST interface refuses: each with its status, its code, and the place that is wrong."""

from __future__ import annotations

import json

import pytest

from inception.runs.model import Parent
from inception.runs.store import Store
from tests.integration.webapp.owner import NAME, Owner
from tests.integration.webapp.rest import COUNT_TWICE, Rest, problem

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
        ("POST", "/api/v1/runs", "[1]", "Input should be an object"),
        ("POST", "/api/v1/runs", '{"name": "a", "kwargs": [1]}', "kwargs: Input should be an obj"),
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


@pytest.mark.parametrize("body", [{"label": "x" * 201}, {"tags": ["a"] * 21}, {"name": "other"}])
def test_what_a_run_cant_be_called_is_refused(rest: Rest, owner: Owner, body: object) -> None:
    answer = rest.call("PATCH", f"/api/v1/runs/{owner.create()}", json=body)
    assert problem(answer) == (400, "bad_request")
    assert problem(rest.call("PATCH", "/api/v1/runs/none", json={})) == (404, "run_not_found")
