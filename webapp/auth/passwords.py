"""Passwords: only an argon2id hash is ever kept, and checking one takes the same time always."""

from __future__ import annotations

from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MAX_LENGTH: Final = 1_000
"""Characters of a password; a longer one is never right."""
SHORT: Final = 8
"""Characters below which a new password is warned of."""

# The least that OWASP's cheat sheet on password storage recommends: 19 MiB, 2 passes, 1 lane. It
# takes about 20 ms, in which a web process does nothing else, so how often is bounded (attempts).
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hash_password(password: str) -> str:
    """A salted hash, with the parameters it was made with; it holds no colon."""
    return _HASHER.hash(password)


def is_right(password: str, kept: str | None) -> bool:
    """Check a password against the kept hash; of nobody (None) at the same cost, and False."""
    try:
        _HASHER.verify(kept or _nobodys_hash(), password[:MAX_LENGTH])
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None and len(password) <= MAX_LENGTH


def is_hash(text: str) -> bool:
    """True for what `hash_password` makes, whatever its parameters."""
    try:
        _HASHER.check_needs_rehash(text)
    except InvalidHashError:
        return False
    return True


@cache
def _nobodys_hash() -> str:
    return hash_password("nobody's password")
