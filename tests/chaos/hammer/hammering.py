"""One hammering: a stack, clients, players and faults for a while; then quiet, and the evidence."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from inception.runs.model import State
from tests.chaos.hammer.asking import Asker
from tests.chaos.hammer.clients import Audience, RunInView
from tests.chaos.hammer.evidence import AskedRun, Evidence, View
from tests.chaos.hammer.faults import Hammer
from tests.chaos.hammer.leavings import left_over, orphans_in
from tests.chaos.hammer.ledger import read_lines
from tests.chaos.hammer.players import ENDS_WITHIN, Players
from tests.chaos.hammer.rules import GRACE
from tests.chaos.hammer.shapes import shapes
from tests.chaos.hammer.stack import Stack

CLIENTS_EACH: Final = 2
"""Websocket clients of each web process."""
SETTLES_WITHIN: Final = 30.0
"""Seconds (s) after the last run's end until every client has seen what the server has."""
PAGE: Final = 500

Json = Mapping[str, Any]


def hammer(folder: Path, seed: int, seconds: float, verbose: bool) -> Evidence:
    """Hammer a stack of its own for so many seconds (s); return what is left behind."""
    began = time.monotonic()

    def say(text: str) -> None:
        if verbose:
            print(f"{time.monotonic() - began:7.1f} s  {text}", flush=True)

    stack = Stack(folder)
    try:
        audience = Audience(stack.urls, CLIENTS_EACH)
        try:
            return _Hammering(stack, audience, folder, seed, say).run(seconds)
        finally:
            audience.close()
    finally:
        stack.end()


class _Hammering:
    """The parts of one hammering, and the order in which they begin and end."""

    def __init__(
        self, stack: Stack, audience: Audience, folder: Path, seed: int, say: Callable[[str], None]
    ) -> None:
        flags = folder / "flags"
        flags.mkdir()
        self._stack = stack
        self._audience = audience
        self._asker = Asker(stack.urls)
        self._hammer = Hammer(stack, seed, say)
        self._players = Players(
            self._asker, audience, shapes(seed), flags, self._hammer.lost_what_was_said_at
        )
        self._say = say

    def run(self, seconds: float) -> Evidence:
        """Play for so long, wait until all is quiet, and gather what can be known."""
        self._players.start()
        self._hammer.start()
        threading.Event().wait(seconds)
        faults = self._hammer.stop()
        self._say(f"{len(faults)} faults done; {self._players.count} runs; waiting for their ends")
        runs = self._players.stop()
        self._say("all runs seen to their ends")
        self._see_lost_ends_again([run.id for run in runs])
        servers = {run.id: self._server_view(run.id) for run in runs}
        self._audience.wait(lambda: self._settled(servers), SETTLES_WITHIN)
        threading.Event().wait(GRACE + 1.0)  # in which a survivor would give itself away
        return Evidence(
            runs=[self._with_views(run, servers[run.id]) for run in runs],
            lines=read_lines(self._stack.ledger),
            faults=faults,
            listed=(listed := self._listed()),
            failures=list(self._players.failures),
            orphans=orphans_in(self._stack.compute_logs()),
            left_over=left_over(self._stack.hosts[0].redis_url, listed),
        )

    def _see_lost_ends_again(self, run_ids: Sequence[str]) -> None:
        """Wait for runs whose end was seen, and then lost with Redis' last moment."""
        deadline = time.monotonic() + ENDS_WITHIN
        for run_id in run_ids:
            while self._goes_on(run_id) and time.monotonic() < deadline:
                self._players.ask_again(run_id)
                threading.Event().wait(1.0)

    def _goes_on(self, run_id: str) -> bool:
        view = self._server_view(run_id)
        return view is not None and not State(view.run["state"]).is_final

    def _settled(self, servers: Mapping[str, View | None]) -> bool:
        return all(
            view.gone
            if there is None
            else view.known is not None
            and (view.known.epoch, view.known.seq) == (there.epoch, there.seq)
            for run_id, there in servers.items()
            for view in self._audience.views(run_id).values()
        )

    def _with_views(self, run: AskedRun, server: View | None) -> AskedRun:
        views = self._audience.views(run.id)
        clients = {name: _view(view) for name, view in views.items()}
        told_gone = frozenset(name for name, view in views.items() if view.gone)
        return replace(run, server=server, clients=clients, told_gone=told_gone)

    def _server_view(self, run_id: str) -> View | None:
        answer = self._asker.get(f"/runs/{run_id}")
        return _of_snapshot(answer.body) if answer.status == 200 else None

    def _listed(self) -> frozenset[str]:
        found: set[str] = set()
        query: dict[str, Any] = {"limit": PAGE}
        while True:
            page = self._asker.get("/runs", **query).body
            found |= {run["id"] for run in page["runs"]}
            if page["next"] is None:
                return frozenset(found)
            query["cursor"] = page["next"]


def _of_snapshot(snapshot: Json) -> View:
    nodes = {node["path"]: node for node in snapshot["nodes"]}
    return View(epoch=snapshot["epoch"], seq=snapshot["seq"], run=snapshot["run"], nodes=nodes)


def _view(view: RunInView) -> View | None:
    known = view.known
    if known is None:
        return None
    return View(epoch=known.epoch, seq=known.seq, run=known.run, nodes=dict(known.nodes))
