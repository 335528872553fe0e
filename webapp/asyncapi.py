"""The AsyncAPI 3 document of the sockets: `python -m webapp.asyncapi > docs/asyncapi.yaml`.

Made of the payloads that are validated and the records that are sent. What is printed is JSON,
which is YAML too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from typing_extensions import TypedDict

from inception.runs.bulks import Bulk
from inception.runs.model import Batch, Run, Snapshot
from webapp.fleet import FleetAnswer
from webapp.log_answer import LogAnswer
from webapp.openapi.document import ErrorAnswer
from webapp.openapi.schemas import Schemas
from webapp.payloads import (
    Nothing,
    OneRun,
    Payload,
    RevokeBySocket,
    StartBySocket,
    Watch,
    WatchBulk,
    WatchLog,
    WatchRuns,
)
from webapp.relay.hearing import RelayNews
from webapp.relay.log_tails import LogNews
from webapp.relay.run_lists import FollowedList
from webapp.relay.run_page import RunChanges
from webapp.relay.run_rooms import WatchAnswer


class RunAnswer(TypedDict):
    """The run as it is now."""

    run: Run


class Done(TypedDict):
    """Nothing more to say."""


class Gone(TypedDict):
    """A watched run was deleted."""

    run_id: str


ASKED: Final[Mapping[str, tuple[type[Payload], Any]]] = {
    "watch": (Watch, WatchAnswer),
    "unwatch": (OneRun, Done),
    "watch_runs": (WatchRuns, FollowedList),
    "unwatch_runs": (Nothing, Done),
    "watch_workers": (Nothing, FleetAnswer),
    "unwatch_workers": (Nothing, Done),
    "watch_log": (WatchLog, LogAnswer),
    "unwatch_log": (WatchLog, Done),
    "watch_bulk": (WatchBulk, Bulk),
    "unwatch_bulk": (Nothing, Done),
    "start": (StartBySocket, RunAnswer),
    "revoke": (RevokeBySocket, RunAnswer),
    "retry": (OneRun, RunAnswer),
    "rerun": (OneRun, RunAnswer),
}
"""What clients send, and what each is acknowledged with unless it is an Error."""

TOLD: Final[Mapping[str, Any]] = {
    "events": Batch,
    "snapshot": Snapshot,
    "runs": RunChanges,
    "gone": Gone,
    "workers": FleetAnswer,
    "log": LogNews,
    "bulk": Bulk,
    "relay": RelayNews,
}
"""What the server sends by itself."""

_CHANNEL: Final = "#/channels/socket"


def assemble() -> dict[str, Any]:
    """The document."""
    types = [ErrorAnswer, *TOLD.values()]
    for pair in ASKED.values():
        types += [each for each in pair if each not in types]
    schemas = Schemas(types)
    messages: dict[str, Any] = {"error": {"payload": schemas.of(ErrorAnswer)}}
    operations: dict[str, Any] = {}
    for event, (payload, answer) in ASKED.items():
        messages[event] = {"name": event, "payload": schemas.of(payload)}
        messages[f"{event}_answer"] = {"payload": schemas.of(answer)}
        operations[event] = _operation("receive", event) | {"reply": _reply(event)}
    for event, record in TOLD.items():
        messages[event] = {"name": event, "payload": schemas.of(record)}
        operations[f"send_{event}"] = _operation("send", event)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Inception, live",
            "version": "1",
            "description": "Socket.IO 5 over Engine.IO 4, namespace /. Each event that a client "
            "sends is acknowledged with its answer or with an Error.",
        },
        "channels": {"socket": {"address": "/socket.io/", "messages": messages}},
        "operations": operations,
        "components": {"schemas": schemas.components},
    }


def _operation(action: str, event: str) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": _CHANNEL},
        "messages": [{"$ref": f"{_CHANNEL}/messages/{event}"}],
    }


def _reply(event: str) -> dict[str, Any]:
    names = (f"{event}_answer", "error")
    messages = [{"$ref": f"{_CHANNEL}/messages/{name}"} for name in names]
    return {"channel": {"$ref": _CHANNEL}, "messages": messages}


if __name__ == "__main__":
    print(json.dumps(assemble(), indent=1))  # noqa: T201  what it is for
