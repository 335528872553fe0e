"""The web as a process: each async mode serves, ends at once, and says what it can't do."""

from __future__ import annotations

import signal
import socket
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest
import requests
import websocket

from tests.integration.webapp.clients import PATIENCE, Client, View
from tests.integration.webapp.guarded import COOKIE, Browser, refusal, write_users
from tests.integration.webapp.owner import Owner
from tests.integration.webapp.serving import SERVED_WITHIN, Serve, wait_until_served
from tests.running import eventually


@pytest.mark.parametrize("mode", ["eventlet", "gevent", "threading"])
def test_each_mode_serves_pages_rest_and_live_events(
    serve: Serve, port: int, owner: Owner, mode: str
) -> None:
    process = serve(INCEPTION_ASYNC_MODE=mode)
    wait_until_served(port)
    run = owner.begin()
    run.spawn("0")
    clients = [Client(f"http://127.0.0.1:{port}") for _ in range(3)]
    views = [View(client.ask("watch", {"run_id": run.id})["snapshot"]) for client in clients]
    for iteration in range(30):
        seq = run.progress("0", iteration)
    for client, view in zip(clients, views, strict=True):
        for batch in client.wait_for_seq(seq):
            view.apply(batch)
        assert view.nodes["0"]["meta"]["iteration"] == 29
        client.close()
    check_bodies_in_chunks(port, run.id)
    check_messages_in_frames(port)
    check_handshakes(port)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0


UPGRADE = "Connection: Upgrade\r\nUpgrade: websocket\r\n"
KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
SOUND = f"{UPGRADE}{KEY}Sec-WebSocket-Version: 13\r\n"
OFFERS = f"{SOUND}Sec-WebSocket-Extensions: permessage-deflate"
HANDSHAKES = {
    "": 400,
    UPGRADE: 400,  # as before RFC 6455
    f"{UPGRADE}Origin: http://127.0.0.1\r\nSec-WebSocket-Key1: a\r\nSec-WebSocket-Key2: b\r\n": 400,
    f"{UPGRADE}{KEY}": 400,
    f"{UPGRADE}Sec-WebSocket-Version: 13\r\n": 400,
    SOUND.replace("Connection: Upgrade\r\n", ""): 400,
    SOUND.replace("13", "x"): 400,
    SOUND: 101,
    f"{OFFERS}; server_max_window_bits=many\r\n": 101,
    f"{OFFERS}; client_max_window_bits=; =;;, x=y\r\n": 101,
    f"{OFFERS}; client_max_window_bits=99, permessage-deflate\r\n": 101,
}


def check_handshakes(port: int) -> None:
    """Those of no websocket are refused, and none is answered with what the server ran into."""
    for headers, status in HANDSHAKES.items():
        origin = headers.replace("http://127.0.0.1", f"http://127.0.0.1:{port}")
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as stranger:
            head = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
            stranger.sendall(f"{head}Host: 127.0.0.1:{port}\r\n{origin}\r\n".encode())
            answered = stranger.recv(65_536).decode("latin1")
            assert answered.startswith(f"HTTP/1.1 {status} "), (headers, answered)


def check_messages_in_frames(port: int) -> None:
    """What has no end is cut off at the size that a message may have."""
    address = f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket"
    stranger = websocket.create_connection(address, timeout=PATIENCE)
    assert stranger.recv()
    frame = "4" + "x" * 500_000
    kinds = [websocket.ABNF.OPCODE_TEXT, *([websocket.ABNF.OPCODE_CONT] * 5)]
    with suppress(ConnectionError):
        for kind in kinds:
            stranger.send_frame(websocket.ABNF.create_frame(frame, kind, fin=0))
    with suppress(ConnectionError, websocket.WebSocketConnectionClosedException):
        assert not stranger.recv()


def check_bodies_in_chunks(port: int, run_id: str) -> None:
    """They are read: one taken for empty would ask for the whole run."""
    revoke = f"http://127.0.0.1:{port}/api/v1/runs/{run_id}/revoke"
    headers = {"Content-Type": "application/json"}
    for chunks, code in (
        ([b'{"path":', b' "7"}'], "node_not_found"),
        ([b'{"reason": "', *([b"x" * 65_536] * 40), b'"}'], "too_large"),
    ):
        answer = requests.post(revoke, data=iter(chunks), headers=headers, timeout=PATIENCE)
        assert answer.json()["error"]["code"] == code
    coded = {**headers, "Transfer-Encoding": "gzip, chunked"}
    answer = requests.post(revoke, data=b"0\r\n\r\n", headers=coded, timeout=PATIENCE)
    assert answer.status_code == 400


@pytest.mark.parametrize("mode", ["eventlet", "threading"])
def test_a_port_in_use_is_said_in_one_line(serve: Serve, port: int, mode: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        process = serve(INCEPTION_ASYNC_MODE=mode)
        _out, said = process.communicate(timeout=SERVED_WITHIN)
    lines = [line for line in said.splitlines() if line.startswith("inception web:")]
    assert process.returncode == 2
    assert len(lines) == 1
    assert str(port) in lines[0]
    assert "Traceback" not in said


def test_more_connections_than_files_end_nothing(serve: Serve, port: int) -> None:
    process = serve(files=300)
    wait_until_served(port)
    first = socket.create_connection(("127.0.0.1", port), PATIENCE)
    others: list[socket.socket] = []
    with suppress(TimeoutError):  # of the first that is not let in
        while len(others) < 350:
            others.append(socket.create_connection(("127.0.0.1", port), 3))
    first.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % port)
    assert first.recv(20).startswith(b"HTTP/1.1 200")
    for each in (first, *others):
        each.close()
    wait_until_served(port)
    assert process.poll() is None


def signed_in(serve: Serve, port: int, users: Path, *, strangers: int) -> Browser:
    """Serve with users, and so many places for strangers; a browser of one who has signed in.

    By eventlet's server: it alone counts connections.
    """
    write_users(users)
    serve(
        INCEPTION_ASYNC_MODE="eventlet",
        INCEPTION_USERS=str(users),
        INCEPTION_MAX_STRANGERS=str(strangers),
    )
    wait_until_served(port)
    browser = Browser(f"http://127.0.0.1:{port}")
    assert browser.sign_in("viewer").status_code == 302
    return browser


def test_one_address_does_not_take_every_connection(
    serve: Serve, port: int, tmp_path: Path
) -> None:
    """Those that say nothing at all are counted too, and who signed in is not."""
    browser = signed_in(serve, port, tmp_path / "users", strangers=6)
    clients = [browser.socket() for _ in range(8)]
    others = [Browser(browser.address) for _ in range(8)]
    for other in others:  # each on a connection of its own, which stays open
        other.session.cookies.update(browser.session.cookies)
        assert other.get("/api/v1/runs").status_code == 200
    silent = [socket.create_connection(("127.0.0.1", port), PATIENCE) for _ in range(6)]
    with pytest.raises(requests.HTTPError, match="429") as refused:
        for _ in range(50):  # until all of them have been accepted
            wait_until_served(port)
    assert refused.value.response.json()["error"]["code"] == "too_many_requests"
    for each in clients:
        assert "runs" in each.ask("watch_runs", {})
    for other in others:
        assert other.get("/api/v1/runs").status_code == 200
    for gone in silent:
        gone.close()
    eventually(lambda: healthz(port) == 200, PATIENCE, "a place")
    for each in clients:
        each.close()


def test_files_that_signed_in_browsers_fetch_take_no_strangers_places(
    serve: Serve, port: int, tmp_path: Path
) -> None:
    """A browser opens six connections for the files of a page, and keeps them for a while."""
    browser = signed_in(serve, port, tmp_path / "users", strangers=3)
    word = browser.session.cookies[COOKIE]
    known = [fetching(port, word) for _ in range(8)]
    strangers = [fetching(port, forged) for forged in (word[:-1], "", "x" * 500)]
    refused = requests.get(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE)
    assert refused.status_code == 429
    for each in known:
        fetch(each, word)
    for each in (*known, *strangers):
        each.close()


def fetching(port: int, word: str) -> HTTPConnection:
    """A connection on which a file was fetched, and which is kept."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    fetch(connection, word)
    return connection


def fetch(connection: HTTPConnection, word: str) -> None:
    connection.request("GET", "/static/js/main.js", headers={"Cookie": f"{COOKIE}={word}"})
    answer = connection.getresponse()
    assert answer.status == 200
    assert answer.read()


def healthz(port: int) -> int:
    return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE).status_code


def test_where_nobody_signs_in_connections_are_not_counted(serve: Serve, port: int) -> None:
    serve(INCEPTION_MAX_STRANGERS="1")
    wait_until_served(port)
    silent = [socket.create_connection(("127.0.0.1", port), PATIENCE) for _ in range(3)]
    wait_until_served(port)
    for each in silent:
        each.close()


def test_it_does_not_bind_to_the_world_without_users(serve: Serve) -> None:
    process = serve(INCEPTION_HOST="0.0.0.0")
    _out, said = process.communicate(timeout=SERVED_WITHIN)
    assert process.returncode != 0
    assert "INCEPTION_USERS" in said


@pytest.mark.parametrize("mode", ["eventlet", "threading"])
def test_with_users_it_binds_to_the_world_and_asks_who_is_there(
    serve: Serve, port: int, owner: Owner, tmp_path: Path, mode: str
) -> None:
    write_users(tmp_path / "users")
    serve(
        INCEPTION_ASYNC_MODE=mode,
        INCEPTION_HOST="0.0.0.0",
        INCEPTION_USERS=str(tmp_path / "users"),
    )
    wait_until_served(port)
    address = f"http://127.0.0.1:{port}"
    assert requests.get(f"{address}/api/v1/runs", timeout=PATIENCE).status_code == 401
    assert refusal(address) == "unauthorized"
    browser = Browser(address)
    assert browser.sign_in("viewer").status_code == 302
    client = browser.socket()
    run = owner.begin()
    assert client.ask("watch", {"run_id": run.id})["snapshot"]["run"]["id"] == run.id
    assert client.ask("revoke", {"run_id": run.id})["error"]["code"] == "forbidden"
    assert browser.post("/signout").status_code == 302
    client.socket.eio.read_loop_task.join(PATIENCE)
    assert not client.socket.connected
