"""Each call and event of the protocol, asked of the whole application, answers as documented."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import requests
import socketio
import yaml

from tests.acceptance.conftest import Stack
from tests.running import eventually

WITHIN = 30.0
ASYNCAPI = Path(__file__).parents[2] / "docs" / "asyncapi.yaml"
COUNTING = "tasks.examples.counting.count_twice"
QUICK = {"name": COUNTING, "kwargs": {"limit": 2, "delay": 0.01}, "label": "quick", "tags": ["p"]}
LONG = {"name": COUNTING, "kwargs": {"limit": 5_000, "delay": 0.1}}
FAILING = {"name": "tasks.examples.failing.fail_at", "kwargs": {"step": 1, "steps": 1}}
NOTHING = {"action": "retry", "filter": {"tag": "there is none"}}

V1 = "/api/v1"
RUN, NODE = f"{V1}/runs/{{run_id}}", f"{V1}/runs/{{run_id}}/nodes/{{path}}"
CALLS: tuple[tuple[str, str, dict[str, Any], dict[str, Any] | None, int], ...] = (
    ("GET", "/healthz", {}, None, 200),
    ("GET", "/readyz", {}, None, 200),
    ("GET", f"{V1}/openapi.json", {}, None, 200),
    ("GET", f"{V1}/parents", {}, None, 200),
    ("GET", f"{V1}/workers", {}, None, 200),
    ("POST", f"{V1}/runs", {}, QUICK, 201),
    ("GET", f"{V1}/runs", {"query": "tag=p&label=quick&limit=1&q=count"}, None, 200),
    ("GET", f"{V1}/runs/counts", {"query": "name=" + COUNTING}, None, 200),
    ("GET", RUN, {"run_id": "ended"}, None, 200),
    ("GET", f"{RUN}/nodes", {"run_id": "ended", "query": "under="}, None, 200),
    ("GET", NODE, {"run_id": "ended", "path": "-"}, None, 200),
    ("GET", NODE, {"run_id": "ended", "path": "1"}, None, 200),
    ("GET", f"{NODE}/log", {"run_id": "ended", "path": "0"}, None, 200),
    ("GET", f"{RUN}/events", {"run_id": "ended", "query": "epoch={epoch}&since=0"}, None, 200),
    ("PATCH", RUN, {"run_id": "ended"}, {"label": "other", "tags": ["q"]}, 200),
    ("POST", f"{RUN}/tokens", {"run_id": "ended"}, {"expires_in": 60}, 201),
    ("POST", f"{RUN}/rerun", {"run_id": "ended"}, {"kwargs": QUICK["kwargs"]}, 201),
    ("POST", f"{RUN}/retry", {"run_id": "failed"}, {}, 202),
    ("POST", f"{RUN}/revoke", {"run_id": "going"}, {"reason": "enough"}, 202),
    ("POST", f"{V1}/bulk", {}, NOTHING, 202),
    ("GET", f"{V1}/bulk/{{bulk_id}}", {"bulk_id": "bulk"}, None, 200),
    ("DELETE", RUN, {"run_id": "ended"}, None, 204),
)
"""Method, path, words that fill the path in or name a run of ours, body, status."""

EVENTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("watch_runs", {"limit": 5}),
    ("watch_workers", {}),
    ("start", LONG),
    ("watch", {"run_id": "started"}),
    ("watch_log", {"run_id": "started", "path": "0"}),
    ("watch_bulk", {"bulk_id": "bulk"}),
    ("revoke", {"run_id": "started", "reason": "enough"}),
    ("retry", {"run_id": "failed"}),
    ("rerun", {"run_id": "ended"}),
    ("unwatch", {"run_id": "started"}),
    ("unwatch_log", {"run_id": "started", "path": "0"}),
    ("unwatch_bulk", {}),
    ("unwatch_workers", {}),
    ("unwatch_runs", {}),
)
"""Event and payload, in whose place a word may stand for a run of ours."""


class Client:
    """Calls by REST and by a socket, and the names that the tables use for what there is."""

    def __init__(self, stack: Stack) -> None:
        self.address = stack.url
        self.names: dict[str, str] = {}
        self.heard: list[tuple[str, Any]] = []
        self._changed = threading.Condition()
        self._socket = socketio.Client()
        self._socket.on("*", self._hear)
        self._socket.connect(stack.url, transports=["websocket"], wait_timeout=WITHIN)

    def call(self, method: str, path: str, body: Any = None) -> requests.Response:
        return requests.request(method, self.address + path, json=body, timeout=WITHIN)

    def ask(self, event: str, payload: dict[str, Any]) -> Any:
        return self._socket.call(event, payload, timeout=WITHIN)

    def start(self, name: str, body: dict[str, Any], state: str | None) -> None:
        """Start a run that the tables call `name`, and wait for its state."""
        run_id = self.call("POST", f"{V1}/runs", body).json()["id"]
        self.names[name] = run_id
        if state is not None:
            root = f"{V1}/runs/{run_id}/nodes/-"
            eventually(lambda: self.call("GET", root).json()["state"] == state, WITHIN, state)

    def wait_for_child(self, name: str) -> None:
        """Return once that run has its first child."""
        child = f"{V1}/runs/{self.names[name]}/nodes/0"
        eventually(lambda: self.call("GET", child).status_code == 200, WITHIN, "a child")

    def known(self, words: dict[str, Any]) -> dict[str, Any]:
        return {key: self.names.get(str(value), value) for key, value in words.items()}

    def has_heard(self, event: str) -> bool:
        return any(name == event for name, _payload in self.heard)

    def wait_to_hear(self, event: str) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.has_heard(event), WITHIN), event

    def close(self) -> None:
        for name in ("going", "started"):
            if name in self.names:
                self.call("POST", f"{V1}/runs/{self.names[name]}/revoke", {})
        self._socket.disconnect()

    def _hear(self, event: str, payload: Any) -> None:
        with self._changed:
            self.heard.append((event, payload))
            self._changed.notify_all()


@pytest.fixture
def client(stack: Stack) -> Iterator[Client]:
    client = Client(stack)
    client.start("ended", QUICK, "SUCCESS")
    client.start("failed", FAILING, "FAILURE")
    yield client
    client.close()


def test_each_call_answers_as_the_document_says(client: Client) -> None:
    document = client.call("GET", f"{V1}/openapi.json").json()
    documented = {
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    }
    assert {(method, path) for method, path, *_rest in CALLS} == documented
    client.start("going", LONG, "STARTED")
    client.names["bulk"] = client.call("POST", f"{V1}/bulk", NOTHING).json()["id"]
    snapshot = client.call("GET", f"{V1}/runs/{client.names['ended']}").json()
    for method, path, words, body, status in CALLS:
        known = client.known(words)
        query = known.pop("query", "").format(epoch=snapshot["epoch"])
        answer = client.call(method, path.format(**known) + (query and f"?{query}"), body)
        assert answer.status_code == status, (method, path, answer.text)
        described = document["paths"][path][method.lower()]["responses"][str(status)]
        if content := described.get("content", {}).get("application/json"):
            schema = {**content["schema"], "components": document.get("components", {})}
            jsonschema.validate(answer.json(), schema)
        else:
            assert answer.content == b""


def test_each_event_is_acknowledged_as_the_document_says(client: Client) -> None:
    document = yaml.safe_load(ASYNCAPI.read_text())
    messages = document["channels"]["socket"]["messages"]
    received = [
        name for name, each in document["operations"].items() if each["action"] == "receive"
    ]
    assert sorted(event for event, _payload in EVENTS) == sorted(received)
    ids = [client.names["failed"]]
    bulk = client.call("POST", f"{V1}/bulk", {"action": "delete", "ids": ids}).json()["id"]
    client.names["bulk"] = bulk
    client.start("failed", FAILING, "FAILURE")
    for event, payload in EVENTS:
        answer = client.ask(event, client.known(payload))
        assert "error" not in answer, (event, answer)
        schema = {**messages[f"{event}_answer"]["payload"], "components": document["components"]}
        jsonschema.validate(answer, schema)
        if event == "start":
            client.names["started"] = answer["run"]["id"]
            client.wait_for_child("started")
        elif event == "revoke":
            for told in ("runs", "events", "workers"):
                client.wait_to_hear(told)
    for event, payload in client.heard:
        schema = {**messages[event]["payload"], "components": document["components"]}
        jsonschema.validate(payload, schema)
