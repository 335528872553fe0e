"""The session cookie: signed with a word that all web processes share, which Redis keeps.

The cookie holds a random word and the CSRF token that belongs to it. What the word opens is looked
up at each request, so a session ends the moment its word is forgotten, whatever the cookie says.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, cast

import redis
from flask import Flask, Request, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

from inception.runs import keys
from inception.runs.errors import StoreUnavailable
from inception.runs.scripts import refusals_as_errors

if TYPE_CHECKING:
    from itsdangerous import URLSafeTimedSerializer


class Cookies(SecureCookieSessionInterface):
    """Flask's signed cookies, whose key is read when it is first needed."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """What the cookie says; None (nobody can be known) while the key can't be read."""
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        try:
            return super().open_session(app, request)
        except StoreUnavailable:
            return None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """As Flask does, having read the key. Raises StoreUnavailable."""
        if not app.secret_key:
            app.secret_key = self._read_key()
        return super().get_signing_serializer(app)

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002  Flask's signature
        """Only over https, where that is how this request came, to us or to a trusted proxy."""
        return request.is_secure

    def _read_key(self) -> str:
        """The key, drawn by whichever process asks first."""
        with refusals_as_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.set(keys.COOKIES, secrets.token_urlsafe(32), nx=True)
            pipe.get(keys.COOKIES)
            _drawn, key = pipe.execute()
        return cast(str, key)


def register(app: Flask, client: redis.Redis) -> None:
    """Use these cookies in `app`; no script reads them and no other site sends them along."""
    app.session_interface = Cookies(client)
    app.config["SESSION_COOKIE_NAME"] = "inception_session"
    app.config["SESSION_COOKIE_HTTPONLY"] = True
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
