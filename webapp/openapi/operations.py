"""What a REST call takes and answers, read from its view's signature.

The annotations that validate a request are the ones its documentation is made of, so the two
can't part. A view names what it takes:

    @runs.post("/runs/<run_id>/revoke")
    @operation(status=202, errors=("run_already_ended",))
    def revoke_run(run_id: RunId, body: Revoke) -> Run: ...

`body`, `query` and `headers` are payloads; every other parameter is part of the address. What it
returns is what is answered, with the first status unless the view returns a response of its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Final, TypeAlias, get_type_hints

from flask import request
from pydantic import TypeAdapter

from inception.runs.model import State
from webapp.payloads import Payload, read_body, read_headers, read_query

View: TypeAlias = Callable[..., Any]
Whole: TypeAlias = tuple[object, int, dict[str, str]]
"""A response as a view makes it: body, status, headers."""

_PAYLOADS: Final = ("body", "query", "headers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call. `answer` is a type that pydantic reads, None for an answer without a body.

    `errors` are the codes it has beside those of every call; `example_states` are those that a
    run must be in for the call to succeed, none if it may be in any.
    """

    name: str
    summary: str
    address: Mapping[str, TypeAdapter[Any]]
    body: type[Payload] | None
    query: type[Payload] | None
    headers: type[Payload] | None
    answer: Any
    statuses: tuple[int, ...]
    errors: tuple[str, ...]
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    example_states: frozenset[State] = frozenset()
    media_type: str = "application/json"


_operations: Final[dict[View, Operation]] = {}


def operation_of(view: View) -> Operation | None:
    """What is known of a view; None if it is no call of the API."""
    return _operations.get(view)


def operation(
    *,
    answer: Any = None,
    status: int = 200,
    also: tuple[int, ...] = (),
    errors: tuple[str, ...] = (),
    answer_headers: Mapping[str, str] | None = None,
    example_states: frozenset[State] = frozenset(),
    media_type: str = "application/json",
) -> Callable[[View], View]:
    """Validate what a view is annotated with, and remember it for the document.

    `answer` is the type that is answered where the view's own annotation is of a whole response;
    `also` are further statuses without an error, which such a view gives itself.
    """

    def decorate(view: View) -> View:
        hints = get_type_hints(view, include_extras=True)
        returned = hints.pop("return")
        payloads = {name: hints.pop(name, None) for name in _PAYLOADS}
        described = Operation(
            name=view.__name__,
            summary=inspect.getdoc(view) or "",
            address={name: TypeAdapter(hint) for name, hint in hints.items()},
            answer=answer or (None if returned is type(None) else returned),
            statuses=(status, *also),
            errors=errors,
            answer_headers=answer_headers or {},
            example_states=example_states,
            media_type=media_type,
            **payloads,
        )
        answering = _validated(view, described)
        _operations[answering] = described
        return answering

    return decorate


def _validated(view: View, described: Operation) -> View:
    @wraps(view)
    def respond(**address: str) -> Any:
        given: dict[str, Any] = {
            name: adapter.validate_python(address[name])
            for name, adapter in described.address.items()
        }
        result = view(**given, **_read_payloads(described))
        return ("", described.statuses[0]) if result is None else _with_status(result, described)

    return respond


def _read_payloads(described: Operation) -> dict[str, Payload]:
    found: dict[str, Payload] = {}
    if described.query is not None:
        found["query"] = read_query(request.args, described.query)
    if described.headers is not None:
        found["headers"] = read_headers(request.headers, described.headers)
    if described.body is not None:
        found["body"] = read_body(request, described.body)
    return found


def _with_status(result: Any, described: Operation) -> Any:
    """A dict gets the call's status; a tuple and a response have their own."""
    return (result, described.statuses[0]) if isinstance(result, dict) else result
