"""What changes a run, for REST and sockets alike."""

from __future__ import annotations

from inception.runs.model import Run
from inception.runs.records import Created
from webapp.auth import current_user
from webapp.auth.audit import Deed
from webapp.payloads import Rerun, Revoke, Start
from webapp.services import Services


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
        _record(services, Deed.START, created.run["id"])
    return created


def revoke(services: Services, run_id: str, wanted: Revoke) -> Run:
    """Record that somebody asked a run, or a branch of it, to stop.

    Raises RunNotFound, NodeNotFound, RunAlreadyEnded, NodeAlreadyEnded, StoreUnavailable.
    """
    run = services.control.revoke(run_id, wanted.path, by=current_user().name, reason=wanted.reason)
    _record(services, Deed.REVOKE, run_id, wanted.path)
    return run


def retry(services: Services, run_id: str) -> Run:
    """Let a run that ended badly go on. Raises RunNotFound, RunNotEnded, RunSucceeded."""
    run = services.control.retry(run_id, by=current_user().name)
    _record(services, Deed.RETRY, run_id)
    return run


def rerun(services: Services, run_id: str, wanted: Rerun) -> Run:
    """Start the same again. Raises RunNotFound and as `start`."""
    run = services.control.rerun(run_id, wanted.kwargs, by=current_user().name)
    _record(services, Deed.RERUN, run["id"])
    return run


def delete(services: Services, run_id: str) -> None:
    """Remove an ended run. Raises RunNotFound, RunNotEnded, StoreUnavailable."""
    services.control.delete(run_id)
    _record(services, Deed.DELETE, run_id)


def _record(services: Services, deed: Deed, run_id: str, path: str | None = None) -> None:
    services.audit.record(deed, by=current_user().name, run_id=run_id, path=path or None)
