"""Writers at random, in any order: what must hold whoever comes first."""

from __future__ import annotations

import contextlib
import random
from collections import Counter
from itertools import pairwise

import pytest

from inception.runs import keys
from inception.runs.errors import InceptionError, StaleToken
from inception.runs.model import Attempt, Node, State
from inception.runs.records import ClaimAnswer, Lease
from inception.runs.recordtext import patch
from inception.runs.store import Store
from tests.integration.runs.held_run import RUN, HeldRun, RedisClient, hold

STEPS = 250
PATHS = ("0", "1", "2", "0.0", "0.1", "1.0", "2.0", "2.0.0")
ENDS = (State.SUCCESS, State.FAILURE, State.REVOKED)


class Actors:
    """The owner, workers, a rescuer and a user, each with what it may do next."""

    def __init__(self, store: Store, dice: random.Random) -> None:
        self.store = store
        self.dice = dice
        self.owners = [hold(store)]
        self.finals: dict[tuple[str, int], State] = {}
        self.started: Counter[tuple[str, int]] = Counter()

    def act(self) -> None:
        often = [self.spawn, self.spawn, self.write, self.claim, self.end]
        seldom = [self.give_up, self.try_again, self.rescue, self.revoke, self.stop, self.finish]
        action = self.dice.choice([*often, *seldom])
        with contextlib.suppress(InceptionError):  # a refusal is an answer like another
            action()
        self.note()

    def note(self) -> None:
        """A final state never changes; counts are those of the nodes."""
        snapshot = self.store.snapshot(RUN)
        for node in snapshot["nodes"]:
            if node["state"].is_final:
                key = (node["path"], node["attempt"])
                assert self.finals.setdefault(key, node["state"]) == node["state"]
        states = Counter(str(node["state"]) for node in snapshot["nodes"])
        assert snapshot["run"]["counts"] == dict(states)

    @property
    def path(self) -> str:
        return self.dice.choice(PATHS)

    @property
    def anyone(self) -> HeldRun:
        """Some owner, mostly the present one; the others are stale."""
        return self.owners[-1] if self.dice.random() < 0.8 else self.dice.choice(self.owners)

    def attempt_of(self, path: str) -> int:
        return self.store.read_node(RUN, path)["attempt"]

    def spawn(self) -> None:
        path = self.path
        self.anyone.spawn(path, kind="parent" if path + ".0" in PATHS else "child")

    def write(self) -> None:
        state = self.dice.choice([State.STARTED, State.PROGRESS, *ENDS])
        self.anyone.write(self.path, state=state)

    def claim(self) -> None:
        path, retries = self.path, self.dice.randrange(2)
        attempt = max(1, self.attempt_of(path) - self.dice.randrange(2))
        claim = self.owners[0].claim_of(path, attempt=attempt, retries=retries)
        if self.store.claim(claim) == ClaimAnswer.OK:
            self.started[path, attempt] += 1
            assert self.started[path, attempt] <= 2  # once for each of Celery's retries

    def end(self) -> None:
        path = self.path
        end = self.owners[0].end_of(path, self.dice.choice(ENDS), attempt=self.attempt_of(path))
        if self.store.end_claim(end):
            recorded = self.store.read_end(RUN, path)
            assert recorded is not None
            assert recorded.state == end.state

    def give_up(self) -> None:
        owner, path = self.anyone, self.path
        claimed = self.started[path, self.attempt_of(path)] > 0
        ended = self.store.end_unclaimed(
            owner.lease, owner.next_op(), {path: patch(state=State.REVOKED)}
        )
        assert (path in ended.skipped) == claimed

    def try_again(self) -> None:
        owner, node = self.anyone, self.store.read_node(RUN, self.path)
        self.store.new_attempt(
            owner.lease,
            owner.next_op(),
            node["path"],
            task_id="again",
            lost=earlier(node),
            max_losses=3,
        )

    def rescue(self) -> None:
        last = self.owners[-1].lease
        number = len(self.owners)
        lease = Lease(run_id=RUN, owner=f"watcher-{number}", token=f"rescued-{number}")
        if self.store.claim_run(RUN, owner=lease.owner, token=lease.token, from_owner=last.owner):
            self.owners.append(HeldRun(self.store, lease))

    def revoke(self) -> None:
        if self.dice.random() < 0.1:
            self.store.request_revoke(RUN, self.path, by="anna", reason=None)

    def stop(self) -> None:
        if self.dice.random() < 0.2:
            owner, path = self.anyone, self.path
            claimed = self.started[path, self.attempt_of(path)] > 0
            stopped = self.store.stop_steps(
                owner.lease,
                owner.next_op(),
                [path],
                reason="",
                end=patch(state=State.REVOKED),
            )
            assert not (claimed and path in stopped.ended)

    def finish(self) -> None:
        if self.dice.random() < 0.1:
            owner = self.anyone
            self.store.end_run(owner.lease, owner.next_op(), State.SUCCESS, {})


def earlier(node: Node) -> Attempt:
    return Attempt(
        attempt=node["attempt"],
        worker=None,
        started_at=None,
        finalized_at=None,
        state=State.LOST,
        error=None,
    )


@pytest.mark.parametrize("seed", range(8))
def test_whoever_comes_first_the_record_holds(store: Store, client: RedisClient, seed: int) -> None:
    actors = Actors(store, random.Random(seed))
    for _ in range(STEPS):
        actors.act()
    entries = [int(entry.partition("-")[0]) for entry, _e in client.xrange(keys.events(RUN))]
    assert all(right == left + 1 for left, right in pairwise(entries))
    assert entries[-1] == store.read_run(RUN)["seq"]
    for owner in actors.owners[:-1]:
        with pytest.raises(StaleToken):
            owner.spawn("9")
