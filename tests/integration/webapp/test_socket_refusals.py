"""What an event that can't be done is acknowledged with: the protocol's codes, as by REST."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from inception.runs.model import Parent, State
from inception.runs.store import Store
from tests.integration.webapp.clients import Client
from tests.integration.webapp.owner import NAME, Owner

PARENT: Parent = {
    "name": NAME,
    "doc": "",
    "schema": {"type": "object", "properties": {"limit": {"type": "integer"}}},
    "steps": None,
}

REFUSED: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("start", {"name": "tasks.none", "kwargs": {}}, "parent_not_found"),
    ("start", {"name": NAME, "kwargs": {"limit": "2"}}, "invalid_arguments"),
    ("start", {"name": NAME, "kwargs": {"limmit": 2}}, "invalid_arguments"),
    ("start", {"name": NAME, "label": "x" * 201}, "bad_request"),
    ("start", {"name": NAME, "idempotency_key": "used"}, "idempotency_key_reused"),
    ("watch", {"run_id": "none"}, "run_not_found"),
    ("watch_log", {"run_id": "none", "path": "0"}, "run_not_found"),
    ("watch_log", {"run_id": "going", "path": "7"}, "node_not_found"),
    ("watch_runs", {"limit": 501}, "bad_request"),
    ("watch_runs", {"state": "DONE"}, "bad_request"),
    ("watch_bulk", {"bulk_id": "none"}, "not_found"),
    ("revoke", {"run_id": "none"}, "run_not_found"),
    ("revoke", {"run_id": "good"}, "run_already_ended"),
    ("revoke", {"run_id": "going", "path": "7"}, "node_not_found"),
    ("revoke", {"run_id": "going", "path": "0"}, "node_already_ended"),
    ("revoke", {"run_id": "going", "path": "x"}, "bad_request"),
    ("retry", {"run_id": "none"}, "run_not_found"),
    ("retry", {"run_id": "going"}, "run_not_ended"),
    ("retry", {"run_id": "good"}, "run_succeeded"),
    ("rerun", {"run_id": "none"}, "run_not_found"),
    ("nothing", {}, "bad_request"),
)
"""Event, payload (in which a word may stand for a run of ours), code."""


@pytest.fixture
def names(owner: Owner, store: Store) -> dict[str, str]:
    """One run that goes on, its first child ended, and one that succeeded."""
    store.write_catalogue([PARENT])
    going, good = owner.begin(), owner.begin()
    going.spawn("0")
    going.write("0", state=State.SUCCESS)
    good.end()
    return {"going": going.id, "good": good.id}


def test_each_refusal_has_its_code(
    names: dict[str, str], open_client: Callable[[], Client]
) -> None:
    client = open_client()
    key = {"idempotency_key": "used"}
    assert "run" in client.ask("start", {"name": NAME, "kwargs": {"limit": 1}, **key})
    wrong = []
    for event, payload, code in REFUSED:
        asked = {name: names.get(value, value) if isinstance(value, str) else value
                 for name, value in payload.items()}  # fmt: skip
        answer = client.ask(event, asked)
        error = answer.get("error", {})
        if error.get("code") != code or not error.get("message"):
            wrong.append(f"{event} {payload}: {answer}")
        if code == "invalid_arguments" and not error.get("fields"):
            wrong.append(f"{event} {payload}: no fields")
    assert not wrong
