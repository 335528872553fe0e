"""Whether every parent that is known can be started and seen right now."""

from __future__ import annotations

from typing_extensions import TypedDict

from inception.runs.errors import StoreUnavailable
from webapp.errors import NotReady
from webapp.services import Services


class Readiness(TypedDict):
    """The answer of `GET /readyz`: the last two are numbers of processes."""

    redis: bool
    relay: bool
    watchers: int
    compute: int


def check(services: Services) -> Readiness:
    """Ask Redis, the relay and the beats. Raises NotReady, which names what is missing."""
    services.relay.start()
    services.bulk.wake()
    try:
        services.store.ping()
        found = Readiness(
            redis=True,
            relay=services.relay.relays(),
            watchers=services.fleet.alive("watcher"),
            compute=services.fleet.alive("compute"),
        )
        has_catalogue = bool(services.store.read_catalogue())
    except StoreUnavailable as error:
        raise NotReady(["redis"]) from error
    missing = [name for name, value in found.items() if not value]
    if not has_catalogue:
        missing.append("catalogue")
    if missing:
        raise NotReady(missing)
    return found
