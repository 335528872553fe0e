"""Runs of a stage: started, their children held in their bodies, and carried on."""

from __future__ import annotations

import threading
from typing import Any

from inception.runs.model import JsonValue
from inception.watching.live_node import LiveNode
from inception.watching.watcher import Watcher
from tests.integration.watching.replayed_tasks import body, play
from tests.integration.watching.stage import WITHIN, Stage, Workers


class Held:
    """Children that stand in their bodies, all or the one at `path`, until they may end."""

    def __init__(self, stage: Stage, path: str | None = None) -> None:
        self._path = path
        self._began, self._may_end = threading.Event(), threading.Event()
        stage.body = self._body

    def wait(self) -> None:
        """Return once one of them is in its body."""
        assert self._began.wait(WITHIN)

    def let_end(self) -> None:
        """Let them end, and those that come."""
        self._may_end.set()

    def _body(self, node: LiveNode) -> JsonValue:
        if self._path in (None, node.path):
            self._began.set()
            assert self._may_end.wait(WITHIN)
        return body(node)


def start(stage: Stage, *steps: JsonValue) -> str:
    return stage.record(play.name, run="run", path="", steps=list(steps))


def carry_on(stage: Stage, run_id: str, workers: Workers, *, after: Watcher | None = None) -> Any:
    """Let a new watcher carry the run on until it ends, and return the run."""
    stage.ended.clear()
    with stage.watcher(workers) as watcher:
        owner = after._ctx.process if after else ""
        assert watcher.scheduler.take(run_id, from_owner=owner)
        assert stage.ended.wait(WITHIN)
    return stage.store.read_run(run_id)
