"""Puts the web together: one Flask app, one Socket.IO server, one relay."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import redis
from flask import Flask
from flask_socketio import SocketIO
from werkzeug.middleware.proxy_fix import ProxyFix

from inception.runs.celery_app import create_client
from inception.runs.connection import connect
from inception.runs.control import Control
from inception.runs.errors import SettingsError
from inception.runs.settings import Settings
from inception.runs.store import Store
from inception.runs.vault import Vault
from webapp import access, actions, api, assets, bodies, errors, headers, packing, sockets
from webapp.auth import cookies, gate
from webapp.auth.admissions import Admissions
from webapp.auth.audit import Audit
from webapp.auth.door import Door
from webapp.auth.lobby import Lobby, Sessions
from webapp.auth.signin import auth
from webapp.auth.strangers import Strangers
from webapp.auth.users import read_accounts
from webapp.binding import check_binding
from webapp.bulk import BulkWorker
from webapp.fleet import Fleet
from webapp.handshakes import SoundHandshakes
from webapp.kept_files import KeptFiles
from webapp.metrics import page as metrics
from webapp.packets import BoundedPacket, end_senders_of_malformed
from webapp.pages import pages
from webapp.payloads import MAX_BODY_BYTES
from webapp.queues import queues_of
from webapp.relay.agent import Relay
from webapp.services import Services

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_ROOT: Final = Path(__file__).parents[1]


def create_app(
    settings: Settings, *, templates: Path = _ROOT / "templates", static: Path = _ROOT / "static"
) -> tuple[Flask, SocketIO]:
    """Build the web of one process; nothing is connected or started yet.

    `templates` and `static` are the dashboard's folders. Raises SettingsError for settings that
    leave out Redis or would let strangers in.
    """
    if settings.redis_url is None:
        raise SettingsError("REDIS_URL is not set; name a Redis, or run everything by `make run`.")
    check_binding(settings)
    if settings.users is not None:
        read_accounts(settings.users)  # what is wrong with it is named at the start
    app = Flask(__name__, template_folder=str(templates), static_folder=str(static))
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.url_map.merge_slashes = False  # an address that nobody gives out is no redirect, but 404
    app.json.sort_keys = False  # type: ignore[attr-defined]  # of the default provider
    for part in (errors, headers, assets, packing, bodies, api):
        part.register(app)
    app.register_blueprint(pages)
    app.register_blueprint(auth)
    socket_io = _create_sockets(app, settings)
    client = connect(settings.redis_url, purpose="web")
    services = _create_services(app, settings, settings.redis_url, client, socket_io)
    app.extensions["inception"] = services
    metrics.register(app, services)
    _guard(app, services, client, socket_io)
    return app, socket_io


def _create_sockets(app: Flask, settings: Settings) -> SocketIO:
    """No message queue: with a relay in every process it would multiply each event."""
    quiet = logging.getLogger("webapp.engineio")
    quiet.setLevel(logging.CRITICAL)  # it logs a traceback for each malformed packet of a stranger
    socket_io = SocketIO(
        app,
        async_mode=str(settings.async_mode),  # else it takes eventlet wherever that is installed
        async_handlers=False,
        manage_session=False,
        serializer=BoundedPacket,
        max_http_buffer_size=MAX_BODY_BYTES,
        monitor_clients=False,  # the relay looks at all of them at once
        logger=quiet,
        engineio_logger=quiet,
    )
    sockets.register(socket_io)
    end_senders_of_malformed(socket_io)
    return socket_io


def _guard(app: Flask, services: Services, client: redis.Redis, socket_io: SocketIO) -> None:
    """Nothing is answered before it is known who asks, and from where."""
    cookies.register(app, client)
    settings, door = services.settings, Door(services.settings, client)
    has_users = settings.users is not None
    sessions = Sessions(socket_io) if has_users else None
    admissions = Admissions(door, services.relay.clients.close)
    gate.register(app, gate.Gate(door=door, admissions=admissions, sessions=sessions))
    guarded: WSGIApplication = access.OwnAddressOnly(
        KeptFiles(SoundHandshakes(app.wsgi_app), Path(app.static_folder or "static")),
        has_users=has_users,
        embedders=settings.embed_origins,
    )
    if sessions is not None:
        guarded = Lobby(guarded, services.strangers, sessions, partial(gate.shows_session, app))
    # The `Host` is no proxy's to change: the `Origin` is compared with what the browser asked for.
    proxies = settings.trusted_proxies
    app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
        guarded, x_for=proxies, x_proto=proxies, x_host=0, x_port=0, x_prefix=0
    )


def _create_services(
    app: Flask, settings: Settings, url: str, client: redis.Redis, socket_io: SocketIO
) -> Services:
    store = Store(client)
    fleet = Fleet(store, queues_of(settings, client), settings.heartbeat_ttl)
    return Services(
        settings=settings,
        store=store,
        control=Control(store, create_client(settings), Vault.from_settings(settings)),
        fleet=fleet,
        audit=Audit(client),
        relay=Relay(url, store, client, fleet, socket_io),
        bulk=BulkWorker(app, store, actions.act_in_bulk),
        strangers=Strangers(0 if settings.users is None else settings.max_strangers),
    )
