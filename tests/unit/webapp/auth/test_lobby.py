"""How a session is ended that nobody has joined."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest

from webapp.auth.lobby import Sessions


class Engine:
    """As much of Engine.IO as the lobby takes: one session, and what becomes of it."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.handlers: dict[str, Any] = dict.fromkeys(("connect", "disconnect"), self._ignore)
        queue = SimpleNamespace(hang_up=lambda: self.said.append("hung up"))
        self.sockets = {"s": SimpleNamespace(close=self._close, queue=queue)}

    def on(self, event: str, handler: Any) -> None:
        self.handlers[event] = handler

    def _close(self, *, wait: bool, abort: bool) -> None:
        assert not wait
        assert abort
        self.said.append("closed")

    def _ignore(self, *_arguments: object) -> None:
        """Nobody else wants to know."""


@pytest.fixture
def engine() -> Engine:
    return Engine()


def test_its_connection_is_hung_up_as_its_writer_may_wait_for_a_client_that_does_not_read(
    engine: Engine,
) -> None:
    server = SimpleNamespace(server=SimpleNamespace(eio=engine))
    sessions = Sessions(server)  # type: ignore[arg-type]
    try:
        engine.handlers["connect"]("s", {})
        sessions.look(math.inf)
    finally:
        sessions.stop()
    assert engine.said == ["closed", "hung up"]
