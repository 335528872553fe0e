"""What a revoke shows of nodes that end while it is carried out."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

from inception.runs.meta import empty_meta
from inception.runs.model import State
from inception.watching.endings import revoked_end
from inception.watching.live_node import LiveNode
from inception.watching.revoking import Revoker


class Posts:
    """Stands for a run's writer."""

    def __init__(self) -> None:
        self.states: list[str] = []

    def post(self, node: LiveNode, fields: dict[str, str], *, urgent: bool) -> None:
        self.states.append(fields["state"])


def child() -> LiveNode:
    return LiveNode(path="0", name="tasks.inner", kind="child", task_id="task-0-1")


def stopped(node: LiveNode) -> list[str]:
    """What is written when a revoke that has listed `node` gets to stop it."""
    nobody: Any = SimpleNamespace(finish_unclaimed=lambda *_arguments: None)
    timers = SimpleNamespace(call_later=lambda *_arguments: None)
    ctx: Any = SimpleNamespace(
        timers=timers,
        crew=SimpleNamespace(submit=lambda _job: None),
        store=SimpleNamespace(read_claims=lambda *_arguments: {}),
    )
    posts = Posts()
    lane = SimpleNamespace(insist=lambda ask: ask())
    live: Any = SimpleNamespace(
        id="run-1", lock=threading.RLock(), writer=posts, lane=lane, guarded=lambda job: job
    )
    Revoker(ctx, nobody, on_intent=lambda _live: None).stop(live, [node])
    return posts.states


def test_a_child_that_ended_since_it_was_listed_keeps_its_final_state() -> None:
    node = child()
    node.end, node.state = revoked_end(empty_meta()), State.REVOKED
    assert stopped(node) == []
    assert node.state is State.REVOKED


def test_a_child_that_runs_is_shown_as_revoking() -> None:
    node = child()
    assert stopped(node) == ['"REVOKING"']
    assert node.state is State.REVOKING
