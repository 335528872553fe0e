"""The settings, read once from the environment into one object that is handed in."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import parse_qs, urlsplit

from inception.runs import sentinel
from inception.runs.errors import SettingsError

Value = TypeVar("Value")
_ORIGIN: Final = re.compile(r"https?://[^\s/@?#]+")
Word = TypeVar("Word", bound=StrEnum)

DEFAULT_SECRET_NAMES: Final = (
    "password", "passwd", "passphrase", "secret", "token", "api_key", "apikey", "access_key",
    "private_key", "credentials",
)  # fmt: skip
"""An argument, or a key in one, whose name is or ends with one of these holds a secret."""


MAX_STRANGERS: Final = 200
"""Connections that one address may have on which nobody has signed in, unless set otherwise."""


class AsyncMode(StrEnum):
    """What carries the web's concurrency (Socket.IO's own words)."""

    EVENTLET = "eventlet"
    GEVENT = "gevent"
    THREADING = "threading"


class LogFormat(StrEnum):
    """How every process writes its log."""

    TEXT = "text"
    JSON = "json"


class Process(StrEnum):
    """What `make run` starts beside Redis."""

    WATCHER = "watcher"
    COMPUTE = "compute"
    WEB = "web"


REDIS_SCHEMES: Final = ("redis://", "rediss://", "unix://", "sentinel://")
BROKER_SCHEMES: Final = (*REDIS_SCHEMES, "amqp://", "amqps://", "pyamqp://")
_SENTINEL: Final = "sentinel://:PASSWORD@host1:26379,host2:26379/0?master=NAME"
FOREIGN: Final = frozenset({"INCEPTION_URL", "INCEPTION_TOKEN"})
"""Names that clients read: no settings of a server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that is configured from outside; the names are the protocol's.

    Times are in seconds (s) or days as their name says.
    """

    redis_url: str | None = None
    broker_url: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    state_dir: Path = Path("var")
    tasks: tuple[str, ...] = ()
    processes: tuple[Process, ...] = tuple(Process)
    concurrency: int = os.cpu_count() or 1
    users: Path | None = None
    retention_days: int = 30
    retention_runs: int = 100_000
    async_mode: AsyncMode = AsyncMode.EVENTLET
    heartbeat_ttl: float = 15.0
    max_rescues: int = 20
    max_losses: int = 3
    log: LogFormat = LogFormat.TEXT
    embed_origins: frozenset[str] = frozenset()
    secret_keys: tuple[str, ...] = field(default=(), repr=False)
    secret_names: tuple[str, ...] = DEFAULT_SECRET_NAMES
    trusted_proxies: int = 0
    max_strangers: int = MAX_STRANGERS

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the settings from `environ` (this process's environment by default).

        Raises SettingsError, naming the setting, for a value that can't be used.
        """
        read, default = _Reader(os.environ if environ is None else environ), cls()
        return cls(
            redis_url=read.url("REDIS_URL", REDIS_SCHEMES),
            broker_url=read.url("INCEPTION_BROKER_URL", BROKER_SCHEMES),
            host=read.text("INCEPTION_HOST") or default.host,
            port=read.number("INCEPTION_PORT", default.port, least=0, most=65535),
            state_dir=Path(read.text("INCEPTION_STATE_DIR") or default.state_dir),
            tasks=read.modules("INCEPTION_TASKS"),
            processes=read.choices("INCEPTION_PROCESSES", Process, default.processes),
            concurrency=read.number(
                "INCEPTION_CONCURRENCY", default.concurrency, least=1, most=1024
            ),
            users=read.path("INCEPTION_USERS"),
            retention_days=read.number("INCEPTION_RETENTION_DAYS", default.retention_days, least=1),
            retention_runs=read.number("INCEPTION_RETENTION_RUNS", default.retention_runs, least=1),
            async_mode=read.choice("INCEPTION_ASYNC_MODE", AsyncMode, default.async_mode),
            heartbeat_ttl=read.seconds("INCEPTION_HEARTBEAT_TTL", default.heartbeat_ttl),
            max_rescues=read.number("INCEPTION_MAX_RESCUES", default.max_rescues, least=0),
            max_losses=read.number("INCEPTION_MAX_LOSSES", default.max_losses, least=0),
            log=read.choice("INCEPTION_LOG", LogFormat, default.log),
            embed_origins=read.origins("INCEPTION_EMBED_ORIGINS"),
            secret_keys=read.words("INCEPTION_SECRET_KEYS"),
            secret_names=_secret_names(read.words("INCEPTION_SECRET_NAMES")),
            trusted_proxies=read.number("INCEPTION_TRUSTED_PROXIES", 0, least=0, most=10),
            max_strangers=read.number("INCEPTION_MAX_STRANGERS", default.max_strangers, least=0),
        )


def _check_redis_address(name: str, text: str) -> None:
    """Name at the start what the libraries below would stumble over, each in its own words."""
    escaped = "what an address can't hold, in a password for example, is written as in %2F"
    try:
        parts = urlsplit(text)
        has_port = parts.scheme == "unix" or parts.port != 0
    except ValueError:
        has_port = False
    if not has_port:
        raise SettingsError(f"{name} takes a port from 1 to 65535; {escaped}.")
    if parts.scheme != "unix" and not re.fullmatch(r"(/\d*)?", parts.path):
        raise SettingsError(f"{name} takes the number of a database at its end, /0; {escaped}.")
    if {"password", "username"} & set(parse_qs(parts.query)):
        raise SettingsError(
            f"{name} takes user and password before the host, redis://USER:PASSWORD@host:6379/0: "
            "Celery doesn't look behind the question mark."
        )


def _secret_names(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words that end secret names; `none` stands for no word at all."""
    if words == ("none",):
        return ()
    return tuple(word.lower().replace("-", "_") for word in words) or DEFAULT_SECRET_NAMES


def unknown_settings(environ: Mapping[str, str]) -> dict[str, str | None]:
    """Names that look like settings and are none, each with the one that may have been meant."""
    named = {name for name in environ if name.startswith("INCEPTION_")}
    return {
        name: next(iter(difflib.get_close_matches(name, NAMES, n=1)), None)
        for name in sorted(named - NAMES - FOREIGN)
    }


class _Reader:
    """Reads single settings; an empty text counts as not set."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str) -> str | None:
        return self._environ.get(name, "").strip() or None

    def url(self, name: str, schemes: tuple[str, ...]) -> str | None:
        text = self.text(name)
        # Neither error repeats the text: it may hold a password.
        if text is not None and not text.startswith(schemes):
            raise SettingsError(f"{name} takes an address that begins with {' or '.join(schemes)}.")
        if text is not None and text.startswith(sentinel.SCHEME):
            try:
                sentinel.Watched.of(text)
            except ValueError as error:
                raise SettingsError(f"{name} takes {_SENTINEL}: {error}.") from error
        elif text is not None and text.startswith(REDIS_SCHEMES):
            _check_redis_address(name, text)
        return text

    def words(self, name: str) -> tuple[str, ...]:
        return _words(self.text(name) or "")

    def modules(self, name: str) -> tuple[str, ...]:
        wanted = "names of Python modules, comma-separated, like pkg.tasks,other"
        return self._parse(name, (), _words, lambda words: all(map(_is_module, words)), wanted)

    def choices(self, name: str, words: type[Word], default: tuple[Word, ...]) -> tuple[Word, ...]:
        def convert(text: str) -> tuple[Word, ...]:
            return tuple(words(word) for word in _words(text))

        wanted = "one or more, comma-separated, of " + ", ".join(words)
        return self._parse(name, default, convert, bool, wanted)

    def origins(self, name: str) -> frozenset[str]:
        """Addresses of sites as browsers write them: scheme, host, port unless the usual one."""
        found = frozenset(word.lower() for word in self.words(name))
        for word in sorted(found):
            if not _ORIGIN.fullmatch(word):
                raise SettingsError(
                    f"{name} has {word!r}; it takes origins like https://shop.example, no path."
                )
        return found

    def path(self, name: str) -> Path | None:
        text = self.text(name)
        return Path(text) if text else None

    def number(self, name: str, default: int, *, least: int, most: int = 10**9) -> int:
        wanted = f"a whole number from {least} to {most}"
        return self._parse(name, default, int, lambda value: least <= value <= most, wanted)

    def seconds(self, name: str, default: float) -> float:
        wanted = "seconds from 0.5 to 3600"
        return self._parse(name, default, float, lambda value: 0.5 <= value <= 3600, wanted)

    def choice(self, name: str, words: type[Word], default: Word) -> Word:
        return self._parse(name, default, words, lambda _word: True, "one of " + ", ".join(words))

    def _parse(
        self,
        name: str,
        default: Value,
        convert: Callable[[str], Value],
        fits: Callable[[Value], bool],
        wanted: str,
    ) -> Value:
        text = self.text(name)
        if text is None:
            return default
        try:
            value = convert(text)
        except ValueError:
            value = None
        if value is None or not fits(value):
            raise SettingsError(f"{name} is {text!r}; it takes {wanted}.")
        return value


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _is_module(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))


class _Asked(dict[str, str]):
    """An empty environment that remembers what was asked for."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]  # narrower
        self.names.add(name)
        return default


def _names() -> frozenset[str]:
    Settings.from_environment(asked := _Asked())
    return frozenset(asked.names)


NAMES: Final = _names()
"""Every setting there is: what `from_environment` asks for."""
