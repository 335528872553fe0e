"""Whether this process is alive, and whether everything can be used."""

from __future__ import annotations

from flask import Blueprint
from typing_extensions import TypedDict

from webapp import readiness
from webapp.openapi.operations import operation
from webapp.services import services

health = Blueprint("health", __name__)


class Alive(TypedDict):
    """This process answers."""

    ok: bool


@health.get("/healthz")
@operation()
def healthz() -> Alive:
    """200 while this process answers."""
    return {"ok": True}


@health.get("/readyz")
@operation(errors=("not_ready",))
def readyz() -> readiness.Readiness:
    """200 once every parent can be started and seen; else 503, naming what is missing."""
    return readiness.check(services())
