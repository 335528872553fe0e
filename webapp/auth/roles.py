"""Who asks, and what each role may do. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What somebody may do; each role may also do what the ones before it may.

    A viewer reads. An operator also starts, revokes, retries and reruns. An admin also deletes,
    and gives tokens away.
    """

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def covers(self, needed: Role) -> bool:
        """True if whoever has this role may do what takes the needed one."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Who asks: a person who signed in, a program with a token, or anybody on this machine.

    `run_id` is set for the bearer of a read token: it reads this one run and nothing else.
    `session` is the public id of the cookie session that was used, None without one.
    """

    name: str
    role: Role
    run_id: str | None = None
    session: str | None = None


LOCAL_USER: Final = User(name="local", role=Role.ADMIN)
"""Anybody on this machine, where nobody has to sign in."""
