"""REST, under /api/v1; the health checks are without the prefix."""

from __future__ import annotations

from flask import Flask

from webapp.api.health import health
from webapp.api.nodes import nodes
from webapp.api.parents import parents
from webapp.api.runs import runs
from webapp.api.workers import workers


def register(app: Flask) -> None:
    """Route everything that this version answers."""
    app.register_blueprint(health)
    for resource in (parents, runs, nodes, workers):
        app.register_blueprint(resource, url_prefix="/api/v1")
