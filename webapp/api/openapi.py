"""The document of this interface."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app

from webapp.openapi import document
from webapp.openapi.operations import operation
from webapp.services import services

openapi = Blueprint("openapi", __name__)


@openapi.get("/openapi.json")
@operation()
def read_openapi() -> dict[str, Any]:
    """This document, with examples that exist at the moment."""
    return document.read(current_app, services().store)
