"""What a command works with, how it finds Redis, and how it says that something was refused."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Final, NoReturn, ParamSpec, TypeVar

import click
import redis

from inception.runs.celery_app import create_client
from inception.runs.connection import connect
from inception.runs.control import Control
from inception.runs.errors import (
    InceptionError,
    InvalidArguments,
    RunNotFound,
    SettingsError,
    StoreUnavailable,
)
from inception.runs.settings import Settings
from inception.runs.store import Store
from inception.runs.vault import Vault
from webapp.fleet import Fleet
from webapp.queues import queues_of
from webapp.supervisor.reaching import advice

CHECKOUT: Final = Path(__file__).resolve().parents[2]
REFUSED: Final = 2
"""Exit code of what was refused, misspelt or impossible for want of Redis."""
_POOL_SIZE: Final = 4
_PATIENCE: Final = 5.0
"""Seconds (s) that a command waits for a broker other than Redis to say what waits."""

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The parts that one command uses."""

    url: str
    client: redis.Redis
    store: Store
    control: Control
    fleet: Fleet


def open_session() -> Session:
    """Put the parts together; nothing is connected yet. Raises SettingsError without a Redis."""
    settings = Settings.from_environment()
    url = find_redis(settings)
    client = connect(url, purpose="cli", size=_POOL_SIZE)
    store = Store(client)
    return Session(
        url=url,
        client=client,
        store=store,
        control=Control(
            store,
            create_client(replace(settings, redis_url=url)),
            Vault.from_settings(settings),
        ),
        fleet=Fleet(store, queues_of(settings, client, patience=_PATIENCE), settings.heartbeat_ttl),
    )


def find_redis(settings: Settings) -> str:
    """REDIS_URL, or the address that a running `make run` left in its state folder.

    The folder is looked for where the command is called, then in the checkout. Raises
    SettingsError, which says what to do.
    """
    if settings.redis_url is not None:
        return settings.redis_url
    for folder in (Path(), CHECKOUT):
        file = folder / settings.state_dir / "redis.url"
        try:
            return file.read_text().strip()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise SettingsError(f"{file} can't be read ({error.strerror}).") from error
    raise SettingsError(
        f"No Redis is known: REDIS_URL is not set, and there is no {settings.state_dir}/redis.url "
        "of a running `make run`. Start that, or set REDIS_URL."
    )


def caller() -> str:
    """Who asks, for the record: the user of this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "unknown"  # a container's user may have no name


def says_refusals(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the engine's errors into one line on stderr and the exit code 2.

    With `--json` the line is the protocol's Error.
    """

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except InceptionError as error:
            _refuse(error, as_json=bool(kwargs.get("as_json")))
        except redis.RedisError as error:  # what would be no better a little later
            refused = StoreUnavailable(f"Redis refuses: {error}")
            _refuse(refused, as_json=bool(kwargs.get("as_json")))

    return run


def _refuse(error: InceptionError, *, as_json: bool) -> NoReturn:
    fields = error.fields if isinstance(error, InvalidArguments) else []
    if as_json:
        body = {"code": error.code, "message": error.message}
        click.echo(
            json.dumps({"error": {**body, **({"fields": fields} if fields else {})}}), err=True
        )
    else:
        click.echo(f"runs: {error.message}", err=True)
        if isinstance(error, StoreUnavailable):
            click.echo(f"  REDIS_URL: {advice(error.message)}.", err=True)
        if isinstance(error, RunNotFound):
            click.echo("  `runs ls` lists those there are.", err=True)
        for field in fields:
            click.echo(f"  {field['path']} {field['message']}", err=True)
    raise SystemExit(REFUSED)
