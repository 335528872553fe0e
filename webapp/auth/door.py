"""Tells who somebody is by what they show: a session, a token, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import redis

from inception.runs import keys
from inception.runs.settings import Settings
from webapp.auth import passwords
from webapp.auth.attempts import Attempts
from webapp.auth.audit import Audit, Deed
from webapp.auth.grants import Grant, Grants
from webapp.auth.roles import LOCAL_USER, Role, User
from webapp.auth.roll import Roll
from webapp.auth.users import UsersFile
from webapp.errors import Unauthorized

SESSION_LIFETIME: Final = 7 * 24 * 3600
"""Seconds (s) after which everybody signs in anew."""
MAX_SESSIONS: Final = 10_000
MAX_TOKENS: Final = 10_000
TOKEN_PREFIX: Final = "inc_"  # noqa: S105  no password
"""So that a token that leaked is found by who looks for such."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What somebody shows. Of both, the token counts. Nothing at all is a proof on loopback."""

    token: str | None = None
    session: str | None = None


class Door:
    """The users, sessions and tokens of one application."""

    def __init__(self, settings: Settings, client: redis.Redis) -> None:
        self.sessions = Grants(client, keys.SESSIONS, most=MAX_SESSIONS, yield_=True)
        self.tokens = Grants(client, keys.TOKENS, most=MAX_TOKENS, prefix=TOKEN_PREFIX)
        self.audit = Audit(client)
        roll = Roll(client, self.audit)
        self.users = None if settings.users is None else UsersFile(settings.users, roll.note)
        self._attempts = Attempts(client)

    def identify(self, proof: Proof) -> User | None:
        """Who shows this; None for a stranger.

        Asks Redis and the file of users each time, so that what was taken back is refused at
        once. Raises Unauthorized for a token that is not valid, StoreUnavailable.
        """
        if proof.token is not None:
            return self._bearer(proof.token)
        if self.users is None:
            return LOCAL_USER
        return None if proof.session is None else self._signed_in(proof.session, self.users)

    def sign_in(self, name: str, password: str, address: str) -> str:
        """Open a session; the word that proves it.

        Raises TooManyRequests, Unauthorized (which of the two is wrong is not said) and
        StoreUnavailable.
        """
        self._attempts.count(address, name)
        account = None if self.users is None else self.users.find(name)
        right = passwords.is_right(password, None if account is None else account.hash)
        if account is None or not right:
            self.audit.record(Deed.SIGN_IN_REFUSED, by=name, address=address)
            raise Unauthorized("Name or password is wrong.")
        self._attempts.remember(address, account.name)
        self.audit.record(Deed.SIGN_IN, by=account.name, address=address)
        word, _grant = self.sessions.give(
            account.name, account.role, lifetime=SESSION_LIFETIME, mark=account.mark
        )
        return word

    def sign_out(self, session: str, user: User) -> None:
        """End a session. Raises StoreUnavailable."""
        self.audit.record(Deed.SIGN_OUT, by=user.name)
        self.sessions.end(session)

    def give_run_token(self, run_id: str, *, lifetime: int, by: str) -> tuple[str, Grant]:
        """A word that reads this run for `lifetime` seconds (s), and nothing else.

        Raises TooManyRequests, StoreUnavailable.
        """
        self.audit.record(Deed.GIVE_TOKEN, by=by, run_id=run_id)
        return self.tokens.give(
            f"reader of {run_id}", Role.VIEWER, lifetime=lifetime, run_id=run_id, by=by
        )

    def _bearer(self, token: str) -> User:
        grant = self.tokens.find(token)
        if grant is None:
            raise Unauthorized("This token is not valid: mistyped, expired or taken back.")
        return User(name=grant.name, role=grant.role, run_id=grant.run_id)

    def _signed_in(self, session: str, users: UsersFile) -> User | None:
        grant = self.sessions.find(session)
        account = None if grant is None else users.find(grant.name)
        if grant is None or account is None or account.mark != grant.mark:
            return None
        return User(name=account.name, role=account.role, session=grant.id)
