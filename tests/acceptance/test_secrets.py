"""Secret arguments: the tasks have them, and nobody finds them anywhere."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import requests
import socketio
from cryptography.fernet import Fernet

from tests.acceptance.conftest import Stack, StartApplication, start_stack
from tests.running import eventually

pytestmark = pytest.mark.timeout(120)


def digest(secret: str) -> str:
    """What the tasks return of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


CARRY = "tests.acceptance.secret_tasks.carry"
WORD, PASSWORD, TOKEN = "mark-w0rd-9f31c7", 'mark-"pass"-77ab0e', "mark-t0ken-c05d42"
DIGESTS = [digest(WORD), digest(PASSWORD), digest(WORD), digest(TOKEN)]
NEEDLES = ("w0rd-9f31c7", "-77ab0e", "t0ken-c05d42")


class Ear:
    """Keeps every command that Redis gets, what HTTP answers, and what a socket hears."""

    def __init__(self, stack: Stack) -> None:
        self.heard: list[str] = []
        self.url = f"{stack.url}/api/v1"
        self._http = requests.Session()
        self._redis = redis.Redis.from_url(stack.redis_url)
        self._monitor = self._redis.monitor()
        self._monitor.__enter__()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        self._socket = socketio.Client()
        self._socket.on("*", lambda event, payload: self.heard.append(f"{event} {payload}"))
        self._socket.connect(stack.url, transports=["websocket"], wait_timeout=20)

    def ask(self, event: str, **payload: Any) -> Any:
        """Send an event; what is answered is kept."""
        answer = self._socket.call(event, payload, timeout=20)
        self.heard.append(f"{event} {answer}")
        return answer

    def call(self, method: str, path: str, **body: Any) -> requests.Response:
        """Call REST; what is answered is kept."""
        response = self._http.request(method, self.url + path, json=body or None, timeout=20)
        self.heard.append(f"{response.headers} {response.text}")
        return response

    def wait_for(self, run_id: str, state: str, path: str = "") -> Any:
        """Return the record once it has this state."""

        def reached() -> bool:
            address = f"/runs/{run_id}/nodes/{path or '-'}"
            self.record = self.call("GET", address).json()
            return self.record.get("state") == state

        eventually(reached, 30, f"{path!r} of {run_id} is {state}")
        return self.record

    def read_everything(self, run_id: str) -> None:
        """Ask for all that is shown of a run, and of runs."""
        paths = ["/runs", "/parents", "/workers", "/openapi.json", f"/runs/{run_id}"]
        paths += [f"/runs/{run_id}/nodes?under=", f"/runs/{run_id}/nodes?under=1"]
        snapshot = self.call("GET", f"/runs/{run_id}").json()
        paths.append(f"/runs/{run_id}/events?epoch={snapshot['epoch']}&since=0")
        for node in snapshot["nodes"]:
            paths += [f"/runs/{run_id}/nodes/{node['path']}{end}" for end in ("", "/log")]
        for path in paths:
            assert self.call("GET", path).status_code == 200
        for page in ("/", f"/runs/{run_id}", "/start", "/workers"):
            self.heard.append(self._http.get(self.url.removesuffix("/api/v1") + page).text)

    def close(self) -> None:
        """Hear no more."""
        self._socket.disconnect()
        self._monitor.connection.disconnect()
        self._thread.join(5)
        self._redis.close()

    def _listen(self) -> None:
        try:
            for command in self._monitor.listen():
                self.heard.append(str(command["command"]))
        except (redis.RedisError, ValueError, OSError, AttributeError):
            return  # the connection was closed


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, server_available: None) -> Iterator[Stack]:
    """An application with a key, whose watcher is killed once."""
    stack = start_stack(
        tmp_path_factory.mktemp("secrets") / "state",
        INCEPTION_SECRET_KEYS=Fernet.generate_key().decode(),
        INCEPTION_TASKS="tests.acceptance.secret_tasks",
        INCEPTION_HEARTBEAT_TTL="2",
    )
    yield stack
    stack.application.end()


@pytest.fixture
def ear(stack: Stack) -> Iterator[Ear]:
    ear = Ear(stack)
    yield ear
    ear.close()


def test_tasks_have_secrets_through_crash_retry_and_rerun_and_nobody_else(
    stack: Stack, ear: Ear, tmp_path: Path
) -> None:
    secrets = {"word": WORD, "place": {"host": "h", "password": PASSWORD}, "api_token": TOKEN}
    ear.ask("watch_runs")
    run_id = start(ear, **secrets, folder=str(tmp_path))
    ear.ask("watch", run_id=run_id)
    ear.ask("watch_log", run_id=run_id, path="0")
    ear.wait_for(run_id, "PROGRESS", "0")

    killed = kill(stack, "watcher")
    eventually(lambda: stack.application.replaced("watcher", killed), 20, "another watcher")
    (tmp_path / "go").touch()
    failed = ear.wait_for(run_id, "FAILURE")
    assert "**********" in failed["meta"]["error"]
    ear.call("POST", f"/runs/{run_id}/retry")
    assert ear.wait_for(run_id, "SUCCESS")["value"] == DIGESTS

    again = ear.ask("rerun", run_id=run_id)["run"]["id"]
    assert ear.wait_for(again, "SUCCESS")["value"] == DIGESTS
    other = ear.call("POST", f"/runs/{run_id}/rerun", kwargs=changed(failed["kwargs"])).json()["id"]
    assert ear.wait_for(other, "SUCCESS")["value"] == [*DIGESTS[:3], digest("another-t0ken")]
    for each in (run_id, again, other):
        ear.read_everything(each)

    assert told_of(stack, ear) == []
    assert sum("**********" in text for text in ear.heard) > 20


@pytest.mark.parametrize("name", ["word", "api_token"])
def test_what_is_sent_back_masked_or_does_not_fit_is_refused_unquoted(
    ear: Ear, tmp_path: Path, name: str
) -> None:
    given = {"word": WORD, "place": {}, "api_token": TOKEN, "folder": "f"}
    for wrong in ("**********", {"not": "hush-text"}):
        response = ear.call("POST", "/runs", name=CARRY, kwargs={**given, name: wrong})
        assert response.status_code == 422
        assert [field["path"] for field in response.json()["error"]["fields"]] == [f"/{name}"]
        assert "hush-text" not in response.text


def test_an_idempotency_key_stands_for_the_secrets_too(ear: Ear) -> None:
    given = {"word": WORD, "place": {}, "api_token": TOKEN, "folder": "f"}
    asked = {"name": CARRY, "kwargs": given, "idempotency_key": "once"}
    first = ear.ask("start", **asked)
    assert ear.ask("start", **asked)["run"]["id"] == first["run"]["id"]
    asked["kwargs"] = {**given, "word": "another"}
    assert ear.ask("start", **asked)["error"]["code"] == "idempotency_key_reused"


def test_without_a_key_a_secret_is_refused_and_nothing_is_kept(
    own_stack: StartApplication,
) -> None:
    stack = own_stack(INCEPTION_TASKS="tests.acceptance.secret_tasks")
    ear = Ear(stack)
    try:
        given = {"word": WORD, "place": {}, "api_token": TOKEN, "folder": "f"}
        refusal = ear.call("POST", "/runs", name=CARRY, kwargs=given)
        assert refusal.status_code == 422
        assert refusal.json()["error"]["code"] == "invalid_arguments"
        assert "INCEPTION_SECRET_KEYS" in refusal.json()["error"]["message"]
        assert ear.ask("start", name=CARRY, kwargs=given)["error"]["fields"]
        assert ear.call("GET", "/runs").json()["runs"] == []
        assert told_of(stack, ear) == []
    finally:
        ear.close()


def start(ear: Ear, **kwargs: Any) -> str:
    response = ear.call("POST", "/runs", name=CARRY, kwargs=kwargs)
    assert response.status_code == 201, response.text
    run_id: str = response.json()["id"]
    return run_id


def changed(shown: dict[str, Any]) -> dict[str, Any]:
    """What was shown of the arguments, with one secret given anew."""
    assert shown["word"] == shown["place"]["password"] == "**********"
    return {**shown, "api_token": "another-t0ken"}


def kill(stack: Stack, name: str) -> int:
    pid = stack.application.pid(name)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    return pid


def told_of(stack: Stack, ear: Ear) -> list[str]:
    """Where a secret is found, cut to what is around it."""
    found = ((text, text.find(needle)) for text in everything(stack, ear) for needle in NEEDLES)
    return [text[:80] + " … " + text[max(0, at - 80) : at + 40] for text, at in found if at >= 0]


def everything(stack: Stack, ear: Ear) -> Iterator[str]:
    """All that was heard, and every file of the application: Redis' own and the logs."""
    files = [path for path in stack.application.state_dir.rglob("*") if path.is_file()]
    assert any("appendonly" in path.name for path in files)
    assert any(path.suffix == ".log" for path in files)
    for path in files:
        yield f"{path}: {path.read_bytes().decode('utf-8', 'replace')}"
    yield from ear.heard
