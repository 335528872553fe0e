"""The processes at work, and the queues."""

from __future__ import annotations

from flask import Blueprint

from webapp.fleet import FleetAnswer
from webapp.openapi.operations import operation
from webapp.services import services

workers = Blueprint("workers", __name__)


@workers.get("/workers")
@operation()
def read_workers() -> FleetAnswer:
    """Watchers, compute workers, and how long the queues are."""
    return services().fleet.read()
