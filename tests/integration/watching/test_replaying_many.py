"""A parent of as many children as a run may have is taken over, and goes on within seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from inception.authoring.frame import StepRequest
from inception.authoring.steps import step_of_call
from inception.runs import keys
from inception.runs.jsontext import encode
from inception.runs.meta import empty_meta
from inception.runs.model import MAX_NODES, Meta, State
from inception.runs.paths import task_id
from inception.runs.records import Claim, ClaimAnswer, ClaimEnd, Fields, Lease, NewStep
from inception.runs.recordtext import patch
from tests.integration.watching.replayed_tasks import leaf, play
from tests.integration.watching.stage import Stage, Workers

SECONDS = 20.0
"""Seconds (s) that a replay may take on a machine that does other things too; it takes 1 to 4."""
CHUNK = 500
DEAD = "host:watcher:dead"
WELL = Meta(**{**empty_meta("OK"), "completion": 100.0})
ENDED: Fields = {**patch(state=State.SUCCESS, meta=WELL), "value": '"a"'}


class DeadWatcher:
    """What is left of a watcher that had started ten thousand children."""

    def __init__(self, stage: Stage, limit: int | None) -> None:
        self._stage = stage
        steps = ["watch_all", [["a", 0]] * MAX_NODES, limit, 0]
        self.run_id = stage.record(play.name, run="many", path="", steps=[steps])
        self._lease = Lease(run_id=self.run_id, owner=DEAD, token="token")
        self._op = 0
        self._request = step_of_call(leaf, ("a", 0), {}, {})
        assert stage.store.claim_run(self.run_id, owner=DEAD, token="token")
        for paths in self._chunks():
            new = [_step(self.run_id, path, self._request) for path in paths]
            stage.store.spawn(self._lease, self._next_op(), new)

    def hear_of_all_ends(self) -> None:
        """It had recorded the end of each child."""
        for paths in self._chunks():
            ends = dict.fromkeys(paths, ENDED)
            self._stage.store.write(self._lease, self._next_op(), ends, None)

    def let_all_end(self) -> None:
        """The children ended after it had died: one by a worker, the others alike."""
        store, client = self._stage.store, self._stage.client
        claim = Claim(
            run_id=self.run_id, path="0", attempt=1, retries=0,
            task_id=task_id(self.run_id, "0", 1), worker="host:played:1", pid=1,
        )  # fmt: skip
        assert store.claim(claim) == ClaimAnswer.OK
        end = ClaimEnd(
            run_id=self.run_id, path="0", attempt=1, retries=0, state=State.SUCCESS,
            meta=WELL, value_text='"a"',
        )  # fmt: skip
        assert store.end_claim(end)
        key = keys.claims(self.run_id)
        claimed, ended = client.hmget(key, ["0", "0:end"])
        for paths in self._chunks():
            alike = dict.fromkeys(paths, claimed) | {f"{path}:end": ended for path in paths}
            client.hset(key, mapping=alike)

    def _next_op(self) -> int:
        self._op += 1
        return self._op

    @staticmethod
    def _chunks() -> Iterator[list[str]]:
        for first in range(0, MAX_NODES, CHUNK):
            yield [str(number) for number in range(first, first + CHUNK)]


def _step(run_id: str, path: str, request: StepRequest) -> NewStep:
    return NewStep(
        path=path, parent="", name=request.name, label=request.label, kind="child",
        task_id=task_id(run_id, path, 1), queue="children", args_text=encode(request.args),
        kwargs_text="{}", digest=request.digest,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("limit", "known"),
    [
        (None, False),
        pytest.param(None, True, marks=pytest.mark.chaos),
        pytest.param(100, True, marks=pytest.mark.chaos),
        pytest.param(100, False, marks=pytest.mark.chaos),
    ],
)
def test_ten_thousand_ended_children_are_replayed_in_seconds(
    stage: Stage, workers: Workers, limit: int | None, known: bool
) -> None:
    """Whether their ends were recorded by the watcher that died, or came after its death."""
    dead = DeadWatcher(stage, limit)
    (dead.hear_of_all_ends if known else dead.let_all_end)()
    with stage.watcher(workers) as watcher:
        began = time.monotonic()
        assert watcher.scheduler.take(dead.run_id, from_owner=DEAD)
        assert stage.ended.wait(SECONDS)
        took = time.monotonic() - began

    print(f"replayed {MAX_NODES} children in {took:.2f} s")
    run = stage.store.read_run(dead.run_id, whole=True)
    assert run["state"] == State.SUCCESS
    assert run["value"] == [[["SUCCESS", None, "a"]] * MAX_NODES]
    assert workers.began == {}
