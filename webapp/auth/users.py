"""The file of users, `name:role:hash` a line: read when it changes, replaced whole."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inception.runs.errors import SettingsError
from webapp.auth.passwords import is_hash
from webapp.auth.roles import Role
from webapp.whole_files import replace_file

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")
MAX_BYTES: Final = 1024 * 1024
"""Of the file: about 7,000 users."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One line of the file."""

    name: str
    role: Role
    hash: str

    @property
    def mark(self) -> str:
        """Changes with the password, so that sessions opened with the former one end."""
        return hashlib.sha256(self.hash.encode()).hexdigest()[:16]


class UsersFile:
    """Who may sign in. A file that can't be read lets nobody in.

    `note` is told of the accounts before they are written, and once they were read anew.
    """

    def __init__(
        self, path: Path, note: Callable[[Mapping[str, Account]], None] | None = None
    ) -> None:
        self._path = path
        self._note = note or (lambda _accounts: None)
        self._version: tuple[int, ...] | None = None
        self._accounts: dict[str, Account] = {}

    def find(self, name: str) -> Account | None:
        """The account of that name, as the file says now."""
        return self.accounts().get(name)

    def accounts(self) -> dict[str, Account]:
        """All accounts by name, read anew if the file was replaced or written to."""
        version = self._stat()
        if version != self._version:
            self._accounts = self._load()
            self._version = version
        return self._accounts

    def add(self, account: Account) -> None:
        """Write one account, in place of that of the same name. Raises SettingsError."""
        known = read_accounts(self._path) if self._path.exists() else {}
        self._replace({**known, account.name: account})

    def remove(self, name: str) -> bool:
        """Remove one account; False if there is none. Raises SettingsError."""
        known = read_accounts(self._path)
        if known.pop(name, None) is None:
            return False
        self._replace(known)
        return True

    def _stat(self) -> tuple[int, ...] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _load(self) -> dict[str, Account]:
        try:
            found = read_accounts(self._path)
        except SettingsError as error:
            _log.error("nobody can sign in: %s", error, extra={"action": "users_unreadable"})
            return {}
        self._note(found)
        return found

    def _replace(self, accounts: dict[str, Account]) -> None:
        self._note(accounts)
        lines = (f"{a.name}:{a.role}:{a.hash}\n" for a in accounts.values())
        try:
            replace_file(self._path, "".join(lines))  # readable by its owner alone
        except OSError as error:
            raise SettingsError(f"{self._path} can't be written ({error.strerror}).") from error


def read_accounts(path: Path) -> dict[str, Account]:
    """Read the file whole. Raises SettingsError, naming the line if one is wrong."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise SettingsError(
            f"INCEPTION_USERS names {path}, which can't be read ({error.strerror}): write it with "
            "`flask runs users add NAME --role admin`."
        ) from error
    if len(raw) > MAX_BYTES:
        raise SettingsError(f"INCEPTION_USERS names {path}, which is larger than {MAX_BYTES:,} B.")
    return {account.name: account for account in _accounts(path, raw.decode(errors="replace"))}


def _accounts(path: Path, text: str) -> Iterator[Account]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            account = _account(line.strip())
            if account is None:
                raise SettingsError(
                    f"line {number} of {path} is no `name:role:hash`; write it with "
                    "`flask runs users add NAME --role viewer|operator|admin`."
                )
            yield account


def _account(line: str) -> Account | None:
    name, _, rest = line.partition(":")
    role, _, kept = rest.partition(":")
    if not NAME.fullmatch(name) or role not in list(Role) or not is_hash(kept):
        return None
    return Account(name=name, role=Role(role), hash=kept)
