"""Who sends the request or the socket event that is being answered."""

from __future__ import annotations

from flask import g

from webapp.auth.roles import Role, User
from webapp.errors import Forbidden, Unauthorized


def current_user() -> User:
    """Who asks. Raises Unauthorized if nobody was identified."""
    user = signed_in()
    if user is None:
        raise Unauthorized("Sign in, or send a token.")
    return user


def signed_in() -> User | None:
    """Who asks; None for a stranger where strangers may ask."""
    user: User | None = g.get("user")
    return user


def enter(user: User | None) -> None:
    """Note who asks, for the time of this request or event."""
    g.user = user


def require(role: Role) -> User:
    """Return who asks. Raises Forbidden unless that role is theirs, or a higher one."""
    user = current_user()
    if user.run_id is not None or not user.role.covers(role):
        raise Forbidden(f"This takes the role {role}; yours is {user.role}.")
    return user
