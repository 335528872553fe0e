"""The parents that can be started."""

from __future__ import annotations

from flask import Blueprint
from typing_extensions import TypedDict

from inception.runs.model import ListedParent
from webapp.openapi.operations import operation
from webapp.services import services

parents = Blueprint("parents", __name__)


class ParentsAnswer(TypedDict):
    """The catalogue."""

    parents: list[ListedParent]


@parents.get("/parents")
@operation()
def list_parents() -> ParentsAnswer:
    """Every announced parent: the JSON Schema of its keywords, how its latest runs ended."""
    return {"parents": services().store.list_parents()}
