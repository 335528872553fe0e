"""Whether this process is alive, and whether everything can be used."""

from __future__ import annotations

from flask import Blueprint

from webapp import readiness
from webapp.services import services

health = Blueprint("health", __name__)


@health.get("/healthz")
def healthz() -> dict[str, bool]:
    """200 while this process answers."""
    return {"ok": True}


@health.get("/readyz")
def readyz() -> readiness.Readiness:
    """200 once every parent can be started and seen; else 503, naming what is missing."""
    return readiness.check(services())
