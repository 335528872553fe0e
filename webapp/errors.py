"""One error shape for everything, and the one place where an HTTP status is decided."""

from __future__ import annotations

import logging
import re
from typing import Any, ClassVar, Final

from flask import Flask, Response, jsonify, render_template, request
from jinja2 import TemplateNotFound
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from werkzeug.exceptions import HTTPException

from inception.runs.errors import InceptionError, InvalidArguments

STATUS: Final = {
    "bad_request": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "run_not_found": 404,
    "parent_not_found": 404,
    "node_not_found": 404,
    "method_not_allowed": 405,
    "already_running": 409,
    "run_already_ended": 409,
    "node_already_ended": 409,
    "run_not_ended": 409,
    "run_succeeded": 409,
    "secrets_unreadable": 409,
    "events_gone": 410,
    "too_large": 413,
    "unsupported_media_type": 415,
    "invalid_arguments": 422,
    "idempotency_key_reused": 422,
    "too_many_requests": 429,
    "internal_error": 500,
    "not_implemented": 501,
    "store_unavailable": 503,
    "not_ready": 503,
}
"""Every code that clients may see, and its status."""

_CODE_OF_STATUS: Final = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
    501: "not_implemented",
}
_TITLES: Final = {
    403: "Not allowed",
    404: "There is nothing here",
    405: "Not possible here",
    500: "Something went wrong here",
    503: "Not reachable just now",
}
_NOT_FOUND: Final = "The link may be old, or mistyped."
"""To people; programs are told what was asked for."""
_MAX_PROBLEMS: Final = 20
_MAX_PLACE: Final = 200
"""Characters of where a problem is: a name that nobody knows can be as long as a body."""

_KIND: Final = re.compile(r"(list|str-enum|literal|function-\w+)\[.*\]|constrained-str|Filter|bool")
_ABSENCE: Final = "none_required"
"""That a value could have been left out, said beside what is wrong with it."""
_SAID: Final = dict.fromkeys(("model_type", "dict_type"), "Input should be an object")
"""What pydantic says in words of Python, in those of JSON."""

_log = logging.getLogger(__name__)


class UnsupportedMediaType(InceptionError):
    """The body is not JSON by its Content-Type."""

    code: ClassVar[str] = "unsupported_media_type"


class Unauthorized(InceptionError):
    """Nobody signed in, or what they showed is forged, has expired or was taken back."""

    code: ClassVar[str] = "unauthorized"


class Forbidden(InceptionError):
    """The request comes from another site, or asks for more than whoever sends it may."""

    code: ClassVar[str] = "forbidden"


class TooManyRequests(InceptionError):
    """A client wants more at a time than one is given."""

    code: ClassVar[str] = "too_many_requests"


class NotReady(InceptionError):
    """Something that running a task needs is missing; `missing` names what."""

    code: ClassVar[str] = "not_ready"

    def __init__(self, missing: list[str]) -> None:
        super().__init__("Not ready; missing: " + ", ".join(missing) + ".")
        self.missing = missing


def error_body(error: Exception) -> dict[str, Any]:
    """The protocol's Error for anything that was raised; what it doesn't know is logged."""
    if isinstance(error, ValidationError):
        return _body("bad_request", _describe_problems(error))
    if isinstance(error, InvalidArguments):
        return _body(error.code, error.message, fields=error.fields)
    if isinstance(error, NotReady):
        return _body(error.code, error.message, missing=error.missing)
    if isinstance(error, InceptionError) and error.code in STATUS:
        return _body(error.code, error.message)
    if isinstance(error, HTTPException):
        return _body_of_http(error)
    _log.exception("a request failed", exc_info=error, extra={"action": "request_failed"})
    return _body("internal_error", "Something went wrong here; the server's log has more.")


def status_of(body: dict[str, Any]) -> int:
    """The HTTP status of an Error."""
    return STATUS[body["error"]["code"]]


def register(app: Flask) -> None:
    """Answer everything that goes wrong in `app` in the one shape, pages as a page."""
    app.register_error_handler(Exception, _respond)


def _respond(error: Exception) -> tuple[Response, int]:
    body = error_body(error)
    status = status_of(body)
    response = _page(body, status) if _wants_page() else jsonify(body)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, HTTPException):
        for name, value in error.get_headers():
            if name == "Allow":
                response.headers[name] = value
    return response, status


def _wants_page() -> bool:
    accepts = request.accept_mimetypes
    wants_html = accepts.best_match(["application/json", "text/html"]) == "text/html"
    return wants_html and not request.path.startswith(("/api/", "/healthz", "/readyz", "/static/"))


def _page(body: dict[str, Any], status: int) -> Response:
    title = _TITLES.get(status, "That was not possible")
    told = body["error"]
    message = _NOT_FOUND if told["code"] == "not_found" else told["message"]
    try:
        return Response(render_template("error.html", status=status, title=title, message=message))
    except TemplateNotFound:
        return jsonify(body)


def _body(code: str, message: str, **more: object) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, **more}}


def _body_of_http(error: HTTPException) -> dict[str, Any]:
    code = _CODE_OF_STATUS.get(error.code or 500)
    if code is None:
        code = "bad_request" if 400 <= (error.code or 500) < 500 else "internal_error"
    return _body(code, error.description or error.name)


def _describe_problems(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    told = [problem for problem in problems if problem["type"] != _ABSENCE] or problems
    return "; ".join(_describe(problem) for problem in told[:_MAX_PROBLEMS])


def _is_kind(part: int | str) -> bool:
    """True for what pydantic adds to a place: which of several kinds a value may be of."""
    return isinstance(part, str) and _KIND.fullmatch(part) is not None


def _describe(problem: ErrorDetails) -> str:
    parts = [part for at, part in enumerate(problem["loc"]) if at == 0 or not _is_kind(part)]
    where = ".".join(str(part) for part in parts)[:_MAX_PLACE]
    said = _SAID.get(problem["type"], problem["msg"].removeprefix("Value error, "))
    return f"{where}: {said}" if where else said
