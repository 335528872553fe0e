"""A web that asks who is there, and what each kind of caller has to show."""

from __future__ import annotations

import queue
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.integration.webapp.clients import PATIENCE, Client, create_client
from tests.integration.webapp.web import Web
from webapp.auth.gate import Gate
from webapp.auth.passwords import hash_password
from webapp.auth.roles import Role
from webapp.auth.users import Account, UsersFile

PASSWORD = "correct horse"
COOKIE = "inception_session"


def write_users(path: Path) -> UsersFile:
    """One user of each role, called as the role is."""
    file = UsersFile(path)
    kept = hash_password(PASSWORD)
    for role in Role:
        file.add(Account(name=str(role), role=role, hash=kept))
    return file


@dataclass
class Browser:
    """What a browser keeps and sends: cookies, the address it came from, the page's CSRF token."""

    address: str

    def __post_init__(self) -> None:
        self.session = requests.Session()
        self.csrf = ""

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.session.get(self.address + path, timeout=PATIENCE, **more)

    def sign_in(self, name: str, password: str = PASSWORD, **more: Any) -> requests.Response:
        answer = self.session.post(
            f"{self.address}/signin",
            data={"name": name, "password": password},
            headers={"Origin": self.address},
            timeout=PATIENCE,
            allow_redirects=False,
            **more,
        )
        if answer.status_code == 302:
            self.csrf = csrf_of(self.get("/").text)
        return answer

    def post(self, path: str, csrf: str | None = None, **more: Any) -> requests.Response:
        sent = self.csrf if csrf is None else csrf
        headers = {"X-CSRF-Token": sent} if sent else {}
        return self.session.post(
            self.address + path, headers=headers, timeout=PATIENCE, allow_redirects=False, **more
        )

    def is_signed_in(self) -> bool:
        return self.get("/api/v1/runs").status_code == 200

    def socket(self) -> Client:
        cookie = "; ".join(f"{each.name}={each.value}" for each in self.session.cookies)
        return Client(self.address, headers={"Cookie": cookie})


def csrf_of(page: str) -> str:
    found = re.search(r'<meta name="csrf-token" content="([^"]*)">', page)
    assert found is not None
    return found[1]


def refusal(address: str, origin: str | None = None, **how: Any) -> str:
    """The code with which a socket is refused."""
    refused: queue.Queue[Any] = queue.Queue()
    client = create_client(origin)

    def note(problem: Any) -> None:
        refused.put(problem)
        client.eio.ws.sock.shutdown(socket.SHUT_RDWR)  # in order it would wait for an answer

    client.on("connect_error", note)
    client.connect(address, transports=["websocket"], wait=False, **how)
    code: str = refused.get(timeout=PATIENCE)["data"]["error"]["code"]
    return code


class GuardedWeb:
    """The web with users, its gate, and ways in."""

    def __init__(self, redis_url: str, folder: Path, **settings: Any) -> None:
        self.redis_url = redis_url
        self.users = write_users(folder / "users")
        self.web = Web(redis_url, folder / "users", **settings)
        self.address = self.web.address
        self.gate: Gate = self.web.app.extensions["inception_gate"]

    def browser(self, role: Role) -> Browser:
        browser = Browser(self.address)
        assert browser.sign_in(str(role)).status_code == 302
        return browser

    def token(self, role: Role, lifetime: int | None = None) -> str:
        return self.gate.door.tokens.give("program", role, lifetime=lifetime)[0]

    def run_token(self, run_id: str) -> str:
        return self.gate.door.give_run_token(run_id, lifetime=60, by="test")[0]

    def call(self, method: str, path: str, token: str | None = None, **more: Any) -> Any:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        headers.update(more.pop("headers", {}))
        return requests.request(
            method,
            self.address + path,
            headers=headers,
            timeout=PATIENCE,
            allow_redirects=False,
            **more,
        )

    def stop(self) -> None:
        self.gate.admissions.stop()
        if self.gate.sessions is not None:
            self.gate.sessions.stop()
        self.web.stop()
