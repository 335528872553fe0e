"""Loads the Lua scripts and runs them; Redis' refusals become StoreUnavailable."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

import redis
from redis.exceptions import (
    ClusterDownError,
    ExecAbortError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
)

from inception.runs import keys
from inception.runs.errors import StoreUnavailable
from inception.runs.meta import empty_meta, waiting_meta
from inception.runs.model import (
    FINAL_STATES,
    LARGE_FIELD_BYTES,
    LARGE_FIELDS,
    LONGEST_NUMBER,
    MAX_AUDIT_ENTRIES,
    MAX_EVENTS,
    MAX_NODES,
    MAX_QUEUES,
    MAX_RECENT_ENDS,
    RECENT_ENDS_SECONDS,
    Meta,
    State,
)
from inception.runs.pool import server_of
from inception.runs.records import ResultWord

_REFUSALS: Final = re.compile(
    r"\b(OOM|READONLY|LOADING|BUSY|MISCONF|MASTERDOWN|NOREPLICAS|CLUSTERDOWN)\b"
)
_WORD: Final = re.compile(r"[A-Za-z_]\w*")
_REFUSED: Final = (OutOfMemoryError, ReadOnlyError, ClusterDownError, ExecAbortError)
"""Refusals that redis-py names itself, and takes Redis' word for them out of the text."""
_NUMBERS: Final = "present_server"
_SCRIPTS_OWN: Final = (
    "id", "path", "seq", "epoch", "counts", "state", "revoke", "created_at", "omitted",
)  # fmt: skip
"""Fields that no caller decides alone: the scripts number, count and fence them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A script as it is sent: its whole text, and the digest that Redis knows it by."""

    name: str
    text: str
    sha: str
    numbers: bool
    """It numbers events, so its last argument says which server it runs on."""


@cache
def load(name: str) -> Script:
    """Make `lua/<name>.lua` what is sent, with the constants and the prelude before it."""
    text = "\n".join([*_needed_by(_TEXTS[name]), _TEXTS[name]])
    sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    return Script(name=name, text=text, sha=sha, numbers=_NUMBERS in text)


def _read_all() -> Mapping[str, str]:
    folder = resources.files("inception.runs") / "lua"
    return {
        file.name.removesuffix(".lua"): file.read_text(encoding="utf-8")
        for file in folder.iterdir()
        if file.name.endswith(".lua")
    }


_TEXTS: Final = _read_all()
"""Read at once, so that they are those of the code that runs: a process that goes on while a newer
version is installed over it would call a script by arguments that it has no more."""


def _needed_by(text: str) -> list[str]:
    """Those definitions of the constants and the prelude that a script calls for, in their order.

    Redis makes all that a script begins with anew each time it runs: fifty functions take it as
    long as a claim does.
    """
    words, needed = set(_WORD.findall(_without_comments(text))), list[str]()
    for definition in reversed(_definitions()):
        if not words.isdisjoint(definition.names):
            words.update(_WORD.findall(definition.text))
            needed.insert(0, definition.text)
    return needed


def _without_comments(lua: str) -> str:
    return re.sub(r"^ *--.*\n", "", lua, flags=re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Definition:
    """What `local` names (or the one function) a piece of Lua at the top level defines."""

    text: str

    @property
    def names(self) -> Sequence[str]:
        first = self.text.partition("=")[0].partition("(")[0]
        return _WORD.findall(first.removeprefix("local").removeprefix(" function"))


@cache
def _definitions() -> Sequence[_Definition]:
    """The constants and the prelude, cut where a definition begins."""
    lua = _without_comments(f"{_constants()}\n{_TEXTS['prelude']}")
    pieces = re.split(r"^(?=local )", lua, flags=re.MULTILINE)
    return [_Definition(piece.rstrip()) for piece in pieces if piece.strip()]


def _constants() -> str:
    """What Lua must know of model.py and keys.py, so that it is spelled only there."""
    values: Mapping[str, str] = {
        "STATES": "{" + ",".join(f"'{state}'" for state in State) + "}",
        "FINAL": _lua_set(sorted(FINAL_STATES)),
        "LARGE_FIELDS": _lua_set(LARGE_FIELDS),
        "LARGE_FIELD_BYTES": str(LARGE_FIELD_BYTES),
        "LONGEST_NUMBER": str(LONGEST_NUMBER),
        "SCRIPTS_OWN": _lua_set(_SCRIPTS_OWN),
        "MAX_EVENTS": str(MAX_EVENTS),
        "MAX_NODES": str(MAX_NODES),
        "MAX_QUEUES": str(MAX_QUEUES),
        "MAX_AUDIT_ENTRIES": str(MAX_AUDIT_ENTRIES),
        "MAX_RECENT_ENDS": str(MAX_RECENT_ENDS),
        "RECENT_ENDS_KEPT": str(RECENT_ENDS_SECONDS),
        "RUN_PREFIX": f"'{keys.run('')}'",
        "NODES_PREFIX": f"'{keys.nodes('')}'",
        "LOG_PREFIX": f"'{keys.LOG}'",
        "RETRIES": f"'{keys.retries('')}'",
        "STOPPED": f"'{keys.stopped('', '')}'",
        "STATE_INDEX": f"'{keys.RUNS}:'",
        "QUEUES": f"'{keys.QUEUES}'",
        "TALLIES": f"'{keys.TALLIES}'",
        "CATALOGUE": f"'{keys.CATALOGUE}'",
        "BEATS": f"'{keys.BEATS}'",
        "ENDS": f"'{keys.ends('')}'",
        "PLACES": f"'{keys.places('')}'",
        "WAITING": f"'{keys.waiting('')}'",
        "EMPTY_META": _lua_meta(empty_meta()),
        "WAITING_META": _lua_meta(waiting_meta()),
        "ORDERS": f"'{keys.orders('')}'",
        "AUDIT": f"'{keys.AUDIT}'",
        "LIST_CHANNEL": f"'{keys.LIST_CHANNEL}'",
        "ALL_WATCHERS": f"'{keys.ALL_WATCHERS_CHANNEL}'",
    }
    return "\n".join(f"local {name} = {value}" for name, value in values.items())


def _lua_meta(meta: Meta) -> str:
    return f"'{json.dumps(meta, separators=(',', ':'))}'"


def _lua_set(words: Iterable[str]) -> str:
    return "{" + ",".join(f"{word}=true" for word in words) + "}"


@contextmanager
def refusals_as_errors() -> Iterator[None]:
    """Raise StoreUnavailable for what Redis, or the way to it, refuses for the moment."""
    try:
        yield
    except (redis.ConnectionError, redis.TimeoutError, OSError) as error:
        raise StoreUnavailable(f"Redis can't be reached: {error}") from error
    except redis.ResponseError as error:
        if not isinstance(error, _REFUSED) and not _REFUSALS.search(str(error)):
            raise
        raise StoreUnavailable(f"Redis refuses for the moment: {error}") from error


def result_words(word: ResultWord | None) -> tuple[list[str], list[str | int]]:
    """The key of a result and its arguments; no key where none is to be said."""
    return ([], ["", 0]) if word is None else ([word.key], [word.text, word.seconds])


class Scripts:
    """What each part of the store stands on: one client, and scripts run on it."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def _run(
        self, name: str, names_of_keys: Sequence[str], words: Iterable[str | int] = ()
    ) -> list[Any]:
        """Run a script once; when its answer is lost it may have been done or not."""
        with refusals_as_errors():
            return self._evaluate(name, names_of_keys, words)

    def _run_again_if_lost(
        self, name: str, names_of_keys: Sequence[str], words: Iterable[str | int] = ()
    ) -> list[Any]:
        """Run a script that may be done twice; a lost answer is asked for once more."""
        return self._run_until_answered(name, names_of_keys, words)[0]

    def _run_until_answered(
        self, name: str, names_of_keys: Sequence[str], words: Iterable[str | int] = ()
    ) -> tuple[list[Any], bool]:
        """Likewise; and whether an answer was lost, so that this may be that to a repetition."""
        words = list(words)
        with refusals_as_errors():
            try:
                return self._evaluate(name, names_of_keys, words), False
            except (redis.ConnectionError, redis.TimeoutError):
                return self._evaluate(name, names_of_keys, words), True

    def _evaluate(
        self, name: str, names_of_keys: Sequence[str], words: Iterable[str | int]
    ) -> list[Any]:
        script = load(name)
        rest = (len(names_of_keys), *names_of_keys, *words)
        try:
            return self._ask(script, "EVALSHA", script.sha, *rest)
        except NoScriptError:
            return self._ask(script, "EVAL", script.text, *rest)

    def _ask(self, script: Script, *words: str | int) -> list[Any]:
        """Send one command and wait for its answer, as the client itself does.

        Of what that does around it nothing is for a client that repeats nothing, and it takes as
        long as half a script where its code isn't in the processor's caches.
        """
        pool = self._client.connection_pool
        connection: Any = pool.get_connection()  # which redis-py gives half of its types
        try:
            if script.numbers:
                words = (*words, server_of(connection))
            connection.send_command(*words)
            answer: list[Any] = connection.read_response()
            return answer
        finally:
            pool.release(connection)
