"""Where pages find their files: addresses that change when a file does, so they may be kept."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Final, TypeAlias

from flask import Flask, Response, request, url_for

from webapp.kept_files import KEEP, version_of

_ASK: Final = "no-cache"
_MODULES: Final = PurePosixPath("js")
_IMPORT: Final = re.compile(r'(?:\bfrom|^import) "(\.[^"]+)"', re.MULTILINE)
_LATER: Final = re.compile(r'=>\s+import\("(\.[^"]+)"\)')
"""What a module hands on to be loaded, as `later(() => import("./dialog.js"))`."""
_OF_A_PAGE: Final = ("begin", "pages")
"""Folders with a module for each page: what asks for its rows, and what draws it."""
_Reading: TypeAlias = Callable[[Path, int], tuple[str, ...]]
"""Tells what a module of that time of change imports."""
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


@dataclass(frozen=True, slots=True)
class Modules:
    """What a live page's script imports: how it is named there → its address.

    `first` is what the first view takes, in the order in which it is needed.
    """

    first: dict[str, str]
    later: dict[str, str]

    @property
    def known(self) -> dict[str, str]:
        """All of them."""
        return self.first | self.later


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

    def modules_of(self, page: str) -> Modules:
        """The modules of a live page, at any depth.

        With these in an import map a browser can ask for all of them at once, and never again. What
        connects to the server comes first, then what asks it for the rows: that takes its time
        while what draws them follows.
        """
        libraries = {name: self.address(f"vendor/{path}") for name, path in LIBRARIES.items()}
        entries = [_MODULES / "main.js", *(_MODULES / part / f"{page}.js" for part in _OF_A_PAGE)]
        first = self._closure([path for path in entries if self._is_there(path)])
        handed_on = [each for path in first for each in self._imports(path, _later)]
        later = self._closure(handed_on, also=_later)
        return Modules(
            first=libraries | self._addresses(first),
            later=self._addresses([path for path in later if path not in first]),
        )

    def _addresses(self, paths: Iterable[PurePosixPath]) -> dict[str, str]:
        return {url_for("static", filename=str(path)): self.address(str(path)) for path in paths}

    def _is_there(self, path: PurePosixPath) -> bool:
        return (self._folder / path).is_file()

    def _closure(
        self, entries: Iterable[PurePosixPath], *, also: _Reading | None = None
    ) -> dict[PurePosixPath, None]:
        """The entries and all they import, those of the first one first."""
        readings = (_imported,) if also is None else (_imported, also)
        found: dict[PurePosixPath, None] = {}
        for entry in entries:
            left = [entry]
            while left:
                path = left.pop(0)
                if path not in found:
                    found[path] = None
                    left += [each for read in readings for each in self._imports(path, read)]
        return found

    def _imports(self, path: PurePosixPath, read: _Reading) -> Iterator[PurePosixPath]:
        """The modules of ours that one imports."""
        file = self._folder / path
        for name in read(file, file.stat().st_mtime_ns):
            yield _normal(path.parent / name)


@lru_cache(_MOST_READ)
def _text(file: Path, _changed: int) -> str:
    return file.read_text("utf-8")


@lru_cache(_MOST_READ)
def _later(file: Path, _changed: int) -> tuple[str, ...]:
    return tuple(_LATER.findall(file.read_text("utf-8")))


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
    # Templates would have names in the order of the alphabet: the browser asks in this one.
    app.jinja_env.policies["json.dumps_kwargs"] = {"sort_keys": False}
    app.after_request(_say_how_long)


def _say_how_long(response: Response) -> Response:
    if request.endpoint == "static" and response.status_code < 400:
        response.headers["Cache-Control"] = KEEP if "v" in request.args else _ASK
    return response
