"""The web of this test's own: an app that is served, on the Redis that it is given."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from werkzeug.serving import make_server

from inception.runs.settings import AsyncMode, Settings
from webapp.app import create_app
from webapp.services import Services


class Web:
    """A served app: its address and, for tests that look inside, its services."""

    def __init__(self, redis_url: str, users: Path | None = None, **more: Any) -> None:
        settings = Settings(
            redis_url=redis_url, async_mode=AsyncMode.THREADING, port=0, users=users, **more
        )
        self.app, self.sockets = create_app(settings)
        self.services: Services = self.app.extensions["inception"]
        self._server = make_server("127.0.0.1", 0, self.app, threaded=True)
        self.port: int = self._server.server_port
        self.address = f"http://127.0.0.1:{self.port}"
        serve = lambda: self._server.serve_forever(poll_interval=0.02)  # noqa: E731
        self._thread = threading.Thread(target=serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.services.relay.stop()
        self.services.bulk.stop()
        self._server.shutdown()
        self._thread.join(5)
