"""Starts a run from outside a parent: the record first, then the message that rings for it."""

from __future__ import annotations

import inspect
import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast

from celery.result import AsyncResult

from inception.authoring.secret_arguments import secret_parameters, vault_of
from inception.runs.celery_app import BROKER_ERRORS
from inception.runs.concealment import conceal
from inception.runs.connection import connect
from inception.runs.errors import SettingsError
from inception.runs.jsontext import normalise_arguments
from inception.runs.messages import Ticket, ticket_headers
from inception.runs.model import JsonValue
from inception.runs.records import NewRun
from inception.runs.settings import REDIS_SCHEMES, Settings
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
    Raises TypeError for arguments or tags that don't fit, NotJson or TooLarge for those that JSON
    can't carry, SecretsRefused for secret ones without a key, BadRequest for a label or tags beyond
    the bounds, NotImplementedError for options a run can't have, StoreUnavailable without Redis.
    """
    given = {name: value for name, value in options.items() if value is not None}
    _refuse(task.name, given)
    run_id = str(given.pop("task_id", None) or uuid.uuid4())
    label, tags = given.pop("label", None), _tags(task.name, given.pop("tags", ()))
    new = replace(new_run(task, run_id, args, kwargs), label=label, tags=tags)
    if not store_of(task.app).create_run(new).waits:
        _ring(send, new, given)
    return task.AsyncResult(run_id)


def new_run(task: Any, run_id: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> NewRun:
    """The run of the parent `task` to be recorded, its secrets sealed; see `start_run`."""
    marked = {f"/{name}" for name in secret_parameters(task)}
    vault = vault_of(task.app)
    concealed = conceal(_bound(task, args, kwargs), vault.names, marked)
    return NewRun(
        id=run_id,
        name=task.name,
        kwargs=_plain(task.name, concealed.shown),
        sealed=vault.seal(_plain(task.name, concealed.hidden), task.name),
        steps=task.steps,
        limits=task.limits,
    )


def _bound(task: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Bind arguments to the names in the parent's signature; defaults are left to the parent."""
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
    return named


def _plain(name: str, arguments: object) -> dict[str, JsonValue]:
    return cast("dict[str, JsonValue]", normalise_arguments(name, arguments))


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
    if not url.startswith(REDIS_SCHEMES):
        raise SettingsError(
            "There is no Redis to keep runs in: set REDIS_URL to a redis:// address, or give "
            f"the Celery app a Redis broker (it has {broker.partition(':')[0] or 'none'})."
        )
    return url


def _ring(send: Callable[..., Any], new: NewRun, options: dict[str, Any]) -> None:
    """Send the message. The record stands without it: a rescuer starts what nobody rang for."""
    headers = {**(options.pop("headers", None) or {}), **ticket_headers(Ticket(run_id=new.id))}
    options.setdefault("retry_policy", _SENT)
    # The result is the watcher's to write; and the sender must not subscribe to it, since a
    # subscription that nobody reads is never given up (celery #3808).
    options["ignore_result"] = True
    try:
        send((), dict(new.kwargs), task_id=new.id, headers=headers, **options)
    except BROKER_ERRORS as error:
        _log.warning(
            "Run %s is recorded but its message was not sent: %s",
            new.id,
            error,
            extra={"action": "send_failed", "run_id": new.id},
        )


def _tags(name: str, tags: Sequence[str]) -> tuple[str, ...]:
    """A text is a sequence too, of its letters."""
    if isinstance(tags, str):
        raise TypeError(f"{name}: tags is the text {tags!r}; it takes a list: [{tags!r}].")
    return tuple(tags)


def _refuse(name: str, options: Mapping[str, Any]) -> None:
    for option in _REFUSED:
        if options.get(option):
            raise NotImplementedError(
                f"{name} was started with {option}=, which a run can't have: it starts as soon "
                "as a watcher has room, and its end is recorded, not called back. For a delay "
                "write `sleep(seconds)` in the parent; for what follows, a step of a parent."
            )
