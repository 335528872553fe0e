"""One call of the REST interface as OpenAPI describes it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from werkzeug.routing import Rule

from inception.runs.model import Batch, Run, Snapshot
from webapp.errors import STATUS
from webapp.openapi.operations import Operation
from webapp.openapi.schemas import JsonSchema, Schemas, as_parameter

_EVERY_CALL: Final = ("bad_request", "unauthorized", "forbidden", "not_found", "too_many_requests")
_EVERY_BODY: Final = ("too_large", "unsupported_media_type")
_AT_THE_STORE: Final = ("internal_error", "store_unavailable")
_PARAMETER: Final = re.compile(r"<(?:\w+:)?(\w+)>")


def address_of(rule: Rule) -> str:
    """The rule's address with its parameters in OpenAPI's braces."""
    return _PARAMETER.sub(r"{\1}", rule.rule)


def method_of(rule: Rule) -> str:
    """The one method of a rule, in lower case."""
    [method] = (rule.methods or set()) - {"HEAD", "OPTIONS"}
    return method.lower()


def describe(rule: Rule, call: Operation, schemas: Schemas) -> dict[str, Any]:
    """The Operation Object of a call."""
    summary, _, more = call.summary.partition("\n\n")
    described: dict[str, Any] = {
        "operationId": call.name,
        "tags": [rule.endpoint.partition(".")[0]],
        "summary": " ".join(summary.split()),
        "parameters": _parameters(call, schemas),
        "responses": {**_answers(call, schemas), **_errors(call), **_too_long(call)},
    }
    if more:
        described["description"] = " ".join(more.split())
    if call.body is not None:
        described["requestBody"] = _body(call, schemas)
    return described


def link(documented: Mapping[str, Any], calls: Mapping[str, Operation]) -> None:
    """Say in each answer that names a run which calls may follow, and where they take it from.

    Adds to the Operation Objects in `documented`, by the name of their call.
    """
    following = [call for call in calls.values() if "run_id" in call.address]
    for name, call in calls.items():
        for status in call.statuses:
            links = _links(call, following)
            if links and status not in (204, 304):
                documented[name]["responses"][str(status)]["links"] = links


def _parameters(call: Operation, schemas: Schemas) -> list[dict[str, Any]]:
    found = [
        {"name": name, "in": "path", "required": True, "schema": adapter.json_schema()}
        for name, adapter in call.address.items()
    ]
    for where, model in (("query", call.query), ("header", call.headers)):
        if model is None:
            continue
        properties, required = schemas.properties(model)
        for name, schema in properties.items():
            must = {"required": True} if name in required else {}
            found.append({"name": name, "in": where, **must, "schema": as_parameter(schema)})
    return found


def _body(call: Operation, schemas: Schemas) -> dict[str, Any]:
    _, required = schemas.properties(call.body) if call.body else ({}, [])
    content = {"application/json": {"schema": schemas.of(call.body)}}
    return {"required": bool(required), "content": content}


def _answers(call: Operation, schemas: Schemas) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for status in call.statuses:
        answer: dict[str, Any] = {"description": HTTPStatus(status).phrase + "."}
        if call.answer is not None and status not in (204, 304):
            answer["content"] = {call.media_type: {"schema": schemas.of(call.answer)}}
        if call.answer_headers:
            answer["headers"] = {
                name: {"description": text, "schema": {"type": "string"}}
                for name, text in call.answer_headers.items()
            }
        answers[str(status)] = answer
    return answers


def _errors(call: Operation) -> dict[str, Any]:
    codes = {*_EVERY_CALL, *_AT_THE_STORE, *call.errors}
    if call.body is not None:
        codes.update(_EVERY_BODY)
    by_status: dict[int, list[str]] = {}
    for code in sorted(codes):
        by_status.setdefault(STATUS[code], []).append(code)
    return {str(status): _error(by_status[status]) for status in sorted(by_status)}


def _error(codes: list[str]) -> dict[str, Any]:
    """An Error whose code is one of these."""
    narrowed: JsonSchema = {
        "allOf": [{"$ref": "#/components/schemas/ErrorAnswer"}],
        "properties": {"error": {"properties": {"code": {"enum": codes}}}},
    }
    content = {"application/json": {"schema": narrowed}}
    return {"description": " or ".join(f"`{code}`" for code in codes) + ".", "content": content}


def _too_long(call: Operation) -> dict[str, Any]:
    """What the HTTP server itself answers to a longer address than it reads, not in our shape."""
    return {"414": {"description": "The address is too long."}} if call.query else {}


def _links(call: Operation, following: list[Operation]) -> dict[str, Any]:
    known = _known_from(call.answer)
    links: dict[str, Any] = {}
    for each in following:
        wanted = [*each.address, *(_required(each) if each.query else ())]
        parameters = {name: known[name] for name in wanted if name in known}
        if len(parameters) == len(wanted):
            links[each.name] = {"operationId": each.name, "parameters": parameters}
    return links


def _known_from(answer: Any) -> Mapping[str, str]:
    """What later calls need, and where it stands in an answer of that type."""
    if answer is Run:
        # The root of a run is a node that always exists.
        return {
            "run_id": "$response.body#/id",
            "epoch": "$response.body#/epoch",
            "since": "$response.body#/seq",
            "path": "-",
        }
    if answer is Snapshot:
        return {
            "run_id": "$response.body#/run/id",
            "epoch": "$response.body#/epoch",
            "since": "$response.body#/seq",
            "path": "-",
        }
    if answer is Batch:
        return {"run_id": "$response.body#/run_id", "path": "-"}
    return {}


def _required(call: Operation) -> list[str]:
    fields = call.query.model_fields if call.query else {}
    return [name for name, field in fields.items() if field.is_required()]
