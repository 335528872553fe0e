"""What sockets are told while the web stands and Redis does not."""

from __future__ import annotations

from inception.runs.connection import connect
from inception.runs.store import Store
from tests.integration.webapp.clients import Client
from tests.integration.webapp.owner import Owner
from tests.integration.webapp.web import Web
from tests.private_redis import PrivateRedis


def test_every_socket_is_told_that_the_relay_is_deaf_and_that_it_hears_again(
    own_redis: PrivateRedis,
) -> None:
    web = Web(own_redis.url)
    run = Owner(Store(connect(own_redis.url, purpose="test"))).begin()
    watching, other = Client(web.address), Client(web.address)
    snapshot = watching.ask("watch", {"run_id": run.id})["snapshot"]
    own_redis.kill()
    for client in (watching, other):
        assert client.wait_for("relay") == {"hears": False}
    late = Client(web.address)
    assert late.wait_for("relay") == {"hears": False}
    own_redis.start()
    for client in (watching, other, late):
        client.wait_for("relay", lambda news: news["hears"])
    seq = run.spawn("0")
    known = {"epoch": snapshot["epoch"], "seq": snapshot["seq"]}
    answer = watching.ask("watch", {"run_id": run.id, **known})
    assert answer["snapshot"]["seq"] == seq
    for client in (watching, other, late):
        client.close()
    web.stop()


def test_who_connects_to_a_relay_that_hears_is_told_nothing(web: Web) -> None:
    client = Client(web.address)
    client.ask("watch_runs", {})
    assert [event for event, _payload in client.heard if event == "relay"] == []
    client.close()
