from __future__ import annotations

import contextvars
import json
import threading
from collections.abc import Callable
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from celery import chain, chord, group, signature
from celery.result import AsyncResult

from inception import child, now, random, side_effect, sleep, watch, watch_all
from inception.authoring.errors import (
    NotDurable,
    NotWatchable,
    OutsideParent,
    ResultIgnored,
    SideEffectFailed,
)
from inception.authoring.frame import CLOCK_LIKE
from inception.authoring.task import refuse_in_parent
from inception.runs.errors import InceptionError, NotJson

if TYPE_CHECKING:
    from celery import Celery

    from tests.unit.authoring.conftest import JournalFrame


@child
def one(number: int = 1) -> int:
    return number


VERBS: dict[str, Callable[[], object]] = {
    "watch": lambda: watch(one.s()),
    "watch_all": lambda: watch_all([one.s()]),
    "now": now,
    "random": random,
    "side_effect": lambda: side_effect(int),
    "sleep": lambda: sleep(0),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_outside_of_a_parent_says_what_to_do(verb: str) -> None:
    with pytest.raises(OutsideParent, match=rf"`{verb}\(\)`(.|\n)*To solve this"):
        VERBS[verb]()


@pytest.mark.parametrize("verb", [*VERBS, "delay"])
def test_a_verb_from_another_thread_is_refused(verb: str, frame: JournalFrame) -> None:
    call = VERBS.get(verb, one.delay)
    context, raised = contextvars.copy_context(), list[BaseException]()

    def use() -> None:
        try:
            context.run(call)
        except InceptionError as error:
            raised.append(error)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join(timeout=10)
    assert "another thread" in str(raised[0])


def test_the_time_is_recorded(frame: JournalFrame) -> None:
    first = now()
    frame.replay()
    assert now() == first
    assert first.tzinfo is UTC


def test_random_numbers_are_recorded(frame: JournalFrame) -> None:
    drawn = [random(), random()]
    frame.replay()
    assert [random(), random()] == drawn
    assert all(0 <= number < 1 for number in drawn)
    assert drawn[0] != drawn[1]


def test_a_side_effect_happens_once(frame: JournalFrame) -> None:
    calls: list[int] = []

    def effect() -> dict[str, int]:
        calls.append(1)
        return {"a": 1}

    assert side_effect(effect) == {"a": 1}
    frame.replay()
    assert side_effect(effect) == {"a": 1}
    assert calls == [1]


def test_a_side_effect_that_raised_raises_the_same_again(frame: JournalFrame) -> None:
    calls: list[int] = []

    def effect() -> None:
        calls.append(1)
        raise FileNotFoundError(2, "No such file")

    with pytest.raises(FileNotFoundError) as live:
        side_effect(effect)
    assert live.value.__cause__ is not None  # the original, with its traceback
    frame.replay()
    with pytest.raises(FileNotFoundError, match="No such file") as replayed:
        side_effect(effect)
    assert replayed.value.errno == 2
    assert calls == [1]


class Picky(Exception):
    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code}: {reason}")


@pytest.mark.parametrize("error", [Picky(4, "no"), ValueError(object())])
def test_an_exception_that_cannot_be_rebuilt_is_told_as_such_live_and_again(
    frame: JournalFrame, error: Exception
) -> None:
    def effect() -> None:
        raise error

    with pytest.raises(SideEffectFailed) as live:
        side_effect(effect)
    frame.replay()
    with pytest.raises(SideEffectFailed) as replayed:
        side_effect(effect)
    assert str(live.value) == str(replayed.value)
    assert type(error).__name__ in replayed.value.error_type


def test_a_side_effect_whose_value_is_no_json_raises_so_live_and_again(
    frame: JournalFrame,
) -> None:
    for _ in range(2):
        with pytest.raises(NotJson, match="side_effect"):
            side_effect(lambda: {1, 2})
        frame.replay()
    json.dumps(frame.journal)


def test_verbs_do_not_work_inside_a_side_effect(frame: JournalFrame) -> None:
    with pytest.raises(OutsideParent):
        side_effect(lambda: watch(one.s()))


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), "1", timedelta(seconds=1)])
def test_sleep_takes_seconds_from_nought(frame: JournalFrame, seconds: Any) -> None:
    with pytest.raises(ValueError, match="seconds"):
        sleep(seconds)
    sleep(2.5)
    assert frame.slept == [2.5]


@pytest.mark.parametrize(
    ("thing", "hint"),
    [
        (lambda: one, r"one\.s\(\.\.\.\)"),
        (lambda: one(3), "runs right there"),
        (lambda: [one.s(1)], "watch_all"),
        (lambda: (one.s(n) for n in range(2)), "watch_all"),
        (lambda: AsyncResult("an-id"), "not started by this parent"),
        (lambda: signature("no.such.task"), "INCEPTION_TASKS"),
        (lambda: None, "no child"),
    ],
)
def test_what_is_no_child_is_refused_with_what_to_write(
    frame: JournalFrame, thing: Callable[[], object], hint: str
) -> None:
    with pytest.raises(NotWatchable, match=hint):
        watch(thing())


@pytest.mark.parametrize(
    "things",
    [
        lambda: (one.s(1), one.s(2)),
        lambda: (one.s(1),),
        lambda: (one.delay(1),),
        lambda: (one,),
        lambda: ([one.s(1)], one.s(2)),
    ],
)
def test_children_that_watch_all_is_handed_one_by_one_are_refused_with_what_to_write(
    frame: JournalFrame, things: Callable[[], tuple[Any, ...]]
) -> None:
    with pytest.raises(NotWatchable, match=r"watch_all\(\[a\.s\(1\), b\.s\(2\)\]"):
        watch_all(*things())


def test_what_side_effect_cannot_call_is_refused_and_not_recorded(frame: JournalFrame) -> None:
    with pytest.raises(TypeError, match=r"side_effect\(lambda: uuid4\(\)\.hex\)"):
        side_effect(5)  # type: ignore[arg-type]
    assert side_effect(lambda: 7) == 7, "the first that is recorded"


def test_watching_nothing_is_refused(frame: JournalFrame) -> None:
    with pytest.raises(NotWatchable):
        watch()  # type: ignore[call-overload]


CANVAS: dict[str, Callable[[], object]] = {
    "watch a group": lambda: watch(group(one.s(), one.s())),
    "watch a chain": lambda: watch(chain(one.s(), one.s())),
    "start a group": lambda: group(one.s(), one.s()).delay(),
    "start a chain": lambda: chain(one.s(), one.s()).delay(),
    "start a chord": lambda: chord([one.s(), one.s()])(one.s()),
    "pipe": lambda: (one.s() | one.s()).apply_async(countdown=1),
    "link": lambda: one.apply_async(link=one.s()),
    "linked signature": lambda: watch(one.s().on_error(one.s())),
    "map": lambda: one.map([1, 2]).delay(),  # type: ignore[attr-defined]
    "a task id": lambda: one.apply_async(task_id="mine"),
    "apply": lambda: one.apply((1,)),  # type: ignore[attr-defined]
    "send_task": refuse_in_parent,
}


@pytest.mark.parametrize("what", CANVAS)
def test_canvas_and_the_like_are_refused_inside_a_parent(what: str, frame: JournalFrame) -> None:
    with pytest.raises(NotDurable, match=r"watch|task_id"):
        CANVAS[what]()


def test_send_task_is_allowed_outside() -> None:
    refuse_in_parent()


def test_a_child_without_a_result_is_refused(frame: JournalFrame) -> None:
    with pytest.raises(ResultIgnored, match="ignore_result"):
        one.apply_async(ignore_result=True)


@pytest.mark.parametrize("name", sorted(CLOCK_LIKE))
def test_clock_like_reads_of_a_handle_say_what_to_write(name: str, frame: JournalFrame) -> None:
    with pytest.raises(NotDurable, match=r"outcome = watch\(handle\)"):
        getattr(one.delay(), name)


def test_a_handle_refuses_all_that_celerys_result_would_answer(
    frame: JournalFrame, app: Celery
) -> None:
    offered = {name for name in dir(app.AsyncResult("x")) if not name.startswith("_")}
    harmless = {"id", "task_id", "get", "app", "backend", "on_ready", "as_list", "as_tuple",
                "supports_native_join", "ignored", "name", "args", "kwargs", "build_graph",
                "get_leaf", "TimeoutError"}  # fmt: skip
    assert offered - harmless <= CLOCK_LIKE


def test_arguments_that_do_not_fit_raise_where_they_are_given(frame: JournalFrame) -> None:
    with pytest.raises(TypeError, match=one.name):
        watch(one.s(1, 2, 3))  # type: ignore[call-arg]


def test_arguments_that_json_cannot_carry_are_named(frame: JournalFrame) -> None:
    with pytest.raises(NotJson, match=rf"{one.name}: arguments\['args'\]\[0\] is a object"):
        one.delay(object())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "options",
    [
        {"timeout": 0},
        {"stall_timeout": -1},
        {"pending_timeout": 0.0},
        {"retries": -1},
        {"timeout": "5"},
        {"stall_timeout": timedelta(seconds=5)},
        {"retries": "2"},
        {"retries": None},
        {"retries": 1.5},
    ],
)
def test_options_out_of_range_are_refused(frame: JournalFrame, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        watch(one.s(), **options)


@pytest.mark.parametrize("limit", [0, "2", 2.0])
def test_watch_all_takes_a_limit_from_one(frame: JournalFrame, limit: Any) -> None:
    with pytest.raises(ValueError, match=r"limit is .*a whole number"):
        watch_all([one.s()], limit=limit)
