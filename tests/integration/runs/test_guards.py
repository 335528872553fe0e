"""Each guard matters: with it cut out of its script, the test that is about it fails.

A guard is named by the very lines of Lua that do its work, so that it can't be moved or reworded
without coming by here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import pytest

from inception.runs import scripts
from inception.runs.scripts import Script
from inception.runs.store import Store
from tests.integration.runs import (
    test_claims,
    test_interleavings,
    test_limited_runs,
    test_ownership,
    test_spawning_and_revoking,
    test_submissions,
)
from tests.integration.runs.held_run import OWNER, HeldRun, RedisClient, hold

Proof: TypeAlias = Callable[[HeldRun, RedisClient], None]
"""A test of the suite, called with an own run in the store that it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Lines of Lua, what stands in their place when the guard is off, and the test about it."""

    name: str
    lines: str
    without: str
    proof: Proof


def with_child(test: Callable[[HeldRun], None]) -> Proof:
    """A test of a run that has one child."""

    def prove(held: HeldRun, _client: RedisClient) -> None:
        held.spawn("0")
        test(held)

    return prove


def in_any_order(held: HeldRun, _client: RedisClient) -> None:
    """200 orders of spawns, claims and a revoke."""
    test_spawning_and_revoking.test_nothing_begins_after_a_revoke_in_any_order(held.store, 200)


def at_random(held: HeldRun, client: RedisClient) -> None:
    """Owners, workers and a user, who act at random."""
    for seed in range(8):
        client.flushall()
        test_interleavings.test_whoever_comes_first_the_record_holds(held.store, client, seed)


FENCE = """if run.owner ~= owner or run.token ~= token or token == '' then return {'stale'} end"""
FENCE_OF_VALUES = (
    """if control[1] ~= owner or control[2] ~= token or token == '' then return {'stale'} end"""
)
MISSED = """  if known > run.op then return {'lost'} end"""
CLAIM = """  return {'claimed'}
end"""
CLAIMED_EXCLUDES_END = """  if is_claimed(path) then
    skipped[#skipped + 1] = path
  elseif"""
CLAIMED_EXCLUDES_STOP = """or is_claimed(path) then"""
INTENT_OF_CLAIM = (
    """if is_revoked({intents = tonumber(control[3])}, path) then return {'revoked'} end"""
)
INTENT_OF_SPAWN = """  if is_revoked(run, path) then return {'revoked'} end
  if redis"""
INTENT_OF_ATTEMPT = """if is_revoked(run, path) then return {'revoked'} end
"""
FULL = """    if redis.call('SCARD', PLACES .. group) >= number then return group end"""
REFUSES = """if full then return {'full', redis.call('SRANDMEMBER', PLACES .. full)} end"""
BY_NOW = """    local number = group == name and by_now or tonumber(places)"""
IS_WORKED_ON = """    if goes_on and is_claimed(path) then return true end"""
LETS_IN = """  leave_places(id, unquote(run.record.fields.name))"""
FIRST_END = """if ended and number_in(ended, 'attempt') == attempt then
  local is_ours"""
FINAL_STAYS = """  if FINAL[old] then return 'refused' end"""

GUARDS = [
    Guard(
        name="fencing", lines=FENCE, without="",
        proof=lambda held, _client: test_ownership.test_a_stale_owner_changes_nothing(held, OWNER),
    ),
    Guard(
        name="fencing of recorded values", lines=FENCE_OF_VALUES, without="",
        proof=lambda held, _client: test_ownership.test_a_stale_owner_changes_nothing(held, OWNER),
    ),
    Guard(
        name="what was lost is missed", lines=MISSED, without="",
        proof=test_ownership.test_nothing_is_built_on_what_redis_has_lost,
    ),
    Guard(
        name="the claim", lines=CLAIM, without="end",
        proof=with_child(test_claims.test_a_second_delivery_of_a_claimed_attempt_is_dropped),
    ),
    Guard(name="the claim in any order", lines=CLAIM, without="end", proof=in_any_order),
    Guard(
        name="an end that excludes the claim", lines=CLAIMED_EXCLUDES_END, without="  if",
        proof=with_child(test_claims.test_a_claimed_node_is_not_ended_as_unclaimed),
    ),
    Guard(
        name="a parent ends only what nobody has claimed", lines=CLAIMED_EXCLUDES_STOP,
        without="then",
        proof=lambda held, _client: (
            test_claims.test_a_parent_ends_what_waits_and_asks_what_runs_to_stop(held)
        ),
    ),
    Guard(
        name="the first end wins", lines=FIRST_END, without="if false then\n  local is_ours",
        proof=with_child(test_claims.test_the_first_end_wins),
    ),
    Guard(name="a final state stays", lines=FINAL_STAYS, without="", proof=at_random),
    Guard(
        name="the intent before a claim", lines=INTENT_OF_CLAIM, without="",
        proof=lambda held, _client: (
            test_submissions.test_a_step_recorded_before_the_revoke_is_covered_by_it(held)
        ),
    ),
    Guard(
        name="the intent before a spawn", lines=INTENT_OF_SPAWN, without="  if redis",
        proof=lambda held, _client: test_submissions.test_no_step_starts_under_a_revoke(held),
    ),
    Guard(
        name="the intent before an attempt", lines=INTENT_OF_ATTEMPT, without="",
        proof=with_child(test_claims.test_no_attempt_is_made_under_a_revoke),
    ),
    Guard(
        name="a full group lets nobody in", lines=FULL, without="",
        proof=lambda held, _client: (
            test_limited_runs.test_further_runs_wait_in_order_and_are_let_in_one_by_one(held.store)
        ),
    ),
    Guard(
        name="a place for each value", lines=FULL, without="",
        proof=lambda held, _client: (
            test_limited_runs.test_one_run_goes_on_for_each_value(held.store)
        ),
    ),
    Guard(
        name="a full group refuses", lines=REFUSES, without="",
        proof=lambda held, _client: (
            test_limited_runs
            .test_where_it_is_declared_so_a_further_run_is_refused_and_leaves_nothing(held.store)
        ),
    ),
    Guard(
        name="places by now", lines=BY_NOW, without="    local number = tonumber(places)",
        proof=lambda held, _client: (
            test_limited_runs
            .test_a_run_in_line_goes_by_the_number_of_places_that_there_are_by_now(held.store)
        ),
    ),
    Guard(
        name="claims of an earlier try hold nothing", lines=IS_WORKED_ON,
        without="    if goes_on then return true end",
        proof=lambda held, _client: (
            test_limited_runs
            .test_a_run_that_was_retried_and_waits_in_line_is_revoked_at_once(held.store)
        ),
    ),
    Guard(
        name="an end lets the next one in", lines=LETS_IN, without="",
        proof=lambda held, _client: (
            test_limited_runs.test_further_runs_wait_in_order_and_are_let_in_one_by_one(held.store)
        ),
    ),
    Guard(
        name="the intent in any order", lines=INTENT_OF_CLAIM, without="", proof=in_any_order
    ),
]  # fmt: skip

_load = scripts.load


def cut_out(guard: Guard) -> tuple[Callable[[str], Script], set[str]]:
    """What loads scripts without the guard, and the names of those that had it."""
    had_it: set[str] = set()

    def load(name: str) -> Script:
        script = _load(name)
        if guard.lines not in script.text:
            return script
        had_it.add(name)
        text = script.text.replace(guard.lines, guard.without)
        return replace(script, text=text, sha=hashlib.sha1(text.encode()).hexdigest())

    return load, had_it


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_without_the_guard_its_test_fails(
    guard: Guard, store: Store, client: RedisClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, had_it = cut_out(guard)
    monkeypatch.setattr(scripts, "load", load)

    with pytest.raises((AssertionError, pytest.fail.Exception)):
        guard.proof(hold(store), client)

    assert had_it
