"""An application on six hosts: Redis, the web, two watchers and two compute workers."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

import redis
import requests

from inception.runs.connection import connect
from inception.runs.model import Node, State
from inception.runs.settings import Settings
from tests.acceptance.deployment import TASKS, Deployment
from tests.acceptance.network import Host, Network
from tests.chaos.hammer.clients import Client
from tests.documents import CHECKOUT
from tests.running import eventually
from webapp.auth.door import Door
from webapp.auth.passwords import hash_password
from webapp.auth.roles import Role
from webapp.auth.users import Account, UsersFile
from webapp.supervisor.redis_server import find_binary

PASSWORD: Final = "secret"
PORT: Final = 6379
WEB_PORT: Final = 8000
TTL: Final = 3.0
"""Seconds (s) until a silent process is dead."""
WATCHERS: Final = ("watcher1", "watcher2")
COMPUTES: Final = ("compute1", "compute2")
SLOTS: Final = 4
"""Children that each compute host runs at a time."""
READY_WITHIN: Final = 60.0
ENDS_WITHIN: Final = 60.0
"""Seconds (s) for what takes ten at most."""


class Site:
    """The hosts, what runs on them, and a client that watches every run from outside."""

    def __init__(self, folder: Path) -> None:
        self._ends = ExitStack()
        self._folder = folder
        try:
            self._build()
        except BaseException:
            self.end()
            raise

    def _build(self) -> None:
        self._network = network = Network()
        self._ends.callback(network.end)
        names = ("redis", "web", *WATCHERS, *COMPUTES)
        self.hosts = {name: network.add(name) for name in names}
        url = f"redis://:{PASSWORD}@{self.hosts['redis'].address}:{PORT}/0"
        self._start_redis(url)
        self.deployment = Deployment(url, self._folder, INCEPTION_HEARTBEAT_TTL=str(TTL))
        self._ends.callback(self.deployment.end)
        for name in WATCHERS:
            self.deployment.watcher(name, through=self.hosts[name].here)
        for name in COMPUTES:
            self.deployment.compute(name, slots=SLOTS, through=self.hosts[name].here)
        self.url = f"http://{self.hosts['web'].address}:{WEB_PORT}"
        self._start_web(url)
        self.deployment.ready()
        eventually(self.is_ready, READY_WITHIN, "the site is ready")
        door = Door(Settings(redis_url=url), connect(url, purpose="test"))
        self._token, _grant = door.tokens.give("outside", Role.OPERATOR, lifetime=None)
        self._client = Client("outside", self.url, threading.Condition(), self._token)
        self._ends.callback(self._client.close)

    def end(self) -> None:
        """Leave nothing behind."""
        self._ends.close()

    def is_ready(self) -> bool:
        """True if the web says that all of it is there."""
        try:
            answer = requests.get(f"{self.url}/readyz", timeout=5)
        except requests.RequestException:
            return False
        counts = answer.json()
        return answer.ok and (counts["watchers"], counts["compute"]) == (2, 2)

    # ------------------------------------------------------------ cutting off

    def cut_off(self, name: str, manner: str) -> AbstractContextManager[None]:
        """Take this host's network from it: `unplugged`, `silenced`, `half-open` or `muted`."""
        host, server = self.hosts[name], self.hosts["redis"]
        if manner == "unplugged":
            return host.unplugged()
        if manner == "half-open":
            peers = self.hosts.values() if host is server else [host]
            return host.half_open(server, [each.address for each in peers])
        return host.muted(server) if manner == "muted" else host.silenced()

    def forget_the_client(self) -> None:
        """Drop the connection of the client outside at the web's end alone."""
        self.hosts["web"].forget(self._network.outside)

    def wait_until_missed(self, name: str, ids: Sequence[str]) -> None:
        """Return once the others do without it: nobody holds or does its part of these runs.

        Where there is no other, only once it has been away for two times-to-live.
        """
        if name == "redis":
            time.sleep(2 * TTL)  # the length of the outage itself
            assert not _pings(self.deployment.url)
        elif name == "web":
            time.sleep(2 * TTL)
            assert any(self._is_behind(run_id) for run_id in ids), "the client was not cut off"
        else:
            eventually(lambda: name not in self.at_work(ids), 30, f"{name} is given up")

    # ------------------------------------------------------------ runs

    def start(self, runs: int, steps: int, seconds: float, word: str) -> list[str]:
        """Start runs of so many steps of so many seconds (s), and watch them all from outside."""
        kwargs = {"book": str(self.deployment.book), "count": steps, "seconds": seconds}
        ids = [self.deployment.start("steps", word=f"{word}{n}", **kwargs) for n in range(runs)]
        for run_id in ids:
            self._client.watch(run_id)
        return ids

    def begin(self, runs: int, steps: int, seconds: float, word: str) -> tuple[list[str], set[str]]:
        """Start runs, and return once each is in the middle: their ids, and what has finished."""
        ids = self.start(runs, steps, seconds, word)
        self.wait_until_each_finished(ids)
        return ids, self.finished(ids)

    def wait_until_each_finished(self, ids: Sequence[str], children: int = 1) -> None:
        """Return once each run has so many finished children, and another that has begun."""

        def has_got_there(run_id: str) -> bool:
            nodes = list(self.deployment.nodes(run_id).values())
            done = [node for node in nodes if node["state"] == State.SUCCESS]
            going = [node for node in nodes if node["state"] == State.PROGRESS]
            return len(done) >= children and len(going) == 1

        for run_id in ids:
            eventually(partial(has_got_there, run_id), 30, f"{run_id} is under way")

    def finished(self, ids: Sequence[str]) -> set[str]:
        """The words of all children whose success is recorded."""
        return {
            str(node["value"])
            for run_id in ids
            for node in self.deployment.nodes(run_id).values()
            if node["state"] == State.SUCCESS
        }

    def at_work(self, ids: Sequence[str]) -> set[str]:
        """The hosts that have a part in these runs: as their owners, or with a child of them."""
        workers = {
            name
            for run_id in ids
            for node in self.deployment.nodes(run_id).values()
            for name in self.hosts
            if node["state"] == State.PROGRESS and name in str(node["worker"])
        }
        return workers | self.deployment.names_of_owners(ids)

    def given_up(self, ids: Sequence[str]) -> list[str]:
        """The children of these runs that another attempt was made of."""
        nodes = [node for run_id in ids for node in self.deployment.nodes(run_id).values()]
        return [str(node["value"]) for node in nodes if node["attempts"]]

    def wait_until_all_work(self, word: str) -> None:
        """Return once runs that are asked for at the web are shared by all hosts again."""
        wanted, seen = {*WATCHERS, *COMPUTES}, set[str]()
        tries = iter(range(60))

        def all_work() -> bool:
            ids = [self._ask_for_run(f"{word} {next(tries)}.{n}") for n in range(2 * SLOTS)]
            eventually(lambda: self._adds_until_ended(ids, seen), 30, "runs end")
            return seen >= wanted

        eventually(all_work, 30, f"{wanted} all work again")

    def _adds_until_ended(self, ids: Sequence[str], seen: set[str]) -> bool:
        seen |= self.at_work(ids)
        return all(self.deployment.run(run_id)["state"].is_final for run_id in ids)

    def _ask_for_run(self, word: str) -> str:
        """A short run, from the web's REST interface."""
        kwargs = {"book": str(self.deployment.book), "word": word, "count": 1, "seconds": 0.5}
        answers: list[requests.Response] = []

        def is_taken() -> bool:
            with suppress(requests.RequestException):
                answers.append(
                    requests.post(
                        f"{self.url}/api/v1/runs",
                        json={"name": f"{TASKS}.steps", "kwargs": kwargs},
                        headers={"Authorization": f"Bearer {self._token}", "Idempotency-Key": word},
                        timeout=5,
                    )
                )
            return bool(answers) and answers[-1].ok

        eventually(is_taken, 30, "the web starts a run")
        return str(answers[-1].json()["id"])

    # ------------------------------------------------------------ judging

    def judge(self, ids: Sequence[str], cut_off: Sequence[str], finished: set[str]) -> None:
        """Hold what became of the runs against what is promised.

        `cut_off` names the hosts that were, and `finished` what had been recorded before.
        """
        runs = self.deployment.wait_for_ends(ids, ENDS_WITHIN)
        assert [run["state"] for run in runs] == [State.SUCCESS] * len(ids)
        began = Counter(self.deployment.book.began())
        for run_id in ids:
            for node in self.deployment.nodes(run_id).values():
                _judge_child(node, began, cut_off)
        assert {word: began[word] for word in finished} == dict.fromkeys(finished, 1)
        self._wait_for_the_same_view(ids)

    def _wait_for_the_same_view(self, ids: Sequence[str]) -> None:
        """Return once the client outside has every record as the server has it."""
        for run_id in ids:
            snapshot: Any = self.deployment.store.snapshot(run_id)
            sees = partial(self._sees, run_id, snapshot)
            eventually(sees, ENDS_WITHIN, f"a view of {run_id}")

    def _sees(self, run_id: str, snapshot: Any) -> bool:
        known = self._client.runs[run_id].known
        if known is None or (known.epoch, known.seq) != (snapshot["epoch"], snapshot["seq"]):
            return False
        return bool(
            known.run == snapshot["run"] and list(known.nodes.values()) == snapshot["nodes"]
        )

    def _is_behind(self, run_id: str) -> bool:
        known = self._client.runs[run_id].known
        return known is None or known.seq < self.deployment.run(run_id)["seq"]

    # ------------------------------------------------------------ processes

    def _start_redis(self, url: str) -> None:
        host = self.hosts["redis"]
        folder = self._folder / "redis"
        folder.mkdir()
        options = ("--port", str(PORT), "--bind", host.address, "--requirepass", PASSWORD)
        kept = ("--dir", str(folder), "--appendonly", "yes")
        self._start(host, [str(find_binary()), *options, *kept, "--protected-mode", "no"])
        eventually(lambda: _pings(url), READY_WITHIN, "Redis on a host of its own")

    def _start_web(self, url: str) -> None:
        host, users = self.hosts["web"], self._folder / "users"
        # No address but loopback is served without users.
        account = Account(name="ann", role=Role.ADMIN, hash=hash_password("a long password"))
        UsersFile(users).add(account)
        environ = {
            "REDIS_URL": url,
            "INCEPTION_HOST": host.address,
            "INCEPTION_PORT": str(WEB_PORT),
            "INCEPTION_USERS": str(users),
            "INCEPTION_HEARTBEAT_TTL": str(TTL),
        }
        self._start(host, [sys.executable, "wsgi.py"], environ)

    def _start(
        self, host: Host, command: Sequence[str], environ: dict[str, str] | None = None
    ) -> None:
        with (self._folder / f"{host.name}.log").open("wb") as log:
            process = subprocess.Popen(
                [*host.here, *command],
                cwd=CHECKOUT,
                env={**os.environ, **(environ or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._ends.callback(process.wait, 10)
        self._ends.callback(process.kill)


def _judge_child(node: Node, began: Counter[str], cut_off: Sequence[str]) -> None:
    """It began once, and once more for each time that its worker was cut off for too long."""
    word, given_up = str(node["value"]), node["attempts"]
    assert began[word] == 1 + len(given_up), (word, began[word], given_up)
    blamed = [name for each in given_up for name in cut_off if name in str(each["worker"])]
    assert len(blamed) == len(given_up), (word, given_up)


def _pings(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
