"""Pictures of every page in every state: `python -m tests.browser.pictures FOLDER [words…]`.

Each state is brought about in a real application and taken light, dark, on a phone, a tablet and a
very wide screen, and axe-core looks at it in both themes, wide and narrow; only those whose name
holds one of the words, if any are given.
`FOLDER/index.html` shows them side by side, `FOLDER/sheet-*.png` one state each. With
INCEPTION_TEST_URL a running dashboard is taken, whose workers know `tests.browser.pictured`; what
must be alone in an application is left out then.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import CHECKOUT, SUPERVISOR, free_port, launch
from tests.browser.pictures.album import Album
from tests.browser.pictures.states import (
    PASSWORD,
    take_all,
    take_first_pages,
    take_guarded,
    take_unreadable_queue,
)
from tests.running import Application
from webapp.auth.passwords import hash_password
from webapp.auth.roles import Role
from webapp.auth.users import Account, UsersFile

SETTINGS = {
    "INCEPTION_CONCURRENCY": "12",
    "INCEPTION_TASKS": "tests.browser.chatty,tests.browser.pictured",
    "REDIS_URL": "",
}


@contextmanager
def _application(**settings: str) -> Iterator[tuple[str, Path]]:
    with tempfile.TemporaryDirectory() as folder:
        state_dir = Path(folder) / "state"
        environ = {**SETTINGS, "INCEPTION_PORT": str(free_port()), **settings}
        application = Application(SUPERVISOR, CHECKOUT, state_dir, environ)
        try:
            yield application.wait_until_ready().rstrip("/"), state_dir
        finally:
            application.end()


@contextmanager
def _guarded(redis_url: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        users = Path(folder) / "users"
        UsersFile(users).add(Account(name="viewer", role=Role.VIEWER, hash=hash_password(PASSWORD)))
        settings = {
            "INCEPTION_PROCESSES": "web",
            "INCEPTION_USERS": str(users),
            "REDIS_URL": redis_url,
        }
        with _application(**settings) as (url, _):
            yield url


def main() -> int:
    """Take the pictures; the exit code is not 0 if one can't be, or breaks a rule of axe-core."""
    folder, words = Path(sys.argv[1]), sys.argv[2:]
    with sync_playwright() as playwright:
        album = Album(launch(playwright), folder, words)
        if url := os.environ.get("INCEPTION_TEST_URL"):
            take_all(album, url.rstrip("/"))
        else:
            with _application() as (url, state_dir):
                take_first_pages(album, url)
                ids = take_all(album, url)
                redis_url = (state_dir / "redis.url").read_text().strip()
                take_unreadable_queue(album, url, redis_url)
                with _guarded(redis_url) as guarded:
                    take_guarded(album, guarded, ids)
        album.bind()
        album.browser.close()
    return 1 if album.missing or album.broken else 0


if __name__ == "__main__":
    sys.exit(main())
