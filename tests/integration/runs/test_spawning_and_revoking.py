"""A revoke comes between any two steps of a spawning owner and its workers: nothing survives."""

from __future__ import annotations

import contextlib
import random
from dataclasses import replace

import pytest

from inception.runs.errors import SpawnRefused, StaleToken
from inception.runs.model import State
from inception.runs.records import ClaimAnswer, Letter, NewStep
from inception.runs.recordtext import patch
from inception.runs.store import Store
from tests.integration.runs.held_run import HeldRun, hold, step

PATHS = ("0", "1", "1.0")
"""Children, and the child of a nested parent; a revoke hits the whole run or that part."""


class Interleaving:
    """One order of what the owner, two workers and a user do; what was allowed is noted."""

    def __init__(self, store: Store, run_id: str, dice: random.Random) -> None:
        self.store = store
        self.held: HeldRun = hold(store, run_id)
        self.target = dice.choice(["", "1"])
        self.revoked = False
        self.running: set[str] = set()
        self.spawned: list[str] = []
        spawns = [(self.spawn, path) for path in PATHS]
        others = [(self.claim, path) for path in PATHS * 2] + [(self.revoke, self.target)]
        dice.shuffle(others)
        self.steps = _merged(spawns, others, dice)

    def play(self) -> None:
        """Do it all; then the owner, who has heard of the revoke, ends what nobody has claimed."""
        for act, path in self.steps:
            act(path)
        if not self.revoked:
            self.revoke(self.target)
        waiting = [path for path in self.spawned if self.covers(path) and path != "1"]
        patches = {path: patch(state=State.REVOKED) for path in waiting}
        if patches:
            answer = self.store.end_unclaimed(self.held.lease, self.held.next_op(), patches)
            assert set(answer.skipped) == self.running & set(waiting)
        for path in waiting:
            ended = self.held.state_of(path) == State.REVOKED
            assert ended == (path not in self.running)
            assert self.store.claim(self.held.claim_of(path)) != ClaimAnswer.OK

    def covers(self, path: str) -> bool:
        return self.revoked and (self.target == "" or path.startswith(self.target))

    def spawn(self, path: str) -> None:
        with contextlib.suppress(SpawnRefused):
            self.held.spawn(path, kind="parent" if path == "1" else "child")
            assert not self.covers(path), "a step was recorded after the revoke"
            self.spawned.append(path)

    def claim(self, path: str) -> None:
        if path == "1" or self.store.claim(self.held.claim_of(path)) != ClaimAnswer.OK:
            return
        assert not self.covers(path), "a body began after the revoke"
        assert path not in self.running, "a body began twice"
        self.running.add(path)

    def revoke(self, path: str) -> None:
        if path == "" or path in self.spawned:
            self.store.request_revoke(self.held.id, path, by="anna", reason=None)
            self.revoked = True
        else:
            self.target = ""
            self.revoke("")


def _merged(first: list, second: list, dice: random.Random) -> list:  # type: ignore[type-arg]
    """Both lists in one, each in its own order."""
    first, second, merged = list(first), list(second), []
    while first or second:
        source = first if first and (not second or dice.random() < 0.4) else second
        merged.append(source.pop(0))
    return merged


@pytest.mark.parametrize(
    "number", [200, pytest.param(2_000, marks=[pytest.mark.chaos, pytest.mark.timeout(180)])]
)
def test_nothing_begins_after_a_revoke_in_any_order(store: Store, number: int) -> None:
    for seed in range(number):
        Interleaving(store, f"run-{seed}", random.Random(seed)).play()


def letters_in(held: HeldRun, queue: str) -> list[str]:
    texts: list[str] = held.store._client.lrange(queue, 0, -1)
    return texts


def sent_along(path: str, *texts: str) -> NewStep:
    letters = [Letter(queue="letters", text=text) for text in texts]
    return replace(step(path), letters=letters)


def test_messages_are_pushed_with_the_record_of_their_step_and_once(store: Store) -> None:
    held = hold(store)
    op, steps = held.next_op(), [sent_along("0", "a", "b"), sent_along("1", "c"), step("2")]
    store.spawn(held.lease, op, steps)
    assert letters_in(held, "letters") == ["c", "b", "a"]
    store.spawn(held.lease, op, steps)  # its answer was lost
    store.spawn(held.lease, held.next_op(), [sent_along("0", "a"), sent_along("3", "d")])
    assert letters_in(held, "letters") == ["d", "c", "b", "a"], "known steps are left alone"


def test_no_message_is_pushed_for_a_step_that_is_refused(store: Store) -> None:
    held = hold(store)
    store.request_revoke(held.id, "", by="", reason=None)
    with pytest.raises(SpawnRefused):
        store.spawn(held.lease, held.next_op(), [sent_along("0", "a")])
    with pytest.raises(StaleToken):
        store.spawn(replace(held.lease, token="other"), 1, [sent_along("0", "a")])
    assert letters_in(held, "letters") == []
