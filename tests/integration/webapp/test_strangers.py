"""One address can't hold every connection there is while nobody on it has signed in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests
import websocket

from tests.integration.webapp.clients import PATIENCE, Client
from tests.integration.webapp.guarded import GuardedWeb
from tests.running import eventually
from webapp.auth import lobby
from webapp.auth.roles import Role

MOST = 3
HANDSHAKE = "/socket.io/?EIO=4&transport="
Open = Callable[..., GuardedWeb]


@pytest.fixture
def opened(redis_url: str, tmp_path: Path) -> Iterator[Open]:
    """Opens a web on which each address has a few places."""
    webs: list[GuardedWeb] = []

    def open_one(**settings: int) -> GuardedWeb:
        webs.append(GuardedWeb(redis_url, tmp_path, max_strangers=MOST, **settings))
        return webs[-1]

    yield open_one
    for each in webs:
        each.stop()


@pytest.fixture
def guarded(opened: Open) -> GuardedWeb:
    return opened()


def strange_socket(web: GuardedWeb, *headers: str) -> websocket.WebSocket:
    """A websocket on which nobody says who they are."""
    address = web.address.replace("http", "ws") + HANDSHAKE + "websocket"
    socket = websocket.create_connection(address, timeout=PATIENCE, header=list(headers))
    assert socket.recv().startswith("0")  # type: ignore[union-attr]
    return socket


def held(web: GuardedWeb) -> int:
    return len(web.web.services.strangers)


def refused(answer: requests.Response) -> bool:
    if answer.status_code != 429:
        return False
    assert answer.json()["error"]["code"] == "too_many_requests"
    assert "Retry-After" in answer.headers
    return True


def test_an_address_has_so_many_connections_that_nobody_is_known_on(guarded: GuardedWeb) -> None:
    sockets = [strange_socket(guarded) for _ in range(MOST)]
    assert refused(guarded.call("GET", "/api/v1/runs"))
    with pytest.raises(websocket.WebSocketBadStatusException, match="429"):
        strange_socket(guarded)
    metrics = guarded.web.services.strangers
    assert (len(metrics), metrics.refused) == (MOST, 2)
    sockets.pop().close()
    eventually(lambda: held(guarded) < MOST, PATIENCE, "its place")
    assert guarded.call("GET", "/api/v1/runs").status_code == 401
    for each in sockets:
        each.close()
    eventually(lambda: held(guarded) == 0, PATIENCE, "all places")


def test_who_signed_in_holds_none(guarded: GuardedWeb) -> None:
    token = guarded.token(Role.VIEWER)
    clients = [Client(guarded.address, auth={"token": token}) for _ in range(MOST + 2)]
    browser = guarded.browser(Role.VIEWER)
    clients += [browser.socket() for _ in range(MOST + 2)]
    assert guarded.call("GET", "/api/v1/runs", token).status_code == 200
    eventually(lambda: held(guarded) == 0, PATIENCE, "no place is held")
    assert guarded.web.services.strangers.refused == 0
    for each in clients:
        assert "runs" in each.ask("watch_runs", {})
        each.close()


def test_sessions_that_are_polled_are_counted_until_they_end(guarded: GuardedWeb) -> None:
    """None of them has a connection of its own."""
    answers = []
    for number in range(1, MOST + 2):
        answers.append(guarded.call("GET", HANDSHAKE + "polling"))
        # A request has a place too, until a moment after its answer.
        eventually(lambda n=number: held(guarded) == min(n, MOST - 1), PATIENCE, "its place")
    assert [answer.status_code for answer in answers] == [200] * (MOST - 1) + [429] * 2
    sid = answers[0].text.partition('"sid":"')[2].partition('"')[0]
    guarded.call("POST", f"{HANDSHAKE}polling&sid={sid}", data="1")  # it closes itself
    eventually(lambda: held(guarded) == MOST - 2, PATIENCE, "its place")


def test_a_polled_session_that_is_joined_holds_none_however_it_asks(guarded: GuardedWeb) -> None:
    token = guarded.token(Role.VIEWER)
    sids = []
    for _ in range(MOST + 2):
        opened = guarded.call("GET", HANDSHAKE + "polling").text
        sids.append(f"{HANDSHAKE}polling&sid={opened.partition('sid')[2].split(chr(34))[2]}")
        guarded.call("POST", sids[-1], data=f'40{{"token":"{token}"}}')
        assert guarded.call("GET", sids[-1]).text.startswith('40{"sid"')
    assert held(guarded) == 0
    assert guarded.web.services.strangers.refused == 0
    for each in sids:
        guarded.call("POST", each, data="1")


def test_a_polled_session_counts_whatever_else_its_request_asks_for(guarded: GuardedWeb) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "x"}
    path = HANDSHAKE + "polling"
    answers = []
    for number in range(1, MOST + 1):
        answers.append(guarded.call("GET", path, headers=upgrade))
        # A request has a place too, until a moment after its answer.
        eventually(lambda n=number: held(guarded) == min(n, MOST - 1), PATIENCE, "its place")
    assert [answer.status_code for answer in answers] == [200] * (MOST - 1) + [429]


def test_a_websocket_that_comes_to_nothing_leaves_no_session(guarded: GuardedWeb) -> None:
    """It wants a version that Engine.IO lets pass and this server's websockets don't have."""
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}
    upgrade |= {"Sec-WebSocket-Version": "8", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    answer = guarded.call("GET", HANDSHAKE + "websocket", headers=upgrade)
    assert not answer.ok
    engine = guarded.web.app.extensions["socketio"].server.eio
    eventually(lambda: not [s for s in engine.sockets.values() if not s.closed], PATIENCE, "none")
    assert held(guarded) == 0


def test_a_session_that_nobody_joins_is_ended(
    guarded: GuardedWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lobby, "JOIN_WITHIN", 0.0)
    joined = Client(guarded.address, auth={"token": guarded.token(Role.VIEWER)})
    stranger = strange_socket(guarded)
    assert guarded.gate.sessions is not None
    guarded.gate.sessions.look(time.monotonic())
    with suppress(ConnectionError, websocket.WebSocketConnectionClosedException):
        while stranger.recv():
            pass
    eventually(lambda: held(guarded) == 0, PATIENCE, "its place")
    assert "runs" in joined.ask("watch_runs", {})
    joined.close()


def test_a_session_that_its_client_left_is_ended(
    guarded: GuardedWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else whoever was let in once could keep connections when their token is valid no more."""
    monkeypatch.setattr(lobby, "JOIN_WITHIN", 0.0)
    token = guarded.token(Role.VIEWER)
    left = strange_socket(guarded)
    for sent, answered in (
        (f'40{{"token":"{token}"}}', "40"),
        ("41", ""),
        (f'40{{"token":"{token}"}}', "40"),
        ("41", ""),
    ):
        left.send(sent)
        if answered:
            assert left.recv().startswith(answered)  # type: ignore[union-attr]
    admissions = guarded.gate.admissions
    eventually(lambda: not admissions._shown, PATIENCE, "it has left")
    assert guarded.gate.sessions is not None
    guarded.gate.sessions.look(time.monotonic())
    with suppress(ConnectionError, websocket.WebSocketConnectionClosedException):
        while left.recv():
            pass


def test_behind_a_proxy_each_client_has_places_of_its_own(opened: Open) -> None:
    web = opened(trusted_proxies=1)
    sockets = [strange_socket(web, "X-Forwarded-For: 192.0.2.1") for _ in range(MOST)]
    one, other = ({"X-Forwarded-For": f"192.0.2.{n}"} for n in (1, 2))
    assert refused(web.call("GET", "/api/v1/runs", headers=one))
    claimed = {"X-Forwarded-For": "192.0.2.3, 192.0.2.1"}  # the first is the client's own word
    assert refused(web.call("GET", "/api/v1/runs", headers=claimed))
    assert web.call("GET", "/api/v1/runs", headers=other).status_code == 401
    for each in sockets:
        each.close()


def test_an_address_of_version_6_is_the_network_of_its_site(guarded: GuardedWeb) -> None:
    strangers = guarded.web.services.strangers
    places = [strangers.enter(f"2001:db8::{n}") for n in range(1, MOST + 1)]
    with pytest.raises(lobby.TooManyRequests):
        strangers.enter("2001:db8::ffff")
    strangers.enter("2001:db8:0:1::1").leave()
    for place in places:
        place.leave()
        place.leave()
    assert len(strangers) == 0
