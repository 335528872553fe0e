"""Keeps secret arguments: which are secret by their name, and the keys that they are sealed with.

Sealed is Fernet (AES-128 in CBC mode with an HMAC), by the first key; each key opens what was
sealed with it. To change keys put the new one first, and take the old one out once no run needs it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import cast

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from inception.runs.concealment import Hidden, is_secret_name
from inception.runs.errors import SecretsRefused, SecretsUnreadable, SettingsError
from inception.runs.jsontext import encode
from inception.runs.settings import DEFAULT_SECRET_NAMES, Settings

SETTING = "INCEPTION_SECRET_KEYS"


class Vault:
    """Seals and opens. Without keys it refuses both; `names` are the words of secret names.

    Raises SettingsError for a key that is none, without showing it.
    """

    def __init__(
        self, keys: Sequence[str] = (), names: Collection[str] = DEFAULT_SECRET_NAMES
    ) -> None:
        self.names = tuple(names)
        self._keys = MultiFernet([_key(word) for word in keys]) if keys else None

    @classmethod
    def from_settings(cls, settings: Settings) -> Vault:
        """As the settings say. Raises SettingsError."""
        return cls(settings.secret_keys, settings.secret_names)

    def is_secret(self, name: str) -> bool:
        """True if an argument of this name, or a key in one, holds a secret."""
        return is_secret_name(name, self.names)

    def seal(self, hidden: Hidden, what: str) -> str | None:
        """The secrets of `what` as text that only a key opens; None if there are none.

        Raises SecretsRefused without a key, NotJson or TooLarge.
        """
        if not hidden:
            return None
        if self._keys is None:
            raise SecretsRefused(_no_key(what, hidden), sorted(hidden))
        return self._keys.encrypt(encode(dict(hidden), "secrets").encode()).decode()

    def open(self, sealed: str | None) -> Hidden:
        """The secrets in what `seal` returned. Raises SecretsUnreadable."""
        if not sealed:
            return {}
        if self._keys is None:
            raise SecretsUnreadable(f"Secret arguments can't be read: {SETTING} is not set here.")
        try:
            return cast("Hidden", json.loads(self._keys.decrypt(sealed)))
        except InvalidToken:
            raise SecretsUnreadable(
                f"Secret arguments can't be read: they were sealed with a key that is not among "
                f"those of {SETTING}. Put it back behind the present one."
            ) from None


def _key(word: str) -> Fernet:
    try:
        return Fernet(word)
    except ValueError:
        raise SettingsError(
            f"{SETTING} has a key that is none: it takes 32 random bytes in URL-safe base64, as "
            "`flask runs secrets new-key` prints; several with commas between, the newest first."
        ) from None


def _no_key(what: str, hidden: Hidden) -> str:
    places = ", ".join(sorted(hidden))
    return (
        f"{what} has secrets ({places}), which are kept encrypted or not at all, and there is no "
        f"key: set {SETTING} for the web and all workers (`flask runs secrets new-key` prints one)."
    )
