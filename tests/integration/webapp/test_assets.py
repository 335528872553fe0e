"""Scripts and style sheets by their version, and what of all that is answered is packed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import requests

from tests.integration.webapp.clients import PATIENCE
from tests.integration.webapp.guarded import GuardedWeb
from tests.integration.webapp.web import Web
from webapp.auth import Role

ROW = "/static/js/view/run-row.js"
FILE = Path(__file__).resolve().parents[3] / ROW.removeprefix("/")
SCRIPTS = FILE.parents[1]


def get(web: Web, path: str, **headers: str) -> requests.Response:
    return requests.get(f"{web.address}{path}", headers=headers, timeout=PATIENCE)


def address_in(page: str) -> str:
    found = re.search(rf'"({re.escape(ROW)}\?v=[0-9a-f]+)"', page)
    assert found is not None
    return found[1]


def test_a_script_by_its_version_is_packed_and_kept_and_says_little(web: Web) -> None:
    answer = get(web, address_in(get(web, "/").text))
    lines = FILE.read_text().splitlines()
    for sent, line in zip(answer.text.splitlines(), lines, strict=True):
        assert sent == line or (sent == "" and line.lstrip().startswith(("/*", "*", "//")))
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert sum(map(len, (*answer.headers.keys(), *answer.headers.values()))) < 400


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("", {}, 200),
        ("?v=1", {}, 200),
        ("VERSION", {"Accept-Encoding": "identity"}, 200),
        ("VERSION", {"Range": "bytes=0-9"}, 206),
        ("VERSION", {"Host": "elsewhere.example"}, 403),
        ("VERSION", {"Origin": "http://elsewhere.example"}, 403),
    ],
)
def test_what_is_asked_for_otherwise_is_answered_with_all_its_headers(
    web: Web, query: str, headers: dict[str, str], status: int
) -> None:
    address = address_in(get(web, "/").text) if query == "VERSION" else ROW + query
    answer = get(web, address, **headers)
    assert answer.status_code == status
    if answer.ok:
        assert FILE.read_bytes().startswith(answer.content)
        assert "ETag" in answer.headers


def test_nothing_outside_of_the_folder_is_handed_out(web: Web) -> None:
    version = f"{(FILE.parents[3] / 'wsgi.py').stat().st_mtime_ns:x}"
    answer = get(web, f"/static/js/%2e%2e/%2e%2e/wsgi.py?v={version}")
    assert answer.status_code == 404


def test_a_page_is_packed_where_nobody_signs_in(web: Web) -> None:
    answer = get(web, "/")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<h1" in answer.text


def test_a_page_with_a_token_in_it_is_not_packed(guarded: GuardedWeb) -> None:
    answer = guarded.browser(Role.VIEWER).get("/")
    assert answer.status_code == 200
    assert 'name="csrf-token" content="' in answer.text
    assert "Content-Encoding" not in answer.headers


def test_a_browser_is_told_of_modules_in_the_order_in_which_they_are_needed(web: Web) -> None:
    page = get(web, "/runs/of-nobody").text
    found = re.search(r'type="importmap"[^>]* data-first="(\d+)">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    names = list(json.loads(found[2])["imports"])
    needed = [
        "socket.io-client",
        "/static/js/live/link.js",
        "/static/js/begin/run.js",
        "/static/js/pages/run.js",
        "/static/js/view/tree-row.js",
    ]
    assert sorted(needed, key=names.index) == needed
    first = names[: int(found[1])]
    assert set(needed) < set(first)
    later = names[len(first) :]
    assert "/static/js/view/revoke-dialog.js" in later
    assert "/static/js/view/dialog.js" in later  # which that one imports


def test_every_module_that_is_loaded_later_is_known_by_its_version(web: Web) -> None:
    handed_on = re.compile(r'import\("(\./|\.\./)([^"]+)"\)\.then')
    for page in ("/", "/runs/of-nobody"):
        text = get(web, page).text
        found = re.search(r'type="importmap"[^>]*>(.*?)</script>', text, re.DOTALL)
        assert found is not None
        imports = json.loads(found[1])["imports"]
        for name in [name for name in imports if name.startswith("/static/")]:
            module = SCRIPTS / name.removeprefix("/static/js/")
            for up, path in handed_on.findall(module.read_text()):
                folder = module.parent if up == "./" else module.parent.parent
                assert f"/static/js/{(folder / path).relative_to(SCRIPTS)}" in imports, name
