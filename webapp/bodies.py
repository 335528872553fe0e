"""Bodies are read whole or refused, however they are sent.

A body that comes in chunks has no length, and werkzeug takes one of unknown length for empty unless
the server says that it ends by itself. Not every server that reads chunks says so, and an empty
body is a question of its own: a revoke of one node would be one of the whole run.
"""

from __future__ import annotations

from flask import Flask, request

from inception.runs.errors import BadRequest


def register(app: Flask) -> None:
    """Look at each request of `app` before anything reads its body."""
    app.before_request(_check_length)


def _check_length() -> None:
    """Raises BadRequest."""
    length = request.environ.get("CONTENT_LENGTH", "")
    coding = request.environ.get("HTTP_TRANSFER_ENCODING", "")
    if length and not (length.isascii() and length.isdigit()):
        raise BadRequest(f"{length[:40]!r} is no length of a body.")
    if not coding:
        return
    if length:
        raise BadRequest("A body comes with its length or in chunks, not both.")
    if coding.strip().lower() != "chunked":
        raise BadRequest(f"Bodies come as they are or in chunks, not as {coding[:40]!r}.")
    reads_chunks = getattr(request.environ["wsgi.input"], "chunked_input", False)  # as eventlet's
    if reads_chunks:
        request.environ["wsgi.input_terminated"] = True
    elif not request.environ.get("wsgi.input_terminated"):
        raise BadRequest("This server reads no bodies in chunks: send a Content-Length.")
