"""The REST interface of one web, as its tests call it."""

from __future__ import annotations

from typing import Any

import requests

from inception.runs.model import Parent
from tests.integration.webapp.clients import PATIENCE
from tests.integration.webapp.owner import NAME

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


def problem(answer: requests.Response) -> tuple[int, str]:
    body = answer.json()
    assert set(body) == {"error"}
    assert body["error"]["message"]
    return answer.status_code, body["error"]["code"]
