"""Signing in and out, for people."""

from __future__ import annotations

import secrets
from typing import Final

import flask_login
from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from webapp.auth.gate import CSRF_FIELD, Session, gate, session_word
from webapp.auth.present import current_user
from webapp.errors import STATUS, TooManyRequests, Unauthorized

auth = Blueprint("auth", __name__)

_MAX_NAME: Final = 200


@auth.get("/signin")
def signin() -> str:
    """Where to sign in; without users nobody has to."""
    return _form(None)


@auth.post("/signin")
def sign_in() -> ResponseReturnValue:
    """Open a session and go where one wanted to, or say why not."""
    if gate().door.users is None:
        return redirect(_wanted())
    name, password = request.form.get("name", ""), request.form.get("password", "")
    address = request.remote_addr or ""
    try:
        word = gate().door.sign_in(name[:_MAX_NAME], password, address)
    except (Unauthorized, TooManyRequests) as error:
        return _form(error.message, name[:_MAX_NAME]), STATUS[error.code]
    if (former := session_word()) is not None:
        gate().door.sessions.end(former)
    session.clear()
    session[CSRF_FIELD] = secrets.token_urlsafe(32)
    flask_login.login_user(Session(word))
    return redirect(_wanted())


@auth.post("/signout")
def sign_out() -> ResponseReturnValue:
    """End the session, and with it the sockets it opened."""
    word = session_word()
    if word is not None:
        gate().door.sign_out(word, current_user())
        gate().admissions.look()
    flask_login.logout_user()
    session.clear()
    return redirect(url_for("auth.signin"))


def _form(error: str | None, name: str = "") -> str:
    return render_template("signin.html", error=error, name=name, next=_wanted())


def _wanted() -> str:
    """Where to go then: a path of ours, never another site's address."""
    path = request.values.get("next", "/")
    local = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if local and path.isprintable() else "/"
