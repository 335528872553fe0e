"""What a request needs, put together once and handed to whoever answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app

from inception.runs.control import Control
from inception.runs.settings import Settings
from inception.runs.store import Store
from webapp.auth.audit import Audit
from webapp.auth.strangers import Strangers
from webapp.bulk import BulkWorker
from webapp.fleet import Fleet
from webapp.relay.agent import Relay


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The parts of one web process."""

    settings: Settings
    store: Store
    control: Control
    fleet: Fleet
    relay: Relay
    audit: Audit
    bulk: BulkWorker
    strangers: Strangers


def services() -> Services:
    """Those of the app that answers the present request."""
    return cast(Services, current_app.extensions["inception"])
