from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest
from celery import shared_task
from celery.exceptions import Ignore, Reject, Retry
from kombu.exceptions import OperationalError

from inception import child, parent, report, track, watch
from inception.authoring.body import requested
from inception.authoring.errors import NotDurable, OutsideParent
from inception.authoring.execution import get_executor, set_executor
from inception.authoring.frame import StepHandle, current_frame, outside_frame
from inception.authoring.task import Task
from inception.authoring.voice import current_voice, last_word, read_update
from inception.runs.messages import Ticket, ticket_headers

if TYPE_CHECKING:
    from celery import Celery

    from tests.unit.authoring.conftest import JournalFrame


@child
def halve(number: int) -> float:
    return number / 2


@child(bind=True)
def factorial(self: Any, number: int) -> int:
    return number * self(number - 1) if number > 1 else 1


@parent
def lead(number: int) -> float:
    return float(watch(halve.s(number)).value)


@parent(bind=True, autoretry_for=(OSError,))
def lead_on(self: Any, explicit: bool) -> None:
    if explicit:
        self.retry(countdown=1)
    raise OSError("disk")


@shared_task(name="plain.one")  # type: ignore[untyped-decorator]
def plain() -> int:
    return 1


class Recorder:
    """An executor that runs bodies and remembers what it was handed."""

    def __init__(self) -> None:
        self.handed: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def execute(self, task: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> object:
        self.handed.append((task.name, args, dict(kwargs)))
        return task.run(*args, **kwargs)


@pytest.fixture
def executor() -> Iterator[Recorder]:
    recorder = Recorder()
    set_executor(recorder)
    yield recorder
    set_executor(None)


def deliver(task: Any, *args: Any, **request: Any) -> Any:
    """Call `task` as Celery's worker does for a message."""
    task = task._get_current_object()
    request = {"id": "an-id", "called_directly": False, "is_eager": False, **request}
    with requested(task, args, {}, **request):
        return task(*args)


def test_a_delivered_task_goes_to_the_executor(executor: Recorder) -> None:
    assert deliver(halve, 4) == 2.0
    assert executor.handed == [(halve.name, (4,), {})]


def test_plain_tasks_of_the_app_go_to_the_executor_too(executor: Recorder) -> None:
    assert deliver(plain) == 1
    assert executor.handed == [("plain.one", (), {})]


def test_without_an_executor_a_delivered_body_just_runs() -> None:
    assert get_executor() is None
    assert deliver(halve, 4) == 2.0


def test_a_called_task_never_goes_to_the_executor(executor: Recorder) -> None:
    assert halve(4) == 2.0
    assert lead(4) == 2.0
    assert executor.handed == []


def test_a_task_that_calls_itself_is_handed_over_once(executor: Recorder) -> None:
    assert deliver(factorial, 4) == 24
    assert len(executor.handed) == 1


def test_what_the_executor_raises_reaches_celery() -> None:
    class Dropping:
        def execute(self, *_delivery: Any) -> object:
            raise Ignore

    set_executor(Dropping())
    try:
        with pytest.raises(Ignore):
            deliver(halve, 1)
    finally:
        set_executor(None)


def test_eager_mode_runs_right_there(executor: Recorder) -> None:
    assert halve.apply((4,)).get() == 2.0  # type: ignore[attr-defined]
    assert lead.apply((4,)).get() == 2.0  # type: ignore[attr-defined]
    assert executor.handed == []


def test_always_eager_starts_no_run(app: Celery) -> None:
    app.conf.task_always_eager = True
    try:
        assert lead.delay(4).get() == 2.0
    finally:
        app.conf.task_always_eager = False


def test_delay_in_a_parent_is_a_step(frame: JournalFrame) -> None:
    handle = halve.delay(3)
    assert isinstance(handle, StepHandle)
    assert handle.path == "0"


def test_delay_of_a_signature_in_a_parent_is_a_step(frame: JournalFrame) -> None:
    assert isinstance(halve.s(3).delay(), StepHandle)
    assert isinstance(halve.s(3).set(queue="q").apply_async(), StepHandle)


def test_a_thread_beside_a_parent_starts_nothing() -> None:
    class Hosting(Recorder):
        hosts_parents = True

    raised: list[BaseException] = []

    def use() -> None:
        try:
            halve.delay(1)
        except OutsideParent as error:
            raised.append(error)
        with outside_frame():  # what side_effect calls
            halve.delay(1)

    set_executor(Hosting())
    try:
        thread = threading.Thread(target=use)
        thread.start()
        thread.join(timeout=10)
        halve.delay(1)  # the process's main thread is nobody's parent
    finally:
        set_executor(None)
    assert "another thread" in str(raised[0])


def test_a_plain_task_that_a_watcher_was_handed_may_start_others() -> None:
    class Hosting(Recorder):
        hosts_parents = True

    started: list[object] = []

    @child(name="test.starts_another")
    def starts_another() -> None:
        started.append(halve.delay(1))

    set_executor(Hosting())
    try:
        thread = threading.Thread(target=lambda: deliver(starts_another))
        thread.start()
        thread.join(timeout=10)
    finally:
        set_executor(None)
    assert len(started) == 1


def test_outside_of_the_frame_delay_sends_a_message(frame: JournalFrame) -> None:
    with outside_frame():
        assert not isinstance(halve.delay(3), StepHandle)
    assert current_frame.get() is frame


def test_the_attempt_is_read_from_the_message() -> None:
    seen: list[int] = []

    @child(name="test.attempt", bind=True)
    def attempt(self: Any) -> None:
        seen.append(self.attempt)

    attempt()
    deliver(attempt, headers={"inception": {"run": "r", "path": "0", "attempt": 3}})
    deliver(attempt, headers={"inception": "nonsense"})
    assert seen == [1, 3, 1]


def test_celerys_retry_in_a_parent_raises_the_error_itself() -> None:
    with pytest.raises(OSError, match="disk"):
        lead_on(explicit=False)
    with pytest.raises(NotDurable, match="retries=3"):
        lead_on(explicit=True)


def test_a_childs_own_retry_is_celerys() -> None:
    @child(name="test.retries", bind=True)
    def retries(self: Any) -> None:
        raise self.retry(exc=OSError("gone"))

    with pytest.raises(OSError, match="gone"):
        retries()


def test_a_childs_own_retry_waits_for_a_broker_that_is_away(
    app: Celery, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[object] = []

    def send(self: Any, *args: Any, **options: Any) -> None:
        tries.append(options["retries"])
        if len(tries) < 3:
            raise OperationalError("the broker is away")

    @child(name="test.flaky", bind=True, autoretry_for=(OSError,), default_retry_delay=1)
    def flaky(self: Any) -> None:
        raise OSError("gone")

    monkeypatch.setattr(Task, "apply_async", send)
    flaky.push_request(called_directly=False, id="1", retries=0, inception_running=True)
    with pytest.raises(Retry) as retry:
        flaky.run()
    flaky.pop_request()

    assert tries == [1, 1, 1]
    assert isinstance(retry.value.exc, OSError)


def test_a_message_that_can_never_be_sent_is_no_outage(
    app: Celery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def send(self: Any, *args: Any, **options: Any) -> None:
        raise TypeError("not JSON")

    monkeypatch.setattr(Task, "apply_async", send)
    halve.push_request(called_directly=False, id="1", retries=0)
    with pytest.raises(Reject):
        halve.retry(countdown=1)
    halve.pop_request()


@pytest.mark.parametrize(
    ("state", "status"),
    [(None, "PROGRESS"), ("PROGRESS", "PROGRESS"), ("DOWNLOADING", "DOWNLOADING"),
     ("SUCCESS", "SUCCESS"), ("FAILURE", "FAILURE")],
)  # fmt: skip
def test_another_state_than_progress_is_a_status(state: str | None, status: str) -> None:
    assert read_update(state, {"iteration": 1})["status"] == status


def test_an_update_whose_meta_is_nonsense_does_not_raise() -> None:
    assert read_update("PROGRESS", 5)["iteration"] == 0


def test_update_state_of_a_delivered_task_is_celerys_and_is_remembered(app: Celery) -> None:
    words: list[Any] = []

    @child(name="test.says", bind=True)
    def says(self: Any) -> None:
        self.update_state(state="PROGRESS", meta={"current": 2, "total": 4})
        words.append(app.AsyncResult("an-id").info)
        words.append(last_word())

    deliver(says)
    assert words[0] == {"current": 2, "total": 4}
    assert words[1]["completion"] == 50.0


@pytest.mark.parametrize("state", ["SUCCESS", "FAILURE", "REVOKED", "RETRY"])
def test_a_child_that_names_a_final_state_goes_on_and_says_so_as_its_status(
    app: Celery, state: str
) -> None:
    words: list[Any] = []

    @child(name=f"test.names_{state}", bind=True)
    def names(self: Any) -> None:
        self.update_state(state=state, meta={"current": 2, "total": 4})
        words.append(app.AsyncResult("an-id"))

    ticket = ticket_headers(Ticket(run_id="r", path="0", attempt=1))
    deliver(names, headers=ticket)
    assert words[0].state == "PROGRESS"
    assert (words[0].info["status"], words[0].info["completion"]) == (state, 50.0)
    assert words[0].info["iteration"] == 2


def test_a_task_that_no_parent_started_may_name_a_final_state(app: Celery) -> None:
    @child(name="test.names_its_own", bind=True)
    def names(self: Any) -> None:
        self.update_state(state="SUCCESS", meta={"rows": 7})
        assert app.AsyncResult("its-own").state == "SUCCESS"

    deliver(names, id="its-own")


def test_update_state_of_another_task_is_celerys(app: Celery, frame: JournalFrame) -> None:
    halve.update_state(task_id="other", state="PROGRESS", meta={"a": 1})  # type: ignore[attr-defined]
    assert app.AsyncResult("other").info == {"a": 1}
    assert frame.meta["status"] == "PROGRESS"


def test_a_child_called_inside_a_task_speaks_for_that_task() -> None:
    words: list[Any] = []

    @child(name="test.inner")
    def inner() -> None:
        for _ in track(range(3)):
            pass

    @child(name="test.outer")
    def outer() -> None:
        inner()
        words.append(last_word())

    deliver(outer)
    assert words[0]["iteration"] == 3


def test_a_recursive_call_speaks_with_the_same_voice() -> None:
    voices: list[object] = []

    @child(name="test.recursive", bind=True)
    def recursive(self: Any, depth: int) -> None:
        if depth:
            self(depth - 1)
        voices.append(current_voice())

    deliver(recursive, 2)
    assert len({id(voice) for voice in voices}) == 1


def test_a_parent_in_a_process_that_sets_only_the_frame_speaks_to_it(
    frame: JournalFrame,
) -> None:
    task: Any = lead
    with requested(task, (), {}, id="an-id", called_directly=False):
        report(1, 2)
        for _ in track([1, 2, 3]):
            pass
    assert frame.meta["iteration"] == 3


def test_every_task_of_the_app_has_our_base(app: Celery) -> None:
    assert isinstance(app.tasks["plain.one"], Task)
    assert app.tasks["plain.one"].inception_kind == "plain"
