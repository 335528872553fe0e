"""Tokens: for programs, and for who may read one run."""

from __future__ import annotations

from pathlib import Path

import pytest

from inception.runs.connection import connect
from tests.integration.webapp.clients import Client
from tests.integration.webapp.guarded import GuardedWeb, refusal
from tests.integration.webapp.owner import Owner
from tests.integration.webapp.web import Web
from tests.private_redis import PrivateRedis
from webapp.auth.door import Door
from webapp.auth.grants import Grants
from webapp.auth.roles import Role
from webapp.errors import TooManyRequests


def test_a_token_opens_rest_and_socket(guarded: GuardedWeb) -> None:
    token = guarded.token(Role.VIEWER)
    assert guarded.call("GET", "/api/v1/runs", token).status_code == 200
    client = Client(guarded.address, auth={"token": token})
    assert client.ask("watch_runs", {})["runs"] == []
    client.close()


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer nonsense", "Basic YTpi", "x"])
def test_what_is_no_token_is_refused(guarded: GuardedWeb, header: str) -> None:
    answer = guarded.call("GET", "/api/v1/runs", headers={"Authorization": header})
    assert answer.status_code == 401


@pytest.mark.parametrize("token", ["nonsense", "", 5, ["a"], {"a": 1}, "x" * 10_000])
def test_a_socket_with_a_wrong_token_is_refused(guarded: GuardedWeb, token: object) -> None:
    assert refusal(guarded.address, auth={"token": token}) == "unauthorized"


def test_a_socket_that_shows_nothing_is_refused(guarded: GuardedWeb) -> None:
    assert refusal(guarded.address) == "unauthorized"


def test_a_wrong_token_is_not_mended_by_a_cookie(guarded: GuardedWeb) -> None:
    browser = guarded.browser(Role.ADMIN)
    answer = browser.get("/api/v1/runs", headers={"Authorization": "Bearer nonsense"})
    assert answer.status_code == 401


def test_a_token_that_expired_or_was_taken_back_opens_nothing(guarded: GuardedWeb) -> None:
    expired, taken = guarded.token(Role.ADMIN, lifetime=0), guarded.token(Role.ADMIN)
    client = Client(guarded.address, auth={"token": taken})
    assert guarded.call("GET", "/api/v1/runs", expired).status_code == 401
    assert guarded.gate.door.tokens.take_back(name="program") == 2
    assert guarded.call("GET", "/api/v1/runs", taken).status_code == 401
    assert client.ask("watch_runs", {})["error"]["code"] == "unauthorized"
    client.close()


def test_a_socket_that_only_listens_is_put_out_when_its_token_expires(
    guarded: GuardedWeb, owner: Owner
) -> None:
    run = owner.begin()
    token = guarded.run_token(run.id)
    client = Client(guarded.address, auth={"token": token})
    client.ask("watch", {"run_id": run.id})
    guarded.gate.door.tokens.end(token)
    guarded.gate.admissions.look()
    client.socket.eio.read_loop_task.join(10)
    assert not client.socket.connected


def test_a_run_token_reads_this_run_and_nothing_else(guarded: GuardedWeb, owner: Owner) -> None:
    run, other = owner.begin(), owner.begin()
    admin = guarded.token(Role.ADMIN)
    given = guarded.call("POST", f"/api/v1/runs/{run.id}/tokens", admin, json={"expires_in": 60})
    assert given.status_code == 201
    token = given.json()["token"]
    read = lambda path: guarded.call("GET", path, token).status_code  # noqa: E731
    assert read(f"/api/v1/runs/{run.id}") == 200
    assert read(f"/api/v1/runs/{run.id}/nodes/-") == 200
    assert [read(f"/api/v1/runs/{other.id}"), read("/api/v1/runs"), read("/")] == [403] * 3
    client = Client(guarded.address, auth={"token": token})
    assert client.ask("watch", {"run_id": run.id})["snapshot"]["run"]["id"] == run.id
    for event, asked in (
        ("watch", {"run_id": other.id}),
        ("watch_log", {"run_id": other.id, "path": "-"}),
        ("watch_runs", {}),
        ("revoke", {"run_id": run.id}),
    ):
        assert client.ask(event, asked)["error"]["code"] == "forbidden"
    client.close()


@pytest.mark.parametrize("lifetime", [0, -1, 10**10, "60", None])
def test_a_run_token_has_an_end(guarded: GuardedWeb, owner: Owner, lifetime: object) -> None:
    path = f"/api/v1/runs/{owner.begin().id}/tokens"
    answer = guarded.call("POST", path, guarded.token(Role.ADMIN), json={"expires_in": lifetime})
    assert answer.status_code == 400


def test_a_token_of_no_run_is_not_given(guarded: GuardedWeb) -> None:
    answer = guarded.call(
        "POST", "/api/v1/runs/none/tokens", guarded.token(Role.ADMIN), json={"expires_in": 60}
    )
    assert answer.json()["error"]["code"] == "run_not_found"


def test_where_nobody_signs_in_a_token_still_limits_who_shows_it(web: Web, owner: Owner) -> None:
    run, other = owner.begin(), owner.begin()
    door: Door = web.app.extensions["inception_gate"].door
    token = door.give_run_token(run.id, lifetime=60, by="test")[0]
    client = Client(web.address, auth={"token": token})
    assert "snapshot" in client.ask("watch", {"run_id": run.id})
    assert client.ask("watch", {"run_id": other.id})["error"]["code"] == "forbidden"
    client.close()


def test_as_many_are_valid_as_may_be(redis_url: str) -> None:
    grants = Grants(connect(redis_url, purpose="test"), "grants", most=2)
    grants.give("a", Role.VIEWER, lifetime=0)
    grants.give("b", Role.VIEWER, lifetime=None)
    grants.give("c", Role.VIEWER, lifetime=None)  # in the place of the expired one
    with pytest.raises(TooManyRequests):
        grants.give("d", Role.VIEWER, lifetime=None)
    assert sorted(grant.name for grant in grants.all()) == ["b", "c"]


def test_the_oldest_session_yields_so_that_nobody_is_kept_from_signing_in(
    redis_url: str,
) -> None:
    sessions = Grants(connect(redis_url, purpose="test"), "grants", most=2, yield_=True)
    words = [sessions.give(name, Role.VIEWER, lifetime=60)[0] for name in "abc"]
    assert [sessions.find(word) is not None for word in words] == [False, True, True]


def test_who_signs_in_without_end_puts_out_nobody_else(redis_url: str) -> None:
    sessions = Grants(connect(redis_url, purpose="test"), "grants", most=4, yield_=True)
    ann = sessions.give("ann", Role.VIEWER, lifetime=60)[0]
    bens = [sessions.give("ben", Role.VIEWER, lifetime=60) for _ in range(20)]
    assert sessions.find(ann) is not None
    left = [given.created_at for word, given in bens if sessions.find(word) is not None]
    gone = [given.created_at for word, given in bens if sessions.find(word) is None]
    assert (len(left), len(gone)) == (3, 17)
    assert max(gone) <= min(left)  # of two of one millisecond either may go


def test_while_redis_is_away_nobody_is_taken_for_a_stranger(
    own_redis: PrivateRedis, tmp_path: Path
) -> None:
    guarded = GuardedWeb(own_redis.url, tmp_path)
    browser, token = guarded.browser(Role.VIEWER), guarded.token(Role.VIEWER)
    own_redis.kill()
    assert browser.get("/api/v1/runs").status_code == 503
    assert guarded.call("GET", "/api/v1/runs", token).status_code == 503
    assert refusal(guarded.address, auth={"token": token}) == "store_unavailable"
    assert guarded.call("GET", "/healthz").status_code == 200
    guarded.stop()
