"""Where pages find their files: addresses that change when a file does, so they may be kept."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Final

from flask import Flask, Response, request, url_for

from webapp.kept_files import KEEP, version_of

_ASK: Final = "no-cache"
_MODULES: Final = PurePosixPath("js")
_IMPORT: Final = re.compile(r'(?:\bfrom|^import) "(\.[^"]+)"', re.MULTILINE)
_MOST_READ: Final = 500
"""Files that are kept as they were read; there are about a hundred."""

LIBRARIES: Final = {
    "preact": "preact/dist/preact.mjs",
    "preact/hooks": "preact/hooks/dist/hooks.mjs",
    "htm": "htm/dist/htm.mjs",
    "htm/preact": "htm/preact/index.mjs",
    "@preact/signals-core": "@preact/signals-core/dist/signals-core.mjs",
    "@preact/signals": "@preact/signals/dist/signals.mjs",
    "socket.io-client": "socket.io-client/dist/socket.io.esm.min.js",
}
"""What the modules import by name → its file in the vendor folder."""


class Assets:
    """The static folder of one app."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def address(self, path: str) -> str:
        """The address of a file, with its time of change; of a missing one without."""
        try:
            version = version_of(self._folder / path)
        except OSError:
            return url_for("static", filename=path)
        return url_for("static", filename=path, v=version)

    def text(self, path: str) -> str:
        """What a script holds, to stand in the page itself."""
        file = self._folder / path
        return _text(file, file.stat().st_mtime_ns)

    def modules_of(self, page: str) -> dict[str, str]:
        """What a live page's script imports, at any depth: how it is named there → its address.

        With these in an import map a browser asks for all of them at once, and never again. What
        connects to the server comes first: that takes its time while the page's own follow.
        """
        libraries = {name: self.address(f"vendor/{path}") for name, path in LIBRARIES.items()}
        entries = [_MODULES / "main.js", _MODULES / "pages" / f"{page}.js"]
        paths = self._closure([path for path in entries if self._is_there(path)])
        own = {url_for("static", filename=path): self.address(path) for path in paths}
        return libraries | own

    def _is_there(self, path: PurePosixPath) -> bool:
        return (self._folder / path).is_file()

    def _closure(self, entries: list[PurePosixPath]) -> list[str]:
        """The entries and all they import, those of the first one first."""
        found: dict[str, None] = {}
        for entry in entries:
            left = [entry]
            while left:
                path = left.pop(0)
                if str(path) not in found:
                    found[str(path)] = None
                    left += self._imports(path)
        return list(found)

    def _imports(self, path: PurePosixPath) -> Iterator[PurePosixPath]:
        """The modules of ours that one imports, save the pages: each page has only its own."""
        file = self._folder / path
        for name in _imported(file, file.stat().st_mtime_ns):
            imported = _normal(path.parent / name)
            if imported.parent != _MODULES / "pages":
                yield imported


@lru_cache(_MOST_READ)
def _text(file: Path, _changed: int) -> str:
    return file.read_text("utf-8")


@lru_cache(_MOST_READ)
def _imported(file: Path, _changed: int) -> tuple[str, ...]:
    return tuple(_IMPORT.findall(file.read_text("utf-8")))


def _normal(path: PurePosixPath) -> PurePosixPath:
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return PurePosixPath(*parts)


def register(app: Flask) -> None:
    """Serve scripts by their type, and let browsers keep what is addressed by its version.

    A module that another imports has no version in its address: where no import map gives it one,
    browsers ask whether it changed.
    """
    for ending in (".js", ".mjs"):  # some machines have neither in their own tables
        mimetypes.add_type("text/javascript", ending)
    assets = Assets(Path(app.static_folder or "static"))
    app.jinja_env.globals["static_url"] = assets.address
    app.jinja_env.globals["inlined"] = assets.text
    app.jinja_env.globals["modules_of"] = assets.modules_of
    app.after_request(_say_how_long)


def _say_how_long(response: Response) -> Response:
    if request.endpoint == "static" and response.status_code < 400:
        response.headers["Cache-Control"] = KEEP if "v" in request.args else _ASK
    return response
