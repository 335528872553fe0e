"""Signing in as a browser does: the cookie, the form's token, the end of a session."""

from __future__ import annotations

import re

import pytest
import requests
import socketio
from itsdangerous import URLSafeTimedSerializer

from inception.runs import keys
from inception.runs.connection import connect
from inception.runs.store import Store
from tests.integration.webapp.clients import PATIENCE, Client
from tests.integration.webapp.guarded import COOKIE, Browser, GuardedWeb, refusal
from tests.integration.webapp.owner import Owner
from webapp.auth.door import SESSION_LIFETIME
from webapp.auth.passwords import hash_password
from webapp.auth.roles import Role
from webapp.auth.users import Account


def code(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def closed(client: Client) -> bool:
    client.socket.eio.read_loop_task.join(PATIENCE)
    return not client.socket.connected


def test_a_stranger_is_sent_to_sign_in_and_back(visitor: Browser) -> None:
    sent = visitor.get("/runs/abc?node=0", allow_redirects=False)
    assert sent.headers["Location"] == "/signin?next=/runs/abc?node%3D0"
    assert code(visitor.get("/api/v1/runs")) == (401, "unauthorized")
    answer = visitor.sign_in("viewer", params={"next": "/runs/abc?node=0"})
    assert answer.headers["Location"] == "/runs/abc?node=0"
    assert visitor.is_signed_in()


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example", "https://evil.example/", "/\\evil.example", "/\r\nX: y", ""]
)
def test_sign_in_never_leads_to_another_site(visitor: Browser, elsewhere: str) -> None:
    answer = visitor.sign_in("viewer", params={"next": elsewhere})
    assert answer.headers["Location"] == "/"


def test_a_wrong_name_and_a_wrong_password_are_told_alike(visitor: Browser) -> None:
    answers = [visitor.sign_in("viewer", "wrong"), visitor.sign_in("nobody", "wrong")]
    said = [re.findall(r'role="alert"[^>]*>([^<]*)<', answer.text) for answer in answers]
    assert said == [["Name or password is wrong."]] * 2
    assert [answer.status_code for answer in answers] == [401, 401]
    assert not visitor.is_signed_in()


def test_the_cookie_is_for_the_browser_alone(guarded: GuardedWeb, visitor: Browser) -> None:
    kept = visitor.sign_in("viewer").headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in kept.split(";")}
    assert "Secure" not in kept  # over plain http a visitor would drop it


@pytest.mark.parametrize("sent", ["", "guessed"])
def test_a_form_of_another_site_changes_nothing(guarded: GuardedWeb, sent: str) -> None:
    browser = guarded.browser(Role.ADMIN)
    assert code(browser.post("/api/v1/runs", sent, json={})) == (403, "forbidden")
    assert code(browser.post("/signout", sent)) == (403, "forbidden")
    assert browser.post("/api/v1/runs", json={}).status_code == 400  # it was let through
    assert browser.is_signed_in()


def test_a_token_needs_no_csrf_token(guarded: GuardedWeb) -> None:
    answer = guarded.call("POST", "/api/v1/runs", guarded.token(Role.OPERATOR), json={})
    assert answer.status_code == 400


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_another_origin_gets_nothing_and_opens_no_socket(guarded: GuardedWeb, origin: str) -> None:
    browser = guarded.browser(Role.ADMIN)
    cookie = f"{COOKIE}={browser.session.cookies[COOKIE]}"
    answer = browser.get("/api/v1/runs", headers={"Origin": origin})
    assert code(answer) == (403, "forbidden")
    assert "Access-Control-Allow-Origin" not in answer.headers
    with pytest.raises(socketio.exceptions.ConnectionError):
        Client(guarded.address, headers={"Cookie": cookie, "Origin": origin})


@pytest.mark.parametrize("index", ["0", "", "x"])
def test_no_session_is_given_to_a_script_that_any_page_can_load(
    guarded: GuardedWeb, index: str
) -> None:
    """Browsers send no Origin with it."""
    path = f"/socket.io/?EIO=4&transport=polling&j={index}"
    answer = guarded.call("GET", path)
    assert code(answer) == (400, "bad_request")
    assert "sid" not in answer.text


def test_signing_out_ends_the_session_and_its_sockets(guarded: GuardedWeb) -> None:
    browser, other = guarded.browser(Role.VIEWER), guarded.browser(Role.VIEWER)
    cookie = browser.session.cookies[COOKIE]
    client, unconcerned = browser.socket(), other.socket()
    assert browser.post("/signout").status_code == 302
    assert closed(client)
    browser.session.cookies.set(COOKIE, cookie)  # the stolen copy of before
    assert not browser.is_signed_in()
    assert "error" not in unconcerned.ask("watch_runs", {})
    unconcerned.close()


def test_signing_in_anew_ends_the_session_that_was_open(guarded: GuardedWeb) -> None:
    browser = guarded.browser(Role.VIEWER)
    former = browser.session.cookies[COOKIE]
    assert browser.sign_in("operator").status_code == 302
    assert browser.is_signed_in()
    assert browser.session.cookies[COOKIE] != former
    browser.session.cookies.clear()
    browser.session.cookies.set(COOKIE, former)
    assert not browser.is_signed_in()


def test_a_removed_user_is_out_at_once(guarded: GuardedWeb) -> None:
    browser = guarded.browser(Role.ADMIN)
    client = browser.socket()
    guarded.users.remove("admin")
    assert not browser.is_signed_in()
    assert client.ask("watch_runs", {})["error"]["code"] == "unauthorized"
    guarded.gate.admissions.look()
    assert closed(client)


def test_another_password_ends_the_sessions_of_the_former(guarded: GuardedWeb) -> None:
    browser = guarded.browser(Role.VIEWER)
    kept = hash_password("another one")
    guarded.users.add(Account(name="viewer", role=Role.VIEWER, hash=kept))
    assert not browser.is_signed_in()


def test_another_role_holds_from_the_next_request_on(guarded: GuardedWeb) -> None:
    browser = guarded.browser(Role.ADMIN)
    account = guarded.users.accounts()["admin"]
    guarded.users.add(Account(name="admin", role=Role.VIEWER, hash=account.hash))
    assert code(browser.post("/api/v1/runs", json={})) == (403, "forbidden")
    assert browser.is_signed_in()


def test_sessions_can_be_ended_by_name(guarded: GuardedWeb) -> None:
    browser, other = guarded.browser(Role.VIEWER), guarded.browser(Role.ADMIN)
    assert guarded.gate.door.sessions.take_back(name="viewer") == 1
    assert (browser.is_signed_in(), other.is_signed_in()) == (False, True)


def test_a_session_expires(guarded: GuardedWeb, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.auth.door.SESSION_LIFETIME", 0)
    browser = Browser(guarded.address)
    assert browser.sign_in("viewer").status_code == 302
    assert not browser.is_signed_in()
    assert SESSION_LIFETIME > 0


@pytest.mark.parametrize("forged", ["", "abc", "e30.aaaa.bbbb", "x" * 5000])
def test_a_forged_cookie_opens_nothing(guarded: GuardedWeb, forged: str) -> None:
    answer = guarded.call("GET", "/api/v1/runs", headers={"Cookie": f"{COOKIE}={forged}"})
    assert code(answer) == (401, "unauthorized")
    cookie = {"Cookie": f"{COOKIE}={forged}"}
    assert refusal(guarded.address, headers=cookie) == "unauthorized"


@pytest.mark.parametrize("forged", ["", "abc", "viewer|", "viewer|00ff", "|", "ä|ä"])
def test_no_other_cookie_opens_anything(guarded: GuardedWeb, forged: str) -> None:
    """Flask-Login has one of its own, for browsers that stay signed in: nobody is given it."""
    cookie = {"Cookie": f"remember_token={forged}".encode()}
    for headers in (cookie, {**cookie, "Accept": "text/html"}):
        answer = guarded.call("GET", "/api/v1/runs", headers=headers)
        assert code(answer) == (401, "unauthorized")
    guarded.browser(Role.VIEWER)  # from here on there is a key
    assert code(guarded.call("GET", "/api/v1/runs", headers=cookie)) == (401, "unauthorized")


def test_a_cookie_signed_with_another_key_opens_nothing(guarded: GuardedWeb) -> None:
    browser = guarded.browser(Role.ADMIN)
    app = guarded.web.app
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    content = signer.loads(browser.session.cookies[COOKIE])
    forged = URLSafeTimedSerializer(
        "guessed", salt="cookie-session", signer_kwargs={"key_derivation": "hmac"}
    ).dumps(content)
    answer = guarded.call("GET", "/api/v1/runs", headers={"Cookie": f"{COOKIE}={forged}"})
    assert answer.status_code == 401


def test_what_redis_keeps_opens_nothing(guarded: GuardedWeb, redis_url: str) -> None:
    """Whoever reads Redis has the key of the cookies and digests, and no word that counts."""
    browser = guarded.browser(Role.ADMIN)
    token = guarded.token(Role.ADMIN)
    client = connect(redis_url, purpose="test")
    cookie = browser.session.cookies[COOKIE]
    app = guarded.web.app
    word = app.session_interface.get_signing_serializer(app).loads(cookie)["_user_id"]  # type: ignore[attr-defined]
    kept = str(client.hgetall(keys.SESSIONS)) + str(client.hgetall(keys.TOKENS))
    assert word not in kept
    assert token not in kept


def test_who_is_signed_in_shows_on_what_they_did(
    guarded: GuardedWeb, owner: Owner, store: Store
) -> None:
    browser = guarded.browser(Role.OPERATOR)
    run = owner.begin()
    client = browser.socket()
    client.ask("revoke", {"run_id": run.id})
    client.close()
    revoked = store.read_run(run.id)["revoke"]
    assert revoked is not None
    assert revoked["by"] == "operator"
    newest = guarded.gate.door.audit.read(2)
    listed = [(one["by"], one["deed"], one["run_id"]) for one in newest]
    assert listed == [("operator", "revoke", run.id), ("operator", "sign_in", None)]


def test_the_page_says_who_is_signed_in(guarded: GuardedWeb) -> None:
    page = guarded.browser(Role.VIEWER).get("/").text
    assert 'data-role="viewer"' in page
    assert "Sign out" in page
