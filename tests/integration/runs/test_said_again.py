"""What is said twice (an answer was lost, a word was heard in two ways) is one change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis

from inception.runs import keys
from inception.runs.meta import read_meta
from inception.runs.model import State
from inception.runs.recordtext import patch
from inception.runs.store import Store
from tests.integration.runs.held_run import RUN, HeldRun, RedisClient, hold, step

PROGRESS = {"state": State.PROGRESS, "meta": read_meta({"iteration": 3, "total": 10})}


def events_of(held: HeldRun) -> list[dict[str, Any]]:
    """All events of the run, each without its number and time."""
    epoch = held.store.read_run(RUN)["epoch"]
    events: Any = held.store.events_since(RUN, epoch, 0)["events"]
    return [{name: event[name] for name in event if name not in ("seq", "at")} for event in events]


def test_progress_that_is_written_again_is_no_event(held: HeldRun) -> None:
    """A watcher that was cut off reads what was said last, which it may have heard already."""
    held.spawn("0")
    held.write("0", **PROGRESS)
    seq = held.store.read_run(RUN)["seq"]
    held.write("0", **PROGRESS)
    assert held.store.read_run(RUN)["seq"] == seq
    held.write("0", **{**PROGRESS, "meta": read_meta({"iteration": 4, "total": 10})})
    assert held.store.read_run(RUN)["seq"] == seq + 2  # the node, and the run


def test_of_several_nodes_those_that_moved_are_told(held: HeldRun) -> None:
    held.spawn("0", "1")
    held.write("0", **PROGRESS)
    told = len(events_of(held))
    held.store.write(
        held.lease, held.next_op(), {"0": patch(**PROGRESS), "1": patch(**PROGRESS)}, None
    )
    assert [event.get("node", {}).get("path") for event in events_of(held)[told:]] == ["1", None]


def test_a_run_that_says_the_same_of_itself_is_no_event(held: HeldRun) -> None:
    said = patch(meta=read_meta({"message": "half way"}))
    for _ in range(3):
        held.store.write(held.lease, held.next_op(), {}, said)
    metas = [event["run"]["meta"]["message"] for event in events_of(held)]
    assert metas.count("half way") == 1


def test_a_large_value_that_is_another_is_an_event_though_it_is_not_shown(held: HeldRun) -> None:
    held.spawn("0")
    held.write("0", value="x" * 5_000)
    seq = held.store.read_run(RUN)["seq"]
    held.write("0", value="x" * 5_000)
    assert held.store.read_run(RUN)["seq"] == seq
    held.write("0", value="y" * 5_000)
    assert held.store.read_run(RUN)["seq"] > seq
    assert held.store.read_node(RUN, "0")["value"] == "y" * 5_000


class Deaf:
    """A client, and its own pool, whose first script is done and whose answer is lost."""

    def __init__(self, client: RedisClient) -> None:
        self._client = client
        self.lost = 0

    @property
    def connection_pool(self) -> Deaf:
        return self

    def get_connection(self) -> Any:
        connection = self._client.connection_pool.get_connection()
        hear = type(connection).read_response.__get__(connection)

        def read_response() -> Any:
            answer = hear()
            if not self.lost:
                self.lost += 1
                raise redis.ConnectionError("the answer is lost")
            return answer

        connection.read_response = read_response
        return connection

    def release(self, connection: Any) -> None:
        del connection.read_response
        self._client.connection_pool.release(connection)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def spawn(store: Store, held: HeldRun) -> object:
    return store.spawn(held.lease, held.next_op(), [step("1")])


def write(store: Store, held: HeldRun) -> object:
    return store.write(held.lease, held.next_op(), {"0": patch(**PROGRESS)}, None)


def describe(store: Store, _held: HeldRun) -> object:
    return store.describe_run(RUN, {"label": "Other"}, by="anna")


def revoke_node(store: Store, _held: HeldRun) -> object:
    return store.request_revoke(RUN, "0", by="anna", reason=None, noted=True)


def revoke_run(store: Store, held: HeldRun) -> object:
    """Of a run that nobody holds and works on, which ends right there."""
    held.store.give_back(held.lease.owner, [(RUN, held.lease.token)])
    return store.request_revoke(RUN, "", by="anna", reason="enough", noted=True)


def end_claim(store: Store, held: HeldRun) -> object:
    return store.end_claim(held.end_of("0"))


def claim(store: Store, held: HeldRun) -> object:
    return store.claim(held.claim_of("0"))


@pytest.mark.parametrize("ask", [spawn, write, describe, revoke_node, revoke_run, claim, end_claim])
def test_a_script_whose_answer_is_lost_is_done_once(
    client: RedisClient, ask: Callable[[Store, HeldRun], object]
) -> None:
    """It is sent again by itself: what it says then is as if it had been said once."""
    told: list[list[dict[str, Any]]] = []
    audited: list[int] = []
    for lost in (False, True):
        client.flushdb()
        held = hold(Store(client))
        held.spawn("0")
        deaf = Deaf(client)
        deaf.lost = 0 if lost else 1
        ask(Store(deaf), held)  # type: ignore[arg-type]
        assert deaf.lost == 1
        told.append([_timeless(event) for event in events_of(held)])
        audited.append(client.xlen(keys.AUDIT))
    assert told[0] == told[1]
    assert audited[0] == audited[1]


def _timeless(event: Any) -> Any:
    """An event without its times and numbering, which differ from one time to the next."""
    dropped = {"epoch", "requested_at"}
    if isinstance(event, dict):
        return {
            name: _timeless(value)
            for name, value in event.items()
            if not name.endswith("_at") and name not in dropped
        }
    return [_timeless(each) for each in event] if isinstance(event, list) else event
