"""What request bodies, socket payloads and query strings may hold.

Strict: no coercion, and a name nobody knows is refused, so that a misspelt option shows.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Final, Literal, NoReturn, TypeVar

from flask import Request
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema
from werkzeug.datastructures import Headers, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from inception.runs.bulks import BulkAction
from inception.runs.errors import BadRequest, RunNotFound
from inception.runs.model import MAX_LABEL_CHARACTERS, MAX_TAGS, State
from inception.runs.paths import parse_path
from inception.runs.records import RunFilter
from webapp.errors import UnsupportedMediaType

MAX_BODY_BYTES: Final = 2 * 1024 * 1024
"""Of a request's body and of one socket message: arguments of 1 MiB and what surrounds them."""
MAX_LIMIT: Final = 500
DEFAULT_LIMIT: Final = 50
MAX_FILTER_WORDS: Final = 20
MAX_BULK_RUNS: Final = 10_000
"""Runs of one bulk action."""
FIRST: Final = "first"
"""Of a run's nodes: those that a reader begins with."""
_RUN_ID: Final = re.compile(r"[A-Za-z0-9._:@+-]{1,200}")
_NUMBER: Final = re.compile(r"-?[0-9]{1,400}")
_BEYOND: Final = 10**15


def check_run_id(text: str) -> str:
    """Let ids pass that a run may have, as the store says. Raises RunNotFound for any other."""
    if not _RUN_ID.fullmatch(text):
        raise RunNotFound(f"There is no run {text[:80]!r}.")
    return text


def _as_integer(value: object) -> object:
    """JSON has one kind of number: 5.0 is an integer there, as JSON Schema says too."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _within_counting(value: object) -> object:
    """A number beyond all that were ever given is beyond the run's, however large it is."""
    return _BEYOND if isinstance(value, int) and value > _BEYOND else value


AS_INTEGER: Final = BeforeValidator(_as_integer)
RunId = Annotated[
    str,
    AfterValidator(check_run_id),
    WithJsonSchema({"type": "string", "pattern": "^[A-Za-z0-9._:@+-]{1,200}$"}),
]
Label = Annotated[str, Field(max_length=MAX_LABEL_CHARACTERS)]
Tag = Annotated[str, Field(min_length=1, max_length=100)]
Reason = Annotated[str, Field(max_length=2_000)]
Path = Annotated[
    str,
    AfterValidator(parse_path),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^(-|(0|[1-9][0-9]{0,5})(\.(0|[1-9][0-9]{0,5})){0,199})?$",
            "description": "A node's path: 0 is the first child of the root, 0.2 the third child "
            "of that; the root is - or empty.",
        }
    ),
]
BulkId = Annotated[str, Field(max_length=200)]
IdempotencyKey = Annotated[str, Field(min_length=1, max_length=200)]
IdempotencyHeader = Annotated[str, Field(pattern="^[!-~]([ -~]{0,198}[!-~])?$")]
FilterWord = Annotated[str, Field(max_length=200)]
Cursor = Annotated[
    str,
    Field(
        pattern="^[0-9]{1,15}-[A-Za-z0-9._:@+-]{1,200}$",
        description="From `next` of the page before.",
    ),
]
LogPlace = Annotated[
    str,
    Field(pattern="^[0-9]{1,15}-[0-9]{1,15}$", description="From `next` of the answer before."),
]
StateWord = Annotated[State, Field(strict=False)]
Time = Annotated[int, Field(ge=0, le=_BEYOND, description="ms since the epoch."), AS_INTEGER]
Seq = Annotated[int, Field(ge=0), BeforeValidator(_within_counting), AS_INTEGER]


class Payload(BaseModel):
    """The base of all: no coercion, no unknown names."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


Model = TypeVar("Model", bound=Payload)
Word = TypeVar("Word")


class Nothing(Payload):
    """A payload without content."""


class Start(Payload):
    """Start a run of a parent."""

    name: Annotated[str, Field(min_length=1, max_length=1_000)]
    kwargs: dict[str, JsonValue] = {}
    label: Label | None = None
    tags: Annotated[list[Tag], Field(max_length=MAX_TAGS)] = []


class StartBySocket(Start):
    """The same on a socket, which has no headers."""

    idempotency_key: IdempotencyKey | None = None


class Revoke(Payload):
    """Ask a run, or everything under a path of it, to stop."""

    path: Path = ""
    reason: Reason | None = None


class Describe(Payload):
    """Another label (null: none) or other tags; what is left out stays."""

    label: Label | None = None
    tags: Annotated[list[Tag], Field(max_length=MAX_TAGS)] = []


class Rerun(Payload):
    """Start the same again, with other arguments if any are given."""

    kwargs: dict[str, JsonValue] | None = None


class OneRun(Payload):
    """Names a run."""

    run_id: RunId


class RevokeBySocket(Revoke, OneRun):
    """The same on a socket, which has no address."""


class Watch(OneRun):
    """Watch a run, from a known position if both parts of it are given.

    `nodes` false: the run alone; "first": snapshots of many nodes hold only the first.
    """

    epoch: Annotated[str, Field(max_length=200)] | None = None
    seq: Seq | None = None
    nodes: Literal["first"] | bool = True


class WatchLog(OneRun):
    """Follow the log of a node from a place on."""

    path: Path
    after: LogPlace | None = None


class Filter(Payload):
    """The filters of a list of runs; a single word stands for a list of one."""

    state: Annotated[list[StateWord], Field(max_length=MAX_FILTER_WORDS)] | StateWord | None = None
    name: Annotated[list[FilterWord], Field(max_length=MAX_FILTER_WORDS)] | FilterWord | None = None
    tag: Annotated[list[FilterWord], Field(max_length=MAX_FILTER_WORDS)] | FilterWord | None = None
    label: FilterWord | None = None
    q: FilterWord | None = None
    since: Time | None = None
    until: Time | None = None

    def as_run_filter(self) -> RunFilter:
        """The same in the store's words."""
        return RunFilter(
            states=frozenset(_listed(self.state)),
            names=frozenset(word for word in _listed(self.name) if word),
            tags=frozenset(word for word in _listed(self.tag) if word),
            label=self.label or None,
            q=self.q or None,
            since=self.since,
            until=self.until,
        )


_RunIds = Annotated[list[RunId], Field(min_length=1, max_length=MAX_BULK_RUNS)]


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


_ABSENT: Final = Field(json_schema_extra=_without_default)
"""Of a field that is absent or has its value, and is never null."""


class StartBulk(Payload):
    """Do one thing to many runs: those named, or those that a filter finds."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["ids"]}, {"required": ["filter"]}]}
    )

    action: BulkAction
    ids: Annotated[_RunIds | SkipJsonSchema[None], _ABSENT] = None
    filter: Annotated[Filter | SkipJsonSchema[None], _ABSENT] = None

    @model_validator(mode="after")
    def _one_of_both(self) -> StartBulk:
        if (self.ids is None) == (self.filter is None) or len(self.model_fields_set) != 2:
            raise ValueError("name either ids or a filter")
        return self


class WatchRuns(Filter):
    """Follow a list of runs; with a cursor, an older page of the list that is followed."""

    cursor: Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT), AS_INTEGER] = DEFAULT_LIMIT


class WatchBulk(Payload):
    """Follow a bulk action."""

    bulk_id: BulkId


class ListRuns(WatchRuns):
    """Read a page of a list of runs."""


def read_body(request: Request, model: type[Model]) -> Model:
    """Read a JSON body; an absent one counts as `{}`.

    Raises UnsupportedMediaType, BadRequest, pydantic's ValidationError, or werkzeug's
    RequestEntityTooLarge.
    """
    raw = request.get_data(cache=False)
    if request.content_length is None and len(raw) >= MAX_BODY_BYTES:
        raise RequestEntityTooLarge  # werkzeug reads no more than that of what comes in chunks
    has_body = bool(raw or request.content_length)  # a form is read by now, for its token
    if has_body and request.mimetype != "application/json":
        raise UnsupportedMediaType("Send the body as JSON, with Content-Type: application/json.")
    return model.model_validate(_decode(raw) if raw else {})


def read_query(query: MultiDict[str, str], model: type[Model]) -> Model:
    """Read a query string; a name that is given more than once is a list.

    Raises pydantic's ValidationError.
    """
    return model.model_validate({name: _plain(name, query.getlist(name)) for name in query})


def read_headers(headers: Headers, model: type[Model]) -> Model:
    """Read those headers that the model has, by their names. Raises pydantic's ValidationError."""
    names = [field.alias or name for name, field in model.model_fields.items()]
    return model.model_validate({name: headers[name] for name in names if name in headers})


def _plain(name: str, texts: list[str]) -> Any:
    if len(texts) > 1:
        return texts
    text = texts[0]
    if name in ("limit", "since", "until") and _NUMBER.fullmatch(text):
        return int(text)
    return text


def _decode(raw: bytes) -> object:
    try:
        return json.loads(raw, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The body is not JSON: {error}.") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _listed(words: list[Word] | Word | None) -> list[Word]:
    if words is None:
        return []
    return words if isinstance(words, list) else [words]
