"""While Redis is away every call and every event says so, in the one shape of all errors."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partialmethod

import pytest
import requests

from inception.runs.listener import Listener
from tests.integration.webapp.clients import PATIENCE, Client
from tests.integration.webapp.web import Web
from tests.private_redis import PrivateRedis
from webapp.auth.permissions import EVENTS

AWAY = (503, "store_unavailable")
OPEN = {"/healthz": 200, "/metrics": 200, "/api/v1/openapi.json": 200}
"""What answers all the same."""
BODIES: dict[str, dict[str, object]] = {
    "runs.start_run": {"name": "tasks.any", "kwargs": {}},
    "bulk.start_bulk": {"action": "revoke", "ids": ["a"]},
    "tokens.give_run_token": {"expires_in": 60},
    "runs.describe_run": {"label": "Other"},
}
WORDS = {"run_id": "a", "path": "0", "bulk_id": "b"}
PAYLOADS: dict[str, dict[str, object]] = {
    "start": {"name": "tasks.any", "kwargs": {}},
    "watch_bulk": {"bulk_id": "b"},
    "watch_log": {"run_id": "a", "path": "0"},
    "unwatch_log": {"run_id": "a", "path": "0"},
    **{event: {"run_id": "a"} for event in ("watch", "unwatch", "revoke", "retry", "rerun")},
}


@pytest.fixture
def cut_off(
    own_redis: PrivateRedis, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Web, Client]]:
    """A web and a client of it, after their Redis was killed; it waits briefly for what is lost."""
    hurried = partialmethod(Listener.subscribe, timeout=0.1)
    monkeypatch.setattr(Listener, "subscribe", hurried)
    web = Web(own_redis.url)
    client = Client(web.address)
    own_redis.kill()
    yield web, client
    client.close()
    web.stop()


def test_every_call_says_so(cut_off: tuple[Web, Client]) -> None:
    web, _client = cut_off
    urls = web.app.url_map.bind("127.0.0.1")
    wrong = []
    for rule in web.app.url_map.iter_rules():
        if not rule.rule.startswith("/api/v1/"):
            continue
        given = {name: WORDS[name] for name in rule.arguments}
        if rule.endpoint == "runs.read_events":
            given |= {"epoch": "e", "since": "0"}
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            url = web.address + urls.build(rule.endpoint, given, method=method)
            body = BODIES.get(rule.endpoint)
            answer = requests.request(method, url, json=body, timeout=PATIENCE)
            said = answer.status_code, answer.json().get("error", {}).get("code")
            if said != AWAY and rule.rule not in OPEN:
                wrong.append(f"{method} {url}: {answer.status_code} {answer.text[:200]}")
    assert not wrong


def test_what_needs_no_redis_is_answered(cut_off: tuple[Web, Client]) -> None:
    web, _client = cut_off
    for path, status in OPEN.items():
        assert requests.get(web.address + path, timeout=PATIENCE).status_code == status
    ready = requests.get(f"{web.address}/readyz", timeout=PATIENCE)
    assert (ready.status_code, ready.json()["error"]["code"]) == (503, "not_ready")
    assert "redis" in ready.json()["error"]["missing"]


def test_every_event_says_so(cut_off: tuple[Web, Client]) -> None:
    _web, client = cut_off
    wrong = []
    for event in EVENTS:
        answer = client.ask(event, PAYLOADS.get(event, {}))
        expected = None if event.startswith("unwatch") else "store_unavailable"
        if answer.get("error", {}).get("code") != expected:
            wrong.append(f"{event}: {answer}")
    assert not wrong
