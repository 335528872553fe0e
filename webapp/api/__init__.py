"""REST, under /api/v1; the health checks are without the prefix."""

from __future__ import annotations

from functools import partial

from flask import Flask
from werkzeug.routing import BaseConverter

from webapp.api.bulk import bulk
from webapp.api.health import health
from webapp.api.nodes import nodes
from webapp.api.openapi import openapi
from webapp.api.parents import parents
from webapp.api.runs import runs
from webapp.api.tokens import tokens
from webapp.api.workers import workers
from webapp.openapi.document import list_calls


class RunIdConverter(BaseConverter):
    """Any word but those that are addresses of their own beside the runs."""

    regex = "(?!counts$)[^/]+"


def register(app: Flask) -> None:
    """Route everything that this version answers."""
    app.url_map.converters["run"] = RunIdConverter
    app.jinja_env.globals["api_calls"] = partial(list_calls, app)
    app.register_blueprint(health)
    for resource in (parents, runs, nodes, workers, tokens, openapi, bulk):
        app.register_blueprint(resource, url_prefix="/api/v1")
