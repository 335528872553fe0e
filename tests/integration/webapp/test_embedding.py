"""What pages of another origin get: the element, and a socket for who holds a run's token."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
import socketio

from inception.runs.model import State
from tests.integration.webapp.clients import PATIENCE, Client, View
from tests.integration.webapp.guarded import refusal
from tests.integration.webapp.owner import Owner
from tests.integration.webapp.web import Web
from webapp.auth.gate import Gate
from webapp.auth.roles import Role
from webapp.embedding import MODULE

SHOP = "https://shop.example"
OTHER = "https://other.example"


@pytest.fixture
def web(redis_url: str) -> Iterator[Web]:
    """A web in which nobody signs in, and that one other site may embed."""
    web = Web(redis_url, embed_origins=frozenset({SHOP}))
    yield web
    web.stop()


@pytest.fixture
def gate(web: Web) -> Gate:
    found: Gate = web.app.extensions["inception_gate"]
    return found


def get(web: Web, path: str, origin: str | None, **headers: str) -> requests.Response:
    sent = headers if origin is None else {**headers, "Origin": origin}
    return requests.get(web.address + path, headers=sent, timeout=PATIENCE)


def test_the_element_is_read_by_the_pages_that_may_embed(web: Web) -> None:
    answer = get(web, MODULE, SHOP)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == SHOP
    assert answer.headers["Vary"].endswith("Origin")
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert get(web, MODULE, OTHER).status_code == 403


@pytest.mark.parametrize("path", ["/", "/api/v1/runs", "/static/js/main.js", "/healthz"])
def test_they_are_answered_nothing_else(web: Web, gate: Gate, path: str) -> None:
    token = gate.door.tokens.give("program", Role.ADMIN, lifetime=60)[0]
    answer = get(web, path, SHOP, Authorization=f"Bearer {token}")
    assert answer.status_code == 403
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_their_sockets_read_the_tokens_run_and_nothing_else(
    web: Web, gate: Gate, owner: Owner
) -> None:
    run, other = owner.begin(), owner.begin()
    token = gate.door.give_run_token(run.id, lifetime=60, by="test")[0]
    client = Client(web.address, auth={"token": token}, origin=SHOP)
    assert client.ask("watch", {"run_id": run.id})["snapshot"]["run"]["id"] == run.id
    for event, asked in (
        ("watch", {"run_id": other.id}),
        ("watch_runs", {}),
        ("watch_workers", {}),
        ("revoke", {"run_id": run.id}),
    ):
        assert client.ask(event, asked)["error"]["code"] == "forbidden"
    client.close()


def test_being_on_this_machine_opens_no_socket_to_them(web: Web, gate: Gate) -> None:
    admin = gate.door.tokens.give("program", Role.ADMIN, lifetime=60)[0]
    assert refusal(web.address, SHOP) == "forbidden"
    assert refusal(web.address, SHOP, auth={"token": admin}) == "forbidden"
    assert refusal(web.address, SHOP, auth={"token": "mistyped"}) == "unauthorized"


def test_other_origins_open_no_socket(web: Web, gate: Gate, owner: Owner) -> None:
    token = gate.door.give_run_token(owner.begin().id, lifetime=60, by="test")[0]
    with pytest.raises(socketio.exceptions.ConnectionError):
        Client(web.address, auth={"token": token}, origin=OTHER)


def test_a_run_is_watched_without_its_nodes(web: Web, owner: Owner) -> None:
    run = owner.begin()
    run.spawn("0", "1")
    client = Client(web.address)
    snapshot = client.ask("watch", {"run_id": run.id, "nodes": False})["snapshot"]
    assert snapshot["nodes"] == []
    view = View(snapshot)
    run.progress("0", 5)
    seq = run.progress("1", 7)
    for batch in client.wait_for_seq(seq):
        view.apply(batch)
    assert view.run == owner.store.read_run(run.id)
    assert view.nodes == {}
    position = {"epoch": snapshot["epoch"], "seq": snapshot["seq"]}
    again = client.ask("watch", {"run_id": run.id, "nodes": False, **position})
    assert [list(event) for event in again["batch"]["events"]] == [["seq", "at", "run"]] * 2
    client.close()


def test_who_asks_for_the_nodes_later_gets_them(web: Web, owner: Owner) -> None:
    run = owner.begin()
    run.spawn("0")
    client = Client(web.address)
    client.ask("watch", {"run_id": run.id, "nodes": False})
    first = client.ask("watch", {"run_id": run.id, "nodes": "first"})["snapshot"]
    assert [node["path"] for node in first["nodes"]] == ["0"]
    assert len(client.ask("watch", {"run_id": run.id})["snapshot"]["nodes"]) == 1
    seq = run.write("0", state=State.SUCCESS)
    batches = client.wait_for_seq(seq)
    assert any("node" in event for batch in batches for event in batch["events"])
    assert [batch["to"] for batch in batches] == sorted({batch["to"] for batch in batches})
    client.close()
