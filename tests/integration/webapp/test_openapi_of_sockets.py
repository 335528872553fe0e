"""The AsyncAPI document is what the handlers validate and send."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.integration.webapp.clients import EVENTS as HEARD
from tests.integration.webapp.clients import Client
from tests.integration.webapp.web import Web
from webapp import asyncapi
from webapp.auth.permissions import EVENTS

PUBLISHED = Path(__file__).resolve().parents[3] / "docs" / "asyncapi.yaml"


@pytest.fixture
def document() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(PUBLISHED.read_text())
    return found


def test_the_published_document_is_what_the_code_says(document: dict[str, Any]) -> None:
    """Otherwise: python -m webapp.asyncapi > docs/asyncapi.yaml"""
    assert document == asyncapi.assemble()


def test_every_handled_event_is_in_it_and_no_other(web: Web, document: dict[str, Any]) -> None:
    handled = set(web.sockets.server.handlers["/"]) - {"connect", "disconnect", "*"}
    received = {
        name for name, each in document["operations"].items() if each["action"] == "receive"
    }
    assert received == handled == set(EVENTS)


def test_every_event_that_clients_hear_is_in_it(document: dict[str, Any]) -> None:
    sent = {name for name, each in document["operations"].items() if each["action"] == "send"}
    assert sent == {f"send_{event}" for event in HEARD}


def test_its_references_lead_somewhere(document: dict[str, Any]) -> None:
    def look(part: Any) -> None:
        if isinstance(part, dict):
            for name, value in part.items():
                if name == "$ref":
                    found: Any = document
                    for step in value.removeprefix("#/").split("/"):
                        found = found[step]
                look(value)
        elif isinstance(part, list):
            for each in part:
                look(each)

    look(document)


def test_answers_have_the_shape_it_gives_them(
    web: Web, open_client: Any, document: dict[str, Any]
) -> None:
    client: Client = open_client()
    messages = document["channels"]["socket"]["messages"]
    for event, name in (
        ("watch_runs", "watch_runs_answer"),
        ("watch_workers", "watch_workers_answer"),
        ("unwatch_runs", "unwatch_runs_answer"),
        ("watch", "error"),
        ("start", "error"),
    ):
        schema = {**messages[name]["payload"], "components": document["components"]}
        jsonschema.validate(client.ask(event, {}), schema)
