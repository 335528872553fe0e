"""Where pages find their files: addresses that change when a file does, so they may be kept."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Final

from flask import Flask, Response, request, url_for

_KEEP: Final = "public, max-age=31536000, immutable"
_ASK: Final = "no-cache"


class Assets:
    """The static folder of one app."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def address(self, path: str) -> str:
        """The address of a file, with its time of change; of a missing one without."""
        try:
            changed = (self._folder / path).stat().st_mtime_ns
        except OSError:
            return url_for("static", filename=path)
        return url_for("static", filename=path, v=f"{changed:x}")


def register(app: Flask) -> None:
    """Serve scripts by their type, and let browsers keep what is addressed by its version.

    A module that another imports has no version in its address: browsers ask whether it changed.
    """
    for ending in (".js", ".mjs"):  # some machines have neither in their own tables
        mimetypes.add_type("text/javascript", ending)
    assets = Assets(Path(app.static_folder or "static"))
    app.jinja_env.globals["static_url"] = assets.address
    app.after_request(_say_how_long)


def _say_how_long(response: Response) -> Response:
    if request.endpoint == "static" and response.status_code < 400:
        response.headers["Cache-Control"] = _KEEP if "v" in request.args else _ASK
    return response
