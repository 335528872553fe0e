"""Why a Redis can't be used, and what to do: one cause looks like another by its name."""

from __future__ import annotations

import re
from typing import Final

_SIGN_IN: Final = (
    "the user or the password in it is not right: redis://USER:PASSWORD@host, or "
    "redis://:PASSWORD@host without a user; what an address can't hold is written %20"
)
_DISTRUST: Final = (
    "its certificate is not trusted: name the authority that signed it, "
    "?ssl_cert_reqs=required&ssl_ca_certs=/path/to/authority.pem"
)
_CAUSES: Final = (
    (
        r"WRONGPASS|NOAUTH|[Aa]uthentication required|without any password|invalid.*password",
        _SIGN_IN,
    ),
    (r"(?i)certificate.verify.failed", _DISTRUST),
    (r"(?i)wrong.version.number|record layer", "it doesn't speak TLS there: write redis://"),
    (r"(?i)closed by server|reset by peer", "if it speaks TLS there, write rediss://"),
    (r"No such file", "it names a file that is not there: the socket, or one of the certificates"),
    (r"DB index is out of range", "it has no database of that number: 0 is always there"),
    (r"NOPERM", "its user may not do what is needed: docs/deployment/index.md has the rights"),
    (r"(?i)name or service|name resolution", "no host of that name is known: correct the address"),
    (r"Protocol error", "something else than Redis answers there: correct the address"),
    (
        r"(?i)timed? ?out",
        "nothing came back in time: correct the address, look for a firewall, or write redis://",
    ),
    (r"no Sentinel knows", "correct the Sentinels or what is watched, or wait for a fail-over"),
)


def advice(error: BaseException | str) -> str:
    """What to do about a Redis that was not reached, or refused."""
    said = str(error)
    found = (words for pattern, words in _CAUSES if re.search(pattern, said))
    return next(found, "start that Redis, or correct the address")
