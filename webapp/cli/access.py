"""`flask runs users`, `tokens`, `audit`, `secrets`: who may come in, what was done, and keys."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click
from cryptography.fernet import Fernet

from inception.runs.errors import BadRequest, SettingsError, StoreUnavailable
from inception.runs.settings import Settings
from webapp.auth.audit import MAX_ENTRIES, Audit, Deed
from webapp.auth.door import Door
from webapp.auth.grants import Grant
from webapp.auth.passwords import MAX_LENGTH, SHORT, hash_password
from webapp.auth.roles import Role
from webapp.auth.roll import Roll
from webapp.auth.users import NAME, Account, UsersFile, read_accounts
from webapp.cli.printing import counted, echo_json, moment, print_table
from webapp.cli.session import caller, open_session, says_refusals
from webapp.cli.words import as_json

_SPAN: Final = re.compile(r"(\d{1,9})([smhd]?)")
_SECONDS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_role = click.option(
    "--role", required=True, type=click.Choice([str(role) for role in Role]), help="What it may do."
)


@click.group()
def users() -> None:
    """People who may sign in: the file that INCEPTION_USERS names."""


@users.command("add")
@click.argument("name")
@_role
@as_json
@says_refusals
def add_user(name: str, role: str, as_json: bool) -> None:
    """Add NAME, or give it another role and password.

    The password is asked for on a terminal, else it is the first line of standard input. Who was
    signed in as NAME has to sign in again.
    """
    file = _noted_users_file()
    if not NAME.fullmatch(name):
        raise BadRequest("A name is 1 to 64 letters, digits, and _ . @ - but for its first one.")
    password = _read_password()
    file.add(Account(name=name, role=Role(role), hash=hash_password(password)))
    _say({"name": name, "role": role}, f"{name} may sign in as {role}.", as_json)


@users.command("list")
@as_json
@says_refusals
def list_users(as_json: bool) -> None:
    """List names and roles."""
    accounts = read_accounts(_users_path()).values()
    if as_json:
        echo_json({"users": [{"name": one.name, "role": one.role} for one in accounts]})
    else:
        print_table(("name", "role"), ((one.name, one.role) for one in accounts))


@users.command("rm")
@click.argument("name")
@as_json
@says_refusals
def remove_user(name: str, as_json: bool) -> None:
    """Remove NAME; it is signed out everywhere."""
    if not _noted_users_file().remove(name):
        raise BadRequest(f"There is no user {name!r}. `runs users list` lists those there are.")
    _say({"name": name}, f"{name} is removed.", as_json)


@users.command("signout")
@click.argument("name")
@as_json
@says_refusals
def sign_out_user(name: str, as_json: bool) -> None:
    """End all sessions of NAME, who may sign in again."""
    door = _door()
    door.audit.record(Deed.END_SESSIONS, by=caller(), about=name)
    ended = door.sessions.take_back(name=name)
    _say({"name": name, "ended": ended}, f"{counted(ended, 'session')} ended.", as_json)


@click.group()
def tokens() -> None:
    """Tokens, with which programs sign in.

    REST takes them as `Authorization: Bearer TOKEN`, a socket as `auth.token`.
    """


@tokens.command("add")
@click.argument("name")
@_role
@click.option(
    "--expires-in", metavar="TIME", help="How long it is valid: 90s, 15m, 12h, 30d. Else for ever."
)
@as_json
@says_refusals
def add_token(name: str, role: str, expires_in: str | None, as_json: bool) -> None:
    """Give a program called NAME a token, and print it.

    It is shown this once.
    """
    lifetime = None if expires_in is None else parse_span(expires_in)
    door = _door()
    door.audit.record(Deed.GIVE_TOKEN, by=caller(), about=f"{name} ({role})")
    word, grant = door.tokens.give(name[:200], Role(role), lifetime=lifetime, by=caller())
    if as_json:
        echo_json({"token": word, **_shown(grant)})
    else:
        click.echo(word)


@tokens.command("list")
@as_json
@says_refusals
def list_tokens(as_json: bool) -> None:
    """List what is valid; the tokens themselves are kept nowhere."""
    grants = _door().tokens.all()
    if as_json:
        echo_json({"tokens": [_shown(grant) for grant in grants]})
        return
    print_table(
        ("id", "name", "role", "given by", "until"),
        (
            (one.id, one.name, one.role, one.by or "", moment(one.expires_at) or "revoked")
            for one in grants
        ),
    )


@tokens.command("revoke")
@click.argument("ids", metavar="ID…", nargs=-1, required=True)
@as_json
@says_refusals
def revoke_tokens(ids: tuple[str, ...], as_json: bool) -> None:
    """Take tokens back, by the ids that `tokens list` shows."""
    door = _door()
    for each in ids:
        door.audit.record(Deed.TAKE_TOKEN, by=caller(), about=each)
    unknown = [each for each in ids if not door.tokens.take_back(id=each)]
    if unknown:
        raise BadRequest(
            f"There is no token {', '.join(unknown)}. `runs tokens list` lists the ids there are."
        )
    _say({"revoked": list(ids)}, f"{counted(len(ids), 'token')} revoked.", as_json)


@click.command()
@click.option(
    "--limit", default=100, show_default=True, type=click.IntRange(1, MAX_ENTRIES), help="How many."
)
@as_json
@says_refusals
def audit(limit: int, as_json: bool) -> None:
    """List who did what, newest first.

    That is who started, revoked, retried, deleted, signed in and was let in. About the last 100,000
    are kept; with --json each is a line.
    """
    entries = Audit(open_session().client).read(limit)
    if as_json:
        for entry in entries:
            echo_json(entry)
        return
    print_table(
        ("at", "by", "deed", "about", "run", "path", "from"),
        (
            (
                moment(one["at"]),
                one["by"],
                one["deed"],
                one["about"] or "",
                one["run_id"] or "",
                one["path"] or "",
                one["address"] or "",
            )
            for one in entries
        ),
    )


@click.group("secrets")
def secret_keys() -> None:
    """Keys that secret arguments are encrypted with.

    They go into INCEPTION_SECRET_KEYS.
    """


@secret_keys.command("new-key")
@as_json
def new_key(as_json: bool) -> None:
    """Print a new key. To change keys put it in front of the present ones, with a comma."""
    key = Fernet.generate_key().decode()
    _say({"key": key}, key, as_json)


def parse_span(text: str) -> int:
    """`90s`, `15m`, `12h`, `30d` or a bare number of seconds, in seconds (s). Raises BadRequest."""
    found = _SPAN.fullmatch(text.strip())
    if found is None or not int(found[1]):
        raise BadRequest(f"{text!r} is no time; write it like 90s, 15m, 12h or 30d.")
    return int(found[1]) * _SECONDS[found[2]]


def _users_file(note: Callable[[Mapping[str, Account]], None] | None = None) -> UsersFile:
    return UsersFile(_users_path(), note)


def _users_path() -> Path:
    path = Settings.from_environment().users
    if path is None:
        raise SettingsError("INCEPTION_USERS is not set; name the file of users there.")
    return path


def _noted_users_file() -> UsersFile:
    """The same, whose changes go on the audit list: if Redis is away once a web reads the file."""

    def note(accounts: Mapping[str, Account]) -> None:
        try:
            client = open_session().client
            Roll(client, Audit(client)).note(accounts, by=caller())
        except (SettingsError, StoreUnavailable):
            click.echo("Redis can't be reached: a web process will note this.", err=True)

    return _users_file(note)


def _door() -> Door:
    return Door(Settings.from_environment(), open_session().client)


def _read_password() -> str:
    if sys.stdin.isatty():
        password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not password or len(password) > MAX_LENGTH:
        raise BadRequest(f"A password has 1 to {MAX_LENGTH:,} characters.")
    if len(password) < SHORT:
        click.echo(f"This password has less than {SHORT} characters.", err=True)
    return password


def _say(answer: Mapping[str, object], words: str, as_json: bool) -> None:
    echo_json(answer) if as_json else click.echo(words)


def _shown(grant: Grant) -> dict[str, object]:
    return {name: value for name, value in asdict(grant).items() if name != "mark"}
