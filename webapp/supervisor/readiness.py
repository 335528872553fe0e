"""Waits until the application answers that it is ready, and says so once."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable

PAUSE = 0.1
ANSWER_TIMEOUT = 3.0
REMINDER_AFTER = 20.0
"""Seconds (s) of waiting after which, and again every so often, it is said what is missing."""

WILDCARDS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # not bound here


class ReadinessProbe:
    """Asks /readyz from a thread of its own, so that restarts never wait for an answer."""

    def __init__(self, host: str, port: int, say: Callable[[str], None]) -> None:
        self._host = WILDCARDS.get(host, host)
        self._port = port
        self._say = say
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="readiness", daemon=True)

    @property
    def address(self) -> str:
        """The dashboard's address."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}/"

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._stopped.set()
        self._thread.join(ANSWER_TIMEOUT + PAUSE)

    def _run(self) -> None:
        waited = 0
        while not self._stopped.wait(PAUSE):
            missing = self._missing()
            if missing is None:
                self._say(f"ready: {self.address}")
                return
            waited += 1
            if waited % round(REMINDER_AFTER / PAUSE) == 0:
                self._say(f"still waiting for: {missing}; the logs say more")

    def _missing(self) -> str | None:
        """Return what /readyz lacks, or None when it is ready."""
        connection = http.client.HTTPConnection(self._host, self._port, timeout=ANSWER_TIMEOUT)
        try:
            connection.request("GET", "/readyz")
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException):
            return "web"
        finally:
            connection.close()
        return None if response.status == http.HTTPStatus.OK else _named(body)


def _named(body: bytes) -> str:
    try:
        return ", ".join(json.loads(body)["error"]["missing"])
    except (ValueError, KeyError, TypeError):
        return "the web to be ready"
