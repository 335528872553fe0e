"""The address that Prometheus scrapes."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Flask, Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST, ProcessCollector, generate_latest

from inception.runs import keys
from inception.runs.errors import StoreUnavailable
from webapp.metrics.ended_runs import EndedRuns
from webapp.metrics.readings import Readings
from webapp.services import Services

metrics = Blueprint("metrics", __name__)


class Metrics:
    """All metrics of one web process, which begins to listen for them at the first scrape."""

    def __init__(self, services: Services) -> None:
        self._relay = services.relay
        self._registry = services.relay.meter.registry
        self._ended = EndedRuns(self._registry)
        self._registry.register(Readings(services, self._ended.name_of, self._listen))
        ProcessCollector(registry=self._registry)
        self._subscribed = False

    def render(self) -> bytes:
        """Everything in Prometheus' text format, whether Redis answers or not."""
        self._relay.start()
        return generate_latest(self._registry)

    def _listen(self) -> None:
        """Hear of runs that end; tried again with the next reading if Redis doesn't confirm."""
        if self._subscribed:
            return
        try:
            self._relay.subscribe(keys.LIST_CHANNEL, self._ended.hear)
        except StoreUnavailable:
            return  # `inception_redis_up` says so
        self._subscribed = True


def register(app: Flask, services: Services) -> None:
    """Answer `GET /metrics` in `app`."""
    app.extensions["inception.metrics"] = Metrics(services)
    app.register_blueprint(metrics)


@metrics.get("/metrics")
def read_metrics() -> Response:
    """What is counted, as Prometheus reads it."""
    found = cast(Metrics, current_app.extensions["inception.metrics"])
    return Response(found.render(), content_type=CONTENT_TYPE_LATEST)
