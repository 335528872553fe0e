"""The Socket.IO events: each is answered with what was asked for, or with an Error.

Events of one client are handled in the order they came, one at a time (the server is created with
`async_handlers=False`): a `watch` and the `unwatch` after it can't change places, and a client
that asks faster than it is answered waits in its own connection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from flask import current_app, request
from flask_socketio import SocketIO

from inception.runs.errors import BadRequest
from webapp import actions
from webapp.auth import gate
from webapp.errors import error_body
from webapp.payloads import (
    FIRST,
    Nothing,
    OneRun,
    Payload,
    Rerun,
    RevokeBySocket,
    StartBySocket,
    Watch,
    WatchBulk,
    WatchLog,
    WatchRuns,
)
from webapp.relay.room import Position
from webapp.relay.run_rooms import RunRooms
from webapp.services import Services, services

Asked = TypeVar("Asked", bound=Payload)
Answer: TypeAlias = Callable[[Services, str, Asked], Any]
"""What answers an event: from the services, the socket's id and the payload."""


def register(sockets: SocketIO) -> None:
    """Handle every event of the protocol."""
    sockets.on_event("connect", _connect)
    sockets.on_event("disconnect", _disconnect)
    _on(sockets, "watch", Watch, _watch)
    _on(sockets, "unwatch", OneRun, _unwatch)
    _on(sockets, "watch_runs", WatchRuns, _watch_runs)
    _on(sockets, "unwatch_runs", Nothing, _unwatch_runs)
    _on(sockets, "watch_workers", Nothing, _watch_workers)
    _on(sockets, "unwatch_workers", Nothing, _unwatch_workers)
    _on(sockets, "watch_log", WatchLog, _watch_log)
    _on(sockets, "unwatch_log", WatchLog, _unwatch_log)
    _on(sockets, "watch_bulk", WatchBulk, _watch_bulk)
    _on(sockets, "unwatch_bulk", Nothing, _unwatch_bulk)
    _on(sockets, "start", StartBySocket, _start)
    _on(sockets, "revoke", RevokeBySocket, _revoke)
    _on(sockets, "retry", OneRun, _retry)
    _on(sockets, "rerun", OneRun, _rerun)
    sockets.on_event("*", _unknown)


def _on(sockets: SocketIO, event: str, model: type[Asked], answer: Answer[Asked]) -> None:
    def handle(*payload: object) -> Any:
        try:
            gate.check_event(_sid(), event, _run_id(payload))
            return answer(services(), _sid(), _read(payload, model))
        except Exception as error:  # noqa: BLE001  whatever it is, the client is told in its shape
            return error_body(error)

    sockets.on_event(event, handle)


def _read(payload: tuple[object, ...], model: type[Asked]) -> Asked:
    if len(payload) > 1:
        raise BadRequest("An event takes one payload, an object.")
    return model.model_validate(payload[0] if payload and payload[0] is not None else {})


def _run_id(payload: tuple[object, ...]) -> object:
    """The run that an event names, if it names one: what is read later is the same word."""
    asked = payload[0] if payload else None
    return asked.get("run_id") if isinstance(asked, dict) else None


def _sid() -> str:
    sid: str = request.sid  # type: ignore[attr-defined]  # Flask-SocketIO puts it there
    return sid


def _connect(auth: object = None) -> dict[str, Any] | None:
    if _sid() in services().relay.clients:
        return _unknown("connect")  # an event that a client named so
    gate.admit_socket(_sid(), auth)
    services().relay.connect(_sid())
    return None


def _disconnect(_reason: object = None) -> dict[str, Any] | None:
    server = current_app.extensions["socketio"].server
    if server.manager.is_connected(_sid(), "/"):
        return _unknown("disconnect")  # an event that a client named so
    gate.forget_socket(_sid())
    services().relay.forget(_sid())
    return None


def _unknown(event: object = "*", *_payload: object) -> dict[str, Any]:
    """One that a client named `*` comes without its name, its payload first."""
    name = event if isinstance(event, str) else "*"
    return error_body(BadRequest(f"There is no event {name[:80]!r} here."))


def _watch(parts: Services, sid: str, asked: Watch) -> Any:
    known = None
    if asked.epoch is not None and asked.seq is not None:
        known = Position(asked.epoch, asked.seq)
    now = parts.store.now_ms()
    wanted = _rooms(parts, asked.nodes)
    for others in _all_rooms(parts):
        if others is not wanted:
            others.unwatch(sid, asked.run_id)
    return {**wanted.watch(sid, asked.run_id, known), "now": now}


def _rooms(parts: Services, nodes: bool | str) -> RunRooms:
    if nodes == FIRST:
        return parts.relay.beginnings
    return parts.relay.runs if nodes else parts.relay.outlines


def _all_rooms(parts: Services) -> tuple[RunRooms, ...]:
    return parts.relay.runs, parts.relay.beginnings, parts.relay.outlines


def _unwatch(parts: Services, sid: str, asked: OneRun) -> Any:
    for rooms in _all_rooms(parts):
        rooms.unwatch(sid, asked.run_id)
    return {}


def _watch_runs(parts: Services, sid: str, asked: WatchRuns) -> Any:
    if asked.cursor is not None:
        return parts.relay.lists.extend(sid, asked.limit, asked.cursor)
    now = parts.store.now_ms()
    return {**parts.relay.lists.watch(sid, asked.as_run_filter(), asked.limit), "now": now}


def _unwatch_runs(parts: Services, sid: str, _asked: Nothing) -> Any:
    parts.relay.lists.unwatch(sid)
    return {}


def _watch_workers(parts: Services, sid: str, _asked: Nothing) -> Any:
    return parts.relay.workers.watch(sid)


def _unwatch_workers(parts: Services, sid: str, _asked: Nothing) -> Any:
    parts.relay.workers.unwatch(sid)
    return {}


def _watch_log(parts: Services, sid: str, asked: WatchLog) -> Any:
    return parts.relay.logs.watch(sid, asked.run_id, asked.path, asked.after)


def _unwatch_log(parts: Services, sid: str, asked: WatchLog) -> Any:
    parts.relay.logs.unwatch(sid, asked.run_id, asked.path)
    return {}


def _watch_bulk(parts: Services, sid: str, asked: WatchBulk) -> Any:
    bulk = parts.relay.bulks.watch(sid, asked.bulk_id)
    parts.bulk.wake()  # what a process left undone is taken up when somebody looks
    return bulk


def _unwatch_bulk(parts: Services, sid: str, _asked: Nothing) -> Any:
    parts.relay.bulks.unwatch(sid)
    return {}


def _start(parts: Services, _sid: str, asked: StartBySocket) -> Any:
    return {"run": actions.start(parts, asked, asked.idempotency_key).run}


def _revoke(parts: Services, _sid: str, asked: RevokeBySocket) -> Any:
    return {"run": actions.revoke(parts, asked.run_id, asked)}


def _retry(parts: Services, _sid: str, asked: OneRun) -> Any:
    return {"run": actions.retry(parts, asked.run_id)}


def _rerun(parts: Services, _sid: str, asked: OneRun) -> Any:
    return {"run": actions.rerun(parts, asked.run_id, Rerun())}
