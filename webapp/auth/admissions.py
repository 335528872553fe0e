"""The sockets that were let in, and what they showed; who shows it in vain later is put out."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from inception.runs.errors import StoreUnavailable
from webapp.auth.door import Door, Proof
from webapp.auth.roles import User
from webapp.auth.rounds import Rounds
from webapp.errors import Unauthorized

LOOK_EVERY: Final = 10.0
"""Seconds (s) between two looks at whether what sockets have shown still holds; a socket that
asks for something is looked at at once."""

_log = logging.getLogger(__name__)


class Admissions:
    """What each socket of this process has shown. `close` puts one out.

    The look starts with the first socket that showed anything, and ends with the process.
    """

    def __init__(self, door: Door, close: Callable[[str], None]) -> None:
        self._door = door
        self._close = close
        self._shown: dict[str, Proof] = {}
        self._guard = threading.Lock()
        self._rounds = Rounds("admissions", self.look, LOOK_EVERY)

    def admit(self, sid: str, proof: Proof) -> User:
        """Let a socket in. Raises Unauthorized, StoreUnavailable."""
        user = self._known(proof)
        with self._guard:
            self._shown[sid] = proof
        if proof.token is not None or proof.session is not None:
            self._rounds.start()
        return user

    def user_of(self, sid: str) -> User:
        """Who asks on that socket, as of now. Raises Unauthorized, StoreUnavailable."""
        proof = self._shown.get(sid)
        if proof is None:
            raise Unauthorized("This socket was not let in.")
        return self._known(proof)

    def forget(self, sid: str) -> None:
        """A socket has gone."""
        with self._guard:
            self._shown.pop(sid, None)

    def look(self) -> None:
        """Put out every socket whose session has ended or whose token is valid no more."""
        with self._guard:
            shown = dict(self._shown)
        for proof in set(shown.values()):
            if not self._holds(proof):
                self._put_out([sid for sid, each in shown.items() if each == proof])

    def stop(self) -> None:
        """End the look soon."""
        self._rounds.stop()

    def _known(self, proof: Proof) -> User:
        user = self._door.identify(proof)
        if user is None:
            raise Unauthorized("Sign in, or send a token as auth.token.")
        return user

    def _holds(self, proof: Proof) -> bool:
        try:
            self._known(proof)
        except Unauthorized:
            return False
        except StoreUnavailable:
            return True  # nothing new is heard of any run either; the next look tells
        return True

    def _put_out(self, sids: list[str]) -> None:
        for sid in sids:
            _log.info("a socket was put out", extra={"action": "socket_put_out", "sid": sid})
            self._close(sid)
