"""The whole document, assembled from the routes and what their views are annotated with."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any, Final, NotRequired

from flask import Flask
from typing_extensions import TypedDict
from werkzeug.routing import Rule

from inception.runs.errors import FieldProblem
from inception.runs.store import Store
from webapp.auth.permissions import ENDPOINTS
from webapp.openapi.calls import address_of, describe, link, method_of
from webapp.openapi.examples import Examples, look
from webapp.openapi.operations import Operation, operation_of
from webapp.openapi.schemas import Schemas
from webapp.pages import version

OPENAPI: Final = "3.1.0"
_ABOUT: Final = (
    "Start tasks inside tasks, follow them, stop them. Every error has one shape. Times are in "
    "milliseconds (ms) since the Unix epoch by the clock of the Redis server."
)


class Problem(TypedDict):
    """What went wrong: `code` for programs, `message` for people."""

    code: str
    message: str
    fields: NotRequired[list[FieldProblem]]
    missing: NotRequired[list[str]]


class ErrorAnswer(TypedDict):
    """The one shape of everything that goes wrong."""

    error: Problem


def read(app: Flask, store: Store) -> dict[str, Any]:
    """The document as it is answered: assembled once, examples looked for each time."""
    kept = app.extensions.get("inception_openapi")
    if kept is None:
        kept = app.extensions["inception_openapi"] = assemble(app, version())
    return with_examples(kept, look(store, {call.name: call for _, call in _calls(app)}))


def list_calls(app: Flask) -> list[dict[str, str]]:
    """Each call's method, address and summary, for people to read."""
    return [
        {
            "method": method_of(rule).upper(),
            "address": address_of(rule),
            "summary": call.summary.partition("\n\n")[0],
        }
        for rule, call in _calls(app)
    ]


def assemble(app: Flask, version: str) -> dict[str, Any]:
    """The document of every call that `app` routes, without examples. Pure."""
    found = list(_calls(app))
    schemas = Schemas([ErrorAnswer, *_types(call for _, call in found)])
    documented = {call.name: describe(rule, call, schemas) for rule, call in found}
    link(documented, {call.name: call for _, call in found})
    paths: dict[str, dict[str, Any]] = {}
    for rule, call in found:
        described = documented[call.name] | _security(rule)
        paths.setdefault(address_of(rule), {})[method_of(rule)] = described
    return {
        "openapi": OPENAPI,
        "info": {"title": "Inception", "version": version, "description": _ABOUT},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def with_examples(document: dict[str, Any], examples: Examples) -> dict[str, Any]:
    """A copy of the document whose parameters and bodies name what exists."""
    filled = copy.deepcopy(document)
    for methods in filled["paths"].values():
        for call in methods.values():
            _fill(call, examples)
    return filled


def _calls(app: Flask) -> Iterator[tuple[Rule, Operation]]:
    for rule in app.url_map.iter_rules():
        call = operation_of(app.view_functions[rule.endpoint])
        if call is not None:
            yield rule, call


def _types(calls: Iterable[Operation]) -> list[Any]:
    wanted: list[Any] = []
    for call in calls:
        for each in (call.body, call.query, call.headers, call.answer):
            if each is not None and each not in wanted:
                wanted.append(each)
    return wanted


def _security(rule: Rule) -> dict[str, Any]:
    """Which role it takes; nobody is asked where this server has no users."""
    right = ENDPOINTS.get(rule.endpoint)
    if right is None or right.role is None:
        return {"security": []}
    return {"security": [{"token": []}, {}], "x-role": str(right.role)}


def _fill(call: dict[str, Any], examples: Examples) -> None:
    for parameter in call["parameters"]:
        found = examples.parameter(call["operationId"], parameter["name"])
        if found is not None:
            parameter["example"] = found
    found = examples.body(call["operationId"])
    if found is not None and "requestBody" in call:
        call["requestBody"]["content"]["application/json"]["example"] = found
