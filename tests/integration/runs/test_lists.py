"""Lists, counts, the catalogue, beats and logs."""

from __future__ import annotations

import pytest

from inception.runs import keys
from inception.runs.errors import BadRequest, ParentNotFound
from inception.runs.listing import LIST_SCANS
from inception.runs.model import MAX_LOG_BYTES, Attempt, Parent, State
from inception.runs.records import (
    Beat,
    ClaimAnswer,
    LogLine,
    NewRun,
    RunFilter,
    RunningClaim,
)
from inception.runs.store import Store
from tests.integration.runs.held_run import OWNER, RUN, HeldRun, RedisClient, hold


def create(store: Store, number: int, **fields: object) -> None:
    new = {"id": f"r{number:05}", "name": "tasks.outer", "kwargs": {}, **fields}
    store.create_run(NewRun(**new))  # type: ignore[arg-type]


def beat(
    process: str, running: tuple[RunningClaim, ...] = (), kind: str = "watcher", counter: int = 1
) -> Beat:
    return Beat(
        process=process,
        kind="compute" if kind == "compute" else "watcher",
        host="host",
        pid=1,
        name=f"{process}@host",
        slots=2,
        queues=["parents"],
        running=running,
        stopping=False,
        counter=counter,
    )


def test_pages_show_every_run_once_newest_first(store: Store) -> None:
    for number in range(25):
        create(store, number)
    seen, cursor = [], None
    while True:
        runs, cursor = store.list_runs(RunFilter(), 10, cursor)
        seen += [(run["created_at"], run["id"]) for run in runs]
        if cursor is None:
            break
    assert len(seen) == 25
    assert seen == sorted(seen, reverse=True)


def test_filters_narrow_the_list_and_the_counts(store: Store) -> None:
    create(store, 1, label="Nightly", tags=("a", "b"))
    create(store, 2, name="tasks.other", tags=("b",))
    create(store, 3)
    store.request_revoke("r00003", "", by="anna", reason=None)

    def ids(which: RunFilter) -> set[str]:
        return {run["id"] for run in store.list_runs(which, 10)[0]}

    assert ids(RunFilter(tags=frozenset({"b"}))) == {"r00001", "r00002"}
    assert ids(RunFilter(names=frozenset({"tasks.other"}))) == {"r00002"}
    assert ids(RunFilter(label="Nightly")) == ids(RunFilter(q="nIGHT")) == {"r00001"}
    assert ids(RunFilter(states=frozenset({State.REVOKED, State.FAILURE}))) == {"r00003"}
    assert ids(RunFilter(until=1)) == set()
    assert store.count_runs(RunFilter()) == {"PENDING": 2, "REVOKED": 1}
    assert store.count_runs(RunFilter(tags=frozenset({"b"}))) == {"PENDING": 2}
    assert store.count_runs(RunFilter(states=frozenset({State.REVOKED}))) == {"REVOKED": 1}


def test_a_page_that_finds_too_little_goes_on_by_its_cursor(store: Store) -> None:
    create(store, 0, label="rare")
    for number in range(1, LIST_SCANS + 1):
        create(store, number)
    runs, cursor = store.list_runs(RunFilter(label="rare"), 10)
    assert runs == []
    assert cursor is not None
    runs, cursor = store.list_runs(RunFilter(label="rare"), 10, cursor)
    assert [run["id"] for run in runs] == ["r00000"]


def test_a_cursor_from_elsewhere_is_refused(store: Store) -> None:
    with pytest.raises(BadRequest):
        store.list_runs(RunFilter(), 10, "nonsense")


def test_tasks_are_called_by_their_label_or_their_function(held: HeldRun) -> None:
    held.spawn("0")
    create(held.store, 1, label="Nightly")
    tasks = [(RUN, ""), (RUN, "0"), (RUN, "7"), ("r00001", ""), ("nobody", "")]
    assert held.store.names_of(tasks) == ["outer", "Inner", None, "Nightly", None]
    assert held.store.names_of([]) == []


def test_a_worker_hears_that_its_attempt_was_followed_by_another(held: HeldRun) -> None:
    """It was silent for so long that it was taken for dead; its child works on all the same."""
    held.spawn("0")
    assert held.store.claim(held.claim_of("0")) == ClaimAnswer.OK
    worker = beat("host:compute:1", running=((RUN, "0", 1),), kind="compute")
    assert held.store.beat(worker).ended == []

    earlier = Attempt(
        attempt=1, worker=None, started_at=None, finalized_at=None, state=State.LOST, error=None
    )
    held.store.new_attempt(
        held.lease, held.next_op(), "0", task_id="again", lost=earlier, max_losses=3
    )

    assert held.store.beat(worker).ended == [(RUN, "0")]
    again = beat("host:compute:2", running=((RUN, "0", 2),), kind="compute")
    assert held.store.beat(again).ended == []


def test_only_ended_runs_expire(store: Store) -> None:
    for number in range(4):
        create(store, number)
    for number in (0, 1, 2):
        store.request_revoke(f"r{number:05}", "", by="anna", reason=None)
    far = 10**15
    assert store.expired_runs(older_than_ms=0, keep=10, limit=10) == []
    assert len(store.expired_runs(older_than_ms=0, keep=1, limit=10)) == 2
    assert len(store.expired_runs(older_than_ms=far, keep=10, limit=10)) == 3


def test_the_catalogue_answers_by_name(store: Store) -> None:
    parent = Parent(name="tasks.outer", doc="Outer.", schema={"required": []}, steps=None)
    store.write_catalogue([parent])
    assert store.read_catalogue() == [store.read_parent("tasks.outer")] == [parent]
    with pytest.raises(ParentNotFound):
        store.read_parent("tasks.none")


def test_the_first_beat_since_redis_was_emptied_says_so(store: Store, client: RedisClient) -> None:
    heard = client.pubsub(ignore_subscribe_messages=True)
    heard.subscribe(keys.ALL_WATCHERS_CHANNEL)
    for _ in range(2):
        client.flushall()
        store.beat(beat("a"))
        store.beat(beat("b"))
    client.publish(keys.ALL_WATCHERS_CHANNEL, "last")
    said = []
    while "last" not in said:
        message = heard.get_message(timeout=5)
        said += [message["data"]] if message else []
    assert said == ['{"kind":"emptied"}'] * 2 + ["last"]


def test_a_beat_tells_of_the_other_processes_and_of_owned_runs(held: HeldRun) -> None:
    held.store.beat(beat("other", counter=7))
    answer = held.store.beat(beat(OWNER))
    assert answer.owned == 1
    assert answer.beats["other"].counter == 7
    assert answer.beats["other"].seen_at <= answer.now_ms
    assert answer.intents == []


def test_a_watcher_is_told_of_revokes_until_they_are_served(held: HeldRun) -> None:
    held.spawn("0", "1")
    held.store.request_revoke(RUN, "0", by="anna", reason=None)
    assert held.store.beat(beat(OWNER)).intents == [(RUN, "0")]
    assert held.store.beat(beat("other")).intents == []
    held.end("0", State.REVOKED)
    assert held.store.beat(beat(OWNER)).intents == []
    held.store.request_revoke(RUN, "", by="anna", reason=None)
    assert held.store.beat(beat(OWNER)).intents == [(RUN, "")]


def test_a_compute_worker_is_told_which_of_its_claims_are_revoked(held: HeldRun) -> None:
    held.spawn("0", kind="parent")
    held.spawn("0.0", "1")
    running = ((RUN, "0.0", 1), (RUN, "1", 1), ("gone", "0", 1))
    worker = beat("compute", running, kind="compute")
    assert held.store.beat(worker).intents == []
    held.store.request_revoke(RUN, "0", by="anna", reason=None)
    assert held.store.beat(worker).intents == [(RUN, "0.0")]


def test_a_process_is_buried_once_it_owns_nothing(held: HeldRun) -> None:
    held.store.beat(beat(OWNER))
    assert not held.store.bury(OWNER)
    held.store.give_back(OWNER, [])
    assert held.store.bury(OWNER)
    assert held.store.read_beats() == {}


def test_a_log_is_read_from_where_one_left_off(held: HeldRun) -> None:
    store = held.store
    store.append_log(RUN, "0", 1, [LogLine(text="ä\n", stream="stdout", at_ms=5)])
    first = store.read_log(RUN, "0", 1, None)
    assert first.lines == [LogLine(text="ä\n", stream="stdout", level=None, at_ms=5)]
    store.append_log(RUN, "0", 1, [LogLine(text="two", stream="log", level="INFO")])
    rest = store.read_log(RUN, "0", 1, first.next)
    assert [line.text for line in rest.lines] == ["two"]
    assert store.read_log(RUN, "0", 1, rest.next).lines == []


def test_a_log_drops_its_oldest_lines_and_says_so(store: Store) -> None:
    hold(store)
    text = "x" * 10_000
    for number in range(40):
        store.append_log(RUN, "0", 1, [LogLine(text=f"{number} {text}", stream="stdout")])
    log = store.read_log(RUN, "0", 1, None)
    assert log.dropped + len(log.lines) == 40
    assert sum(len(line.text) for line in log.lines) <= MAX_LOG_BYTES
    assert log.lines[-1].text.startswith("39 ")
    assert log.dropped == int(log.lines[0].text.split()[0])
