"""What every response carries: the browser is told to load and do only what a page needs."""

from __future__ import annotations

import secrets
from typing import Final

from flask import Flask, Response, g, request

_NO_DOCUMENTS: Final = ("text/javascript", "text/css")
"""What never opens as a page needs no rules for one; a page loads some sixty of these."""


def nonce() -> str:
    """The one word of a response without which no inline script runs."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    word: str = g.nonce
    return word


def register(app: Flask) -> None:
    """Add the headers to each response of `app`."""
    app.after_request(_add)


def _add(response: Response) -> Response:
    headers = response.headers
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-store"
    if response.mimetype not in _NO_DOCUMENTS:
        headers["Content-Security-Policy"] = _content_policy()
        headers["X-Frame-Options"] = "DENY"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
    return response


def _content_policy() -> str:
    host = request.host
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce()}'",
            "style-src 'self'",
            "img-src 'self' data:",
            f"connect-src 'self' ws://{host} wss://{host}",
            "font-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
