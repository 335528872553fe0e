"""Starts a run from outside a parent: the record first, then the message that rings for it."""

from __future__ import annotations

import inspect
import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

from celery.result import AsyncResult

from inception.runs.celery_app import BROKER_ERRORS
from inception.runs.connection import connect
from inception.runs.errors import SettingsError
from inception.runs.jsontext import normalise
from inception.runs.messages import Ticket, ticket_headers
from inception.runs.model import JsonValue
from inception.runs.records import NewRun
from inception.runs.settings import Settings
from inception.runs.store import Store

_log = logging.getLogger(__name__)

_REFUSED: Final = ("countdown", "eta", "expires", "link", "link_error", "chain", "chord")
_SENT: Final = {"max_retries": 3, "interval_start": 0.1, "interval_step": 0.2, "interval_max": 1.0}
"""How long a message is tried for, about 2 s: the record starts without it too, a bit later."""


def start_run(
    task: Any,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    options: Mapping[str, Any],
    *,
    send: Callable[..., Any],
) -> AsyncResult:
    """Record a run of the parent `task`, send its message with `send`, return its result.

    `options` are Celery's, and `label` and `tags` of the run; `task_id` becomes the run's id.
    Raises TypeError for arguments that don't fit, NotJson or TooLarge for those that JSON can't
    carry, BadRequest for a label or tags beyond the bounds, NotImplementedError for options a
    run can't have, StoreUnavailable without Redis.
    """
    given = {name: value for name, value in options.items() if value is not None}
    _refuse(task.name, given)
    named = bind(task, args, kwargs)
    run_id = str(given.pop("task_id", None) or uuid.uuid4())
    new = NewRun(
        id=run_id,
        name=task.name,
        kwargs=named,
        label=given.pop("label", None),
        tags=tuple(given.pop("tags", ())),
        steps=task.steps,
        limits=task.limits,
    )
    if not store_of(task.app).create_run(new).waits:
        _ring(send, named, run_id, given)
    return task.AsyncResult(run_id)


def bind(task: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, JsonValue]:
    """Bind arguments to the names in the parent's signature; defaults are left to the parent.

    Raises TypeError, naming the parent, if they don't fit; NotJson and TooLarge.
    """
    try:
        bound = inspect.signature(task.run).bind(*args, **kwargs)
    except TypeError as error:
        raise TypeError(f"{task.name}: {error}") from None
    named: dict[str, Any] = {}
    for parameter in bound.signature.parameters.values():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            named.update(bound.arguments.get(parameter.name, {}))
        elif parameter.name in bound.arguments:
            named[parameter.name] = bound.arguments[parameter.name]
    return cast("dict[str, JsonValue]", normalise(named, f"The arguments of {task.name}"))


def store_of(app: Any) -> Store:
    """The store that runs started through `app` are recorded in; one per app and process.

    REDIS_URL names it, or else the app's own broker if that is a Redis. Raises SettingsError
    if neither does.
    """
    store: Store | None = getattr(app, "inception_store", None)
    if store is None:
        store = app.inception_store = Store(connect(redis_url_of(app), purpose="start"))
    return store


def redis_url_of(app: Any) -> str:
    """The address of the Redis that `app`'s runs are kept in. Raises SettingsError."""
    broker = str(app.conf.broker_write_url or app.conf.broker_url or "")
    url = Settings.from_environment().redis_url or broker
    if not url.startswith(("redis://", "rediss://", "unix://")):
        raise SettingsError(
            "There is no Redis to keep runs in: set REDIS_URL to a redis:// address, or give "
            f"the Celery app a Redis broker (it has {broker.partition(':')[0] or 'none'})."
        )
    return url


def _ring(
    send: Callable[..., Any], named: dict[str, JsonValue], run_id: str, options: dict[str, Any]
) -> None:
    """Send the message. The record stands without it: a rescuer starts what nobody rang for."""
    headers = {**(options.pop("headers", None) or {}), **ticket_headers(Ticket(run_id=run_id))}
    options.setdefault("retry_policy", _SENT)
    # The result is the watcher's to write; and the sender must not subscribe to it, since a
    # subscription that nobody reads is never given up (celery #3808).
    options["ignore_result"] = True
    try:
        send((), named, task_id=run_id, headers=headers, **options)
    except BROKER_ERRORS as error:
        _log.warning(
            "Run %s is recorded but its message was not sent: %s",
            run_id,
            error,
            extra={"action": "send_failed", "run_id": run_id},
        )


def _refuse(name: str, options: Mapping[str, Any]) -> None:
    for option in _REFUSED:
        if options.get(option):
            raise NotImplementedError(
                f"{name} was started with {option}=, which a run can't have: it starts as soon "
                "as a watcher has room, and its end is recorded, not called back. For a delay "
                "write `sleep(seconds)` in the parent; for what follows, a step of a parent."
            )
