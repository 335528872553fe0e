"""The words of a command line: arguments, options they share, and what completes them."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

from inception.runs.errors import InceptionError
from inception.runs.model import JsonValue
from inception.runs.records import RunFilter
from webapp.cli.session import Session, open_session

_SPAN: Final = re.compile(r"(\d{1,9})([smhd])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_OFFERED_RUNS: Final = 50
"""Runs that completion offers, the newest."""

as_json = click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")


class KeyValue(click.ParamType[tuple[str, JsonValue]]):
    """`key=value`: the value is JSON where it parses as that, else a text as it stands."""

    name = "key=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, JsonValue]:
        """Split and read one word."""
        key, separator, text = str(value).partition("=")
        if not (key and separator):
            self.fail(f"{value!r} is not key=value.", param, ctx)
        return key, read_value(text)


class Moment(click.ParamType[int]):
    """A time: `90s`, `10m`, `2h` or `7d` ago, or an ISO date and time; in ms since the epoch."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read a time; one without a zone is local."""
        if isinstance(value, int):
            return value
        if span := _SPAN.fullmatch(value):
            return int((time.time() - int(span[1]) * _SECONDS[span[2]]) * 1000)
        try:
            return int(datetime.fromisoformat(value).timestamp() * 1000)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no time; write 2h, 7d or 2026-01-31T12:00.", param, ctx)


def read_value(text: str) -> JsonValue:
    """A value as JSON where it parses, else as the text it is (NaN and the like are texts)."""
    try:
        value: JsonValue = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return text
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def complete_parents(
    _context: click.Context, _parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    """Offer the parents whose name, or the last part of it, begins so."""
    parents = _offered(lambda session: session.store.read_catalogue())
    return [
        CompletionItem(parent["name"], help=parent["doc"].partition("\n")[0])
        for parent in parents
        if parent["name"].startswith(begun)
    ]


def complete_arguments(
    context: click.Context, _parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    """Offer the chosen parent's arguments as `key=`."""
    name = context.params.get("name")
    parents = _offered(lambda session: [session.store.read_parent(str(name))])
    keys = [key for parent in parents for key in _properties(parent["schema"])]
    return [CompletionItem(f"{key}=") for key in keys if key.startswith(begun)]


def complete_runs(
    _context: click.Context, _parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    """Offer the newest runs' ids."""
    runs = _offered(lambda session: session.store.list_runs(RunFilter(), _OFFERED_RUNS)[0])
    return [
        CompletionItem(run["id"], help=f"{run['state']} {run['label'] or run['name']}")
        for run in runs
        if run["id"].startswith(begun)
    ]


def _offered(ask: Callable[[Session], Sequence[Any]]) -> Sequence[Any]:
    """What Redis answers; nothing if it doesn't: completion never complains."""
    try:
        return ask(open_session())
    except InceptionError:
        return []


def _properties(schema: dict[str, JsonValue]) -> Iterable[str]:
    properties = schema.get("properties")
    return properties if isinstance(properties, dict) else ()


run_ids = click.argument(
    "run_ids", metavar="ID…", nargs=-1, required=True, shell_complete=complete_runs
)
run_id = click.argument("run_id", metavar="ID", shell_complete=complete_runs)
