"""The parents that can be started."""

from __future__ import annotations

from flask import Blueprint
from typing_extensions import TypedDict

from inception.runs.model import Parent
from webapp.api.operations import operation
from webapp.services import services

parents = Blueprint("parents", __name__)


class ParentsAnswer(TypedDict):
    """The catalogue."""

    parents: list[Parent]


@parents.get("/parents")
@operation()
def list_parents() -> ParentsAnswer:
    """Every parent that a worker has announced, with a JSON Schema of its keywords."""
    return {"parents": services().store.read_catalogue()}
