"""The Python client against the whole application: blocking and asyncio, through kills."""

from __future__ import annotations

import asyncio
import os
import queue
import re
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import requests
from inception_client import Client, Event, Refused, Run, RunFailed, aio, connect

from tests.acceptance.conftest import CHECKOUT, Stack, StartApplication
from tests.running import eventually

COUNT = "tasks.examples.counting.count_twice"
FAIL = "tasks.examples.failing.fail_at"
WITHIN = 30
"""Seconds (s) for what a test waits for."""


def snapshot_of(url: str, run_id: str) -> Any:
    answer = requests.get(f"{url}/api/v1/runs/{run_id}", timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_run_is_started_seen_to_its_end_and_has_a_value(stack: Stack) -> None:
    with connect(stack.url) as client:
        run = client.start(COUNT, limit=3, delay=0.05)
        events = list(run)
        assert run.value == 3
    assert [event.path for event in events if event.state == "SUCCESS"] == ["0", "1", ""]
    assert events[-1].is_run
    check_order(events)


def test_asyncio_sees_the_same(stack: Stack) -> None:
    async def see() -> tuple[list[Event], Any]:
        async with aio.connect(stack.url) as client:
            run = await client.start(COUNT, limit=3, delay=0.05)
            return [event async for event in run], run.value

    events, value = asyncio.run(see())
    assert value == 3
    assert [event.path for event in events if event.state == "SUCCESS"] == ["0", "1", ""]
    check_order(events)


def test_a_run_that_failed_says_why_and_goes_on_after_a_retry(stack: Stack) -> None:
    with connect(stack.url) as client:
        run = client.start(FAIL, once=True)
        with pytest.raises(RunFailed, match="fails on purpose") as caught:
            run.value  # noqa: B018  it waits, and raises
        assert caught.value.traceback is not None
        run.retry()
        assert [event.state for event in run if event.is_run][-1] == "SUCCESS"
        again = run.rerun({"once": False, "step": 9})
        assert again.wait(WITHIN)["rerun_of"] == run.id


def test_another_thread_watches_and_this_one_revokes(stack: Stack) -> None:
    with connect(stack.url) as client, connect(stack.url) as other:
        run = client.start(COUNT, limit=600, delay=0.1)
        for event in run:
            if event.state == "PROGRESS":
                other.run(run.id).revoke(reason="seen enough")
                break
        assert run.wait(WITHIN)["revoke"] == {
            "requested_at": run.record["revoke"]["requested_at"],  # type: ignore[index]
            "by": "local",
            "reason": "seen enough",
        }
        assert run.record["state"] == "REVOKED"


def test_an_iteration_that_was_left_goes_on_where_it_was(stack: Stack) -> None:
    with connect(stack.url) as client:
        run = client.start(COUNT, limit=5, delay=0.05)
        events = []
        while not (events and events[-1].is_run and events[-1].state == "SUCCESS"):
            for event in run:
                events.append(event)
                break
        check_order(events)
        assert run.nodes == {node["path"]: node for node in snapshot_of(stack.url, run.id)["nodes"]}


def test_what_is_too_large_for_an_event_is_read_at_the_end(stack: Stack) -> None:
    with connect(stack.url) as client:
        run = client.start("tests.acceptance.odd_tasks.large_value", characters=20_000)
        value = run.value
    assert isinstance(value, str)
    assert len(value) == 20_000


def test_runs_are_listed_and_a_key_starts_one(stack: Stack) -> None:
    tags = ["listed-by-the-client"]
    with connect(stack.url) as client:
        assert COUNT in {parent["name"] for parent in client.parents()}
        first, second = (
            client.submit(COUNT, {"limit": 1, "delay": 0}, tags=tags, idempotency_key="client-once")
            for _ in range(2)
        )
        assert first.id == second.id
        first.wait(WITHIN)
        assert [run["id"] for run in client.runs(tag=tags, state="SUCCESS")] == [first.id]
        first.delete()
        assert list(client.runs(tag=tags)) == []
        with pytest.raises(Refused, match="run_not_found"):
            list(first)


def test_the_examples_of_its_page_run(stack: Stack) -> None:
    page = (CHECKOUT / "docs/clients/python.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.M | re.S)
    assert len(blocks) == 3
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block.replace("http://127.0.0.1:8000", stack.url), names)


def test_a_wait_has_the_bound_it_is_given(stack: Stack) -> None:
    with connect(stack.url) as client:
        run = client.start(COUNT, limit=600, delay=0.1)
        with pytest.raises(TimeoutError):
            run.wait(timeout=0.3)
        run.revoke()
        assert run.wait(WITHIN)["state"] == "REVOKED"


@pytest.mark.timeout(150)
def test_a_killed_web_and_a_killed_redis_leave_no_hole_and_nothing_twice(
    own_stack: StartApplication,
) -> None:
    """One run, watched by both kinds of client; each process is killed while it moves."""
    stack = own_stack()
    with connect(stack.url) as client:
        run = client.start(COUNT, limit=60, delay=0.1)
        beside = Beside(lambda: events_by_asyncio(stack.url, run.id))
        killers = [kill(stack, "web"), kill(stack, "redis")]
        blocking = list(acting_at(run, {20.0: killers[0], 60.0: killers[1]}))
        assert run.value == 60
        events, nodes = beside.result()

    truth = {node["path"]: node for node in snapshot_of(stack.url, run.id)["nodes"]}
    assert run.nodes == truth == nodes
    for told in (blocking, events):
        check_order(told)
        check_progress(told)
        assert told[-1].is_run
        assert told[-1].state == "SUCCESS"


def acting_at(run: Run, deeds: dict[float, Callable[[], None]]) -> Iterable[Event]:
    """The run's events; the first child's completion, in percent, says when to do what."""
    left = dict(deeds)
    for event in run:
        yield event
        if event.path == "0":
            for at in [at for at in left if event.meta["completion"] >= at]:
                left.pop(at)()
    assert not left


def kill(stack: Stack, name: str) -> Callable[[], None]:
    def do() -> None:
        pid = stack.application.pid(name)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: stack.application.replaced(name, pid), WITHIN, f"{name} is back")

    return do


def check_order(events: Iterable[Event]) -> None:
    """Numbers rise within an epoch, and no change is told twice; snapshots share theirs."""
    known: dict[str, int] = {}
    changes = Counter((event.epoch, event.seq) for event in events if event.at is not None)
    assert all(count == 1 for count in changes.values())
    for event in events:
        assert event.seq >= known.get(event.epoch, 0)
        known[event.epoch] = event.seq


def check_progress(events: Iterable[Event]) -> None:
    """A node never goes back, and no record comes twice in a row."""
    last: dict[str, Event] = {}
    for event in events:
        before = last.get(event.path)
        if before is not None and event.path:
            assert event.meta["iteration"] >= before.meta["iteration"]
            assert event.record != before.record
        last[event.path] = event


async def events_by_asyncio(url: str, run_id: str) -> tuple[list[Event], Any]:
    async with aio.connect(url) as client:
        run = client.run(run_id)
        return [event async for event in run], run.nodes


class Beside:
    """A coroutine with a loop of its own, in a thread of its own."""

    def __init__(self, begin: Callable[[], Any]) -> None:
        self._found: queue.Queue[Any] = queue.Queue()
        self._begin = begin
        threading.Thread(target=self._run, daemon=True).start()

    def result(self) -> Any:
        found = self._found.get(timeout=WITHIN)
        if isinstance(found, BaseException):
            raise found
        return found

    def _run(self) -> None:
        try:
            self._found.put(asyncio.run(self._begin()))
        except BaseException as error:
            self._found.put(error)


def test_a_server_that_stays_away_is_named_in_the_end() -> None:
    with Client("http://127.0.0.1:9", patience=0.5) as client:
        with pytest.raises(Exception, match="did not answer"):
            client.parents()
        with pytest.raises(Exception, match=r"No answer for 0\.5 s"):
            list(client.run("any"))
