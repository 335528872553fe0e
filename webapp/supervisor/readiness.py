"""Waits until the application answers that it is ready, and says so once."""

from __future__ import annotations

import http.client
import json
import logging
import threading

log = logging.getLogger(__name__)

PAUSE = 0.1
ANSWER_TIMEOUT = 3.0
REMINDER_AFTER = 20.0
"""Seconds (s) of waiting after which, and again every so often, it is said what is missing."""

WILDCARDS = {
    "": "127.0.0.1",
    "0.0.0.0": "127.0.0.1",  # noqa: S104  # not bound here
    "::": "::1",
}


class ReadinessProbe:
    """Asks /readyz from a thread of its own, so that restarts never wait for an answer."""

    def __init__(self, host: str, port: int) -> None:
        self._host = WILDCARDS.get(host, host)
        self._port = port
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
        if self._thread.is_alive():
            self._thread.join(ANSWER_TIMEOUT + PAUSE)

    def _run(self) -> None:
        waited = 0
        while not self._stopped.wait(PAUSE):
            missing = self._missing()
            if missing is None:
                log.info("ready: %s", self.address, extra={"action": "ready"})
                return
            waited += 1
            if waited % round(REMINDER_AFTER / PAUSE) == 0:
                about = {"action": "not_ready"}
                log.info("still waiting for: %s; the logs say more", missing, extra=about)

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
