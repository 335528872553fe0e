"""What changes a run, for REST and sockets alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, cast

from inception.runs.bulks import BulkAction
from inception.runs.model import Run, RunDescription
from inception.runs.records import Created
from webapp.auth import current_user, require
from webapp.auth.audit import Deed, log_deed
from webapp.auth.roles import Role
from webapp.payloads import Describe, Rerun, Revoke, Start
from webapp.services import Services, services


def start(services: Services, wanted: Start, idempotency_key: str | None) -> Created:
    """Check the arguments against the catalogue, record the run and send it.

    Raises ParentNotFound, InvalidArguments, IdempotencyKeyReused, TooLarge, StoreUnavailable.
    """
    created = services.control.start(
        wanted.name,
        wanted.kwargs,
        label=wanted.label,
        tags=wanted.tags,
        idempotency_key=idempotency_key,
        by=current_user().name,
    )
    if not created.existing:
        _log(Deed.START, created.run["id"])
    return created


def revoke(services: Services, run_id: str, wanted: Revoke) -> Run:
    """Record that somebody asked a run, or a branch of it, to stop.

    Raises RunNotFound, NodeNotFound, RunAlreadyEnded, NodeAlreadyEnded, StoreUnavailable.
    """
    run = services.control.revoke(run_id, wanted.path, by=current_user().name, reason=wanted.reason)
    _log(Deed.REVOKE, run_id, wanted.path)
    return run


def describe(services: Services, run_id: str, wanted: Describe) -> Run:
    """Give a run another label or other tags. Raises RunNotFound, StoreUnavailable."""
    changes = cast(RunDescription, wanted.model_dump(exclude_unset=True))
    run = services.control.describe(run_id, changes, by=current_user().name)
    _log(Deed.DESCRIBE, run_id)
    return run


def retry(services: Services, run_id: str) -> Run:
    """Let a run that ended badly go on. Raises RunNotFound, RunNotEnded, RunSucceeded."""
    run = services.control.retry(run_id, by=current_user().name)
    _log(Deed.RETRY, run_id)
    return run


def rerun(services: Services, run_id: str, wanted: Rerun) -> Run:
    """Start the same again. Raises RunNotFound and as `start`."""
    run = services.control.rerun(run_id, wanted.kwargs, by=current_user().name)
    _log(Deed.RERUN, run["id"])
    return run


def delete(services: Services, run_id: str) -> None:
    """Remove an ended run. Raises RunNotFound, RunNotEnded, StoreUnavailable."""
    services.control.delete(run_id, by=current_user().name)
    _log(Deed.DELETE, run_id)


def act_in_bulk(action: BulkAction, run_id: str) -> None:
    """Do one action of many, as whoever is present. Raises Forbidden, and as the action does."""
    _IN_BULK[action](services(), run_id)


def _delete_as_admin(parts: Services, run_id: str) -> None:
    """Asked again for each run: who asked for the whole is known by what was recorded then."""
    require(Role.ADMIN)
    delete(parts, run_id)


_IN_BULK: Final[Mapping[BulkAction, Callable[[Services, str], object]]] = {
    "revoke": lambda parts, run_id: revoke(parts, run_id, Revoke()),
    "retry": retry,
    "delete": _delete_as_admin,
}


def _log(deed: Deed, run_id: str, path: str | None = None) -> None:
    log_deed(deed, by=current_user().name, run_id=run_id, path=path or None)
