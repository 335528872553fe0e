"""Which address the web binds to: loopback alone, unless everybody has to sign in.

The supervisor asks this too, so it loads nothing of the web.
"""

from __future__ import annotations

import ipaddress

from inception.runs.errors import SettingsError
from inception.runs.settings import Settings


def check_binding(settings: Settings) -> None:
    """Refuse settings that would let strangers in. Raises SettingsError, which says what to do."""
    if settings.users is None and not is_loopback(settings.host):
        raise SettingsError(
            f"INCEPTION_HOST is {settings.host!r}, which others can reach, and INCEPTION_USERS is "
            "not set: name a file of users there (flask runs users add), or bind to 127.0.0.1."
        )


def is_loopback(host: str) -> bool:
    """True for `localhost` and addresses that only this machine reaches."""
    name = host.removeprefix("[").removesuffix("]").rstrip(".").lower()
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
