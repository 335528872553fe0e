"""The check before each request and each socket event, by the table of permissions."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import flask_login
from flask import Flask, current_app, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin
from flask_socketio import ConnectionRefusedError as Refused

from inception.runs.errors import InceptionError, StoreUnavailable
from webapp.auth import permissions, present
from webapp.auth.admissions import Admissions
from webapp.auth.door import Door, Proof
from webapp.auth.lobby import Sessions, make_known
from webapp.auth.permissions import Right
from webapp.auth.roles import User
from webapp.embedding import EMBEDDER
from webapp.errors import Forbidden, Unauthorized, error_body

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

CSRF_HEADER: Final = "X-CSRF-Token"
CSRF_FIELD: Final = "csrf_token"
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_MAX_TOKEN: Final = 500
_EXTENSION: Final = "inception_gate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Who is known here, and which sockets were let in."""

    door: Door
    admissions: Admissions
    sessions: Sessions | None = None
    """Where strangers' sessions wait; None where nobody is a stranger."""


class Session(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """What Flask-Login keeps in the cookie: the word of a session, by which it is looked up."""

    def __init__(self, word: str) -> None:
        self.id = word


class Manager(LoginManager):  # type: ignore[misc]  # Flask-Login has no types
    """Flask-Login without its second cookie, for browsers that stay signed in.

    Nobody is given one, so what looks like one is a stranger's; and it can't be read before the key
    of the cookies is.
    """

    def _load_user_from_remember_cookie(self, _cookie: str) -> None:
        return None


def register(app: Flask, gate: Gate) -> None:
    """Check each request of `app` before anything else sees it."""
    app.extensions[_EXTENSION] = gate
    manager = Manager(app)
    manager.session_protection = None  # it binds to address and browser, which change honestly
    manager.user_loader(Session)
    app.before_request(_check_request)


def gate() -> Gate:
    """That of the app that answers the present request."""
    return cast(Gate, current_app.extensions[_EXTENSION])


def csrf_token() -> str:
    """What forms and calls must send back; empty without a cookie session."""
    user = present.signed_in()
    return "" if user is None or user.session is None else str(session.get(CSRF_FIELD, ""))


def session_word() -> str | None:
    """The word of the cookie's session, if there is one and it was signed by us.

    Raises StoreUnavailable while that can't be known.
    """
    if current_app.session_interface.is_null_session(session):
        raise StoreUnavailable("Nobody can be known just now: Redis can't be reached.")
    found = flask_login.current_user
    return str(found.id) if found.is_authenticated else None


def shows_session(app: Flask, environ: WSGIEnvironment) -> bool:
    """True if that request, which `app` hasn't been asked yet, shows a session that is open.

    False too while that can't be known.
    """
    kept = app.session_interface.open_session(app, app.request_class(environ))
    word = None if kept is None else kept.get("_user_id")  # where Flask-Login keeps it
    if not isinstance(word, str):
        return False
    try:
        return cast(Gate, app.extensions[_EXTENSION]).door.identify(Proof(session=word)) is not None
    except StoreUnavailable:
        return False


def _check_request() -> ResponseReturnValue | None:
    if request.endpoint is None:
        return None  # nothing is there: 404 or 405, whoever asks
    right = permissions.ENDPOINTS.get(request.endpoint)
    if right is not None and right.role is None:
        return None
    user = gate().door.identify(_shown())
    present.enter(user)
    if user is None:
        return _send_to_sign_in()
    make_known(request.environ)
    run_id = (request.view_args or {}).get("run_id")
    _check(right, user, run_id, request.endpoint)
    if user.session is not None and request.method not in _READING:
        _check_csrf()
    return None


def _shown() -> Proof:
    header = request.headers.get("Authorization")
    if header is not None:
        kind, _, token = header.partition(" ")
        if kind.lower() != "bearer" or not token.strip():
            raise Unauthorized("Send the token as `Authorization: Bearer TOKEN`.")
        return Proof(token=token.strip()[:_MAX_TOKEN])
    if gate().door.users is None:
        return Proof()
    return Proof(session=session_word())


def _send_to_sign_in() -> ResponseReturnValue:
    if request.blueprint == "pages" and request.method == "GET":
        return redirect(url_for("auth.signin", next=request.full_path.rstrip("?")))
    raise Unauthorized("Sign in, or send a token as `Authorization: Bearer TOKEN`.")


def _check(right: Right | None, user: User, run_id: object, name: str) -> None:
    if right is None:
        raise Forbidden(f"{name} is not among what may be asked for.")
    if not right.permits(user, run_id if isinstance(run_id, str) else None):
        if user.run_id is not None:
            raise Forbidden("This token reads one run and nothing else.")
        raise Forbidden(f"This takes the role {right.role}; yours is {user.role}.")


def _check_csrf() -> None:
    sent = request.headers.get(CSRF_HEADER) or request.form.get(CSRF_FIELD, "")
    expected = str(session.get(CSRF_FIELD, ""))
    if not expected or not hmac.compare_digest(sent.encode(), expected.encode()):
        raise Forbidden(f"Send the page's CSRF token as {CSRF_HEADER}, or reload the page.")


def admit_socket(sid: str, auth: object) -> None:
    """Let a socket in by the handshake's `auth.token`, or its cookie. Refused: connect_error.

    One that a page of another origin opened takes the read token of a run.
    """
    try:
        proof = _shown_by_socket(auth)
        if EMBEDDER in request.environ:
            _check_embedder(proof)
        gate().admissions.admit(sid, proof)
        if (sessions := gate().sessions) is not None:
            sessions.join(sid)
    except InceptionError as error:
        raise Refused(error.message, error_body(error)) from error


def check_event(sid: str, event: str, run_id: object) -> None:
    """Check one event of a socket and the run it names; who asks is then known.

    Raises Unauthorized, Forbidden, StoreUnavailable.
    """
    user = gate().admissions.user_of(sid)
    present.enter(user)
    _check(permissions.EVENTS.get(event), user, run_id, event)


def forget_socket(sid: str) -> None:
    """A socket has gone."""
    gate().admissions.forget(sid)
    if (sessions := gate().sessions) is not None:
        sessions.part(sid)


def _check_embedder(proof: Proof) -> None:
    user = gate().door.identify(proof) if proof.token is not None else None
    if user is None or user.run_id is None:
        raise Forbidden("A page of another origin is let in with a run's read token alone.")


def _shown_by_socket(auth: Any) -> Proof:
    token = auth.get("token") if isinstance(auth, dict) else None
    if token is None:
        return _shown()
    if not isinstance(token, str) or not token:
        raise Unauthorized("Send the token as text in auth.token.")
    return Proof(token=token[:_MAX_TOKEN])
