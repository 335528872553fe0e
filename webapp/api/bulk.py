"""One action on many runs, done by the server in the background."""

from __future__ import annotations

from flask import Blueprint, url_for

from inception.runs.bulks import Bulk
from webapp.auth import current_user, require
from webapp.auth.roles import Role
from webapp.bulk import record
from webapp.openapi.operations import Whole, operation
from webapp.payloads import BulkId, StartBulk
from webapp.services import services

bulk = Blueprint("bulk", __name__)


@bulk.post("/bulk")
@operation(
    answer=Bulk,
    status=202,
    errors=("run_not_found",),  # of an id that no run can have
    answer_headers={"Location": "Where to ask how far it is."},
)
def start_bulk(body: StartBulk) -> Whole:
    """Revoke, retry or delete many runs; it goes on when this is answered.

    A filter finds the runs as they are now, and only those the action can succeed on. To delete
    takes the role admin.
    """
    if body.action == "delete":
        require(Role.ADMIN)
    parts = services()
    recorded = record(parts.store, body, current_user())
    parts.bulk.wake()
    address = url_for("bulk.read_bulk", bulk_id=recorded["id"])
    return dict(recorded), 202, {"Location": address}


@bulk.get("/bulk/<bulk_id>")
@operation()
def read_bulk(bulk_id: BulkId) -> Bulk:
    """How far a bulk action is: it has ended when `done` and `failed` make `total`."""
    parts = services()
    parts.bulk.wake()  # what another process left undone is taken up when somebody asks
    return parts.store.read_bulk(bulk_id)
