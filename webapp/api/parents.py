"""The parents that can be started."""

from __future__ import annotations

from flask import Blueprint

from inception.runs.model import Parent
from webapp.services import services

parents = Blueprint("parents", __name__)


@parents.get("/parents")
def list_parents() -> dict[str, list[Parent]]:
    """Every parent that a worker has announced, with a JSON Schema of its keywords."""
    return {"parents": services().store.read_catalogue()}
