"""What changes a run, for REST and sockets alike."""

from __future__ import annotations

from inception.runs.model import Run
from inception.runs.records import Created
from webapp.access import LOCAL_USER
from webapp.payloads import Rerun, Revoke, Start
from webapp.services import Services


def start(services: Services, wanted: Start, idempotency_key: str | None) -> Created:
    """Check the arguments against the catalogue, record the run and send it.

    Raises ParentNotFound, InvalidArguments, IdempotencyKeyReused, TooLarge, StoreUnavailable.
    """
    return services.control.start(
        wanted.name,
        wanted.kwargs,
        label=wanted.label,
        tags=wanted.tags,
        idempotency_key=idempotency_key,
        by=LOCAL_USER,
    )


def revoke(services: Services, run_id: str, wanted: Revoke) -> Run:
    """Record that somebody asked a run, or a branch of it, to stop.

    Raises RunNotFound, NodeNotFound, RunAlreadyEnded, NodeAlreadyEnded, StoreUnavailable.
    """
    return services.control.revoke(run_id, wanted.path, by=LOCAL_USER, reason=wanted.reason)


def retry(services: Services, run_id: str) -> Run:
    """Let a run that ended badly go on. Raises RunNotFound, RunNotEnded, RunSucceeded."""
    return services.control.retry(run_id, by=LOCAL_USER)


def rerun(services: Services, run_id: str, wanted: Rerun) -> Run:
    """Start the same again. Raises RunNotFound and as `start`."""
    return services.control.rerun(run_id, wanted.kwargs, by=LOCAL_USER)


def delete(services: Services, run_id: str) -> None:
    """Remove an ended run. Raises RunNotFound, RunNotEnded, StoreUnavailable."""
    services.control.delete(run_id)
