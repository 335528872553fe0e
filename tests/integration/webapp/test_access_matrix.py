"""Each kind of caller asks for everything there is: endpoints by the url map, events by the
handlers, so that none can be forgotten."""

from __future__ import annotations

import pytest

from inception.runs.bulks import NewBulk
from inception.runs.store import Store
from tests.integration.webapp.clients import Client
from tests.integration.webapp.guarded import PASSWORD, GuardedWeb
from tests.integration.webapp.owner import Owner
from tests.running import eventually
from webapp.auth.permissions import ENDPOINTS, EVENTS, Right
from webapp.auth.roles import Role, User

REFUSALS = {401, 403}
WORDS = {"path": "-", "filename": "css/base.css"}
FORMS = {"auth.sign_in": {"name": "viewer", "password": PASSWORD}}
CALLERS = ["stranger", *Role, "reader", "reader of another"]


@pytest.fixture
def run_id(owner: Owner) -> str:
    return owner.begin().id


def token_of(guarded: GuardedWeb, caller: str, run_id: str) -> str | None:
    if caller == "stranger":
        return None
    if caller in list(Role):
        return guarded.token(Role(caller))
    return guarded.run_token(run_id if caller == "reader" else "another")


def may(right: Right, caller: str, run_id: str, names_run: bool) -> bool:
    """What the table means, said once more in other words."""
    if right.role is None:
        return True
    if caller in list(Role):
        return list(Role).index(Role(caller)) >= list(Role).index(right.role)
    return caller == "reader" and right.of_run and names_run


def test_every_endpoint_and_event_has_a_row(guarded: GuardedWeb) -> None:
    endpoints = {rule.endpoint for rule in guarded.web.app.url_map.iter_rules()}
    events = set(guarded.web.sockets.server.handlers["/"]) - {"connect", "disconnect", "*"}
    assert not endpoints - set(ENDPOINTS)
    assert events == set(EVENTS)


@pytest.mark.parametrize("caller", CALLERS)
def test_each_endpoint_answers_those_who_may_ask(
    guarded: GuardedWeb, run_id: str, caller: str
) -> None:
    app = guarded.web.app
    token = token_of(guarded, caller, run_id)
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    words = {**WORDS, "run_id": run_id}
    urls = app.url_map.bind("inception.example")
    wrong = []
    for rule in app.url_map.iter_rules():
        given = {name: words.get(name, "x") for name in rule.arguments}
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            url = urls.build(rule.endpoint, given, method=method)
            answer = app.test_client().open(
                url, method=method, headers=headers, data=FORMS.get(rule.endpoint)
            )
            refused = answer.status_code in REFUSALS or "/signin?" in (answer.location or "")
            allowed = may(ENDPOINTS[rule.endpoint], caller, run_id, "run_id" in given)
            if refused is allowed:
                wrong.append(f"{method} {url}: {answer.status}")
    assert not wrong


@pytest.mark.parametrize("caller", [each for each in CALLERS if each != "stranger"])
def test_each_event_answers_those_who_may_ask(
    guarded: GuardedWeb, run_id: str, caller: str
) -> None:
    client = Client(guarded.address, auth={"token": token_of(guarded, caller, run_id)})
    wrong = []
    for event in guarded.web.sockets.server.handlers["/"]:
        if event in ("connect", "disconnect", "*"):
            continue
        answer = client.ask(event, {"run_id": run_id})
        refused = answer.get("error", {}).get("code") in ("unauthorized", "forbidden")
        if refused is may(EVENTS[event], caller, run_id, True):
            wrong.append(f"{event}: {answer}")
    client.close()
    assert not wrong


def test_what_changes_anything_takes_more_than_a_viewer(guarded: GuardedWeb) -> None:
    changing = {
        rule.endpoint
        for rule in guarded.web.app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        and (rule.methods or set()) & {"POST", "DELETE", "PUT", "PATCH"}
    }
    rows = [ENDPOINTS[endpoint] for endpoint in changing]
    rows += [EVENTS[event] for event in ("start", "revoke", "retry", "rerun")]
    viewer = User(name="viewer", role=Role.VIEWER)
    reader = User(name="reader", role=Role.VIEWER, run_id="a")
    assert rows
    assert not any(row.permits(viewer) or row.permits(reader, "a") for row in rows)


def test_deleting_many_takes_what_deleting_one_takes(
    guarded: GuardedWeb, store: Store, owner: Owner
) -> None:
    ended = owner.begin()
    ended.end()
    for asked in ({"ids": [ended.id]}, {"filter": {}}):
        body = {"action": "delete", **asked}
        operator = guarded.call("POST", "/api/v1/bulk", guarded.token(Role.OPERATOR), json=body)
        assert operator.status_code == 403
    store.create_bulk(NewBulk(id="b", action="delete", by="x", role="operator", run_ids=[ended.id]))
    guarded.web.services.bulk.wake()
    eventually(lambda: store.read_bulk("b")["finalized_at"] is not None, 10, "an end")
    [failure] = store.read_bulk("b")["failures"]
    assert failure["code"] == "forbidden"
    body = {"action": "delete", "ids": [ended.id]}
    admin = guarded.call("POST", "/api/v1/bulk", guarded.token(Role.ADMIN), json=body)
    assert admin.status_code == 202
    eventually(lambda: not store.run_exists(ended.id), 10, "its deletion")


def test_what_is_not_in_the_table_is_refused_to_everybody(
    guarded: GuardedWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(ENDPOINTS, "parents.list_parents")  # type: ignore[arg-type]
    answer = guarded.call("GET", "/api/v1/parents", guarded.token(Role.ADMIN))
    assert answer.status_code == 403
