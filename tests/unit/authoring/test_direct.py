from __future__ import annotations

from typing import Any

import pytest
from celery import Task as CeleryTask
from celery import current_task, shared_task
from celery import states as celery_states

from inception import (
    ChildFailed,
    RunRevoked,
    child,
    now,
    parent,
    report,
    side_effect,
    watch,
    watch_all,
)
from inception.authoring.frame import current_frame

ran: list[object] = []


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    ran.clear()


@child
def double(number: int) -> int:
    ran.append(number)
    return number * 2


@child
def pair(number: int) -> tuple[int, int]:
    return number, number


@child
def break_down(word: str) -> None:
    raise KeyError(word)


@child
def leave() -> None:
    raise SystemExit(3)


@child
def say_error() -> dict[str, object]:
    return {"status": "ERROR", "error": "no more disk"}


@child
def return_a_set() -> set[int]:
    return {1}


@child(bind=True)
def fail_at_first(self: Any) -> int:
    if self.attempt < 3:
        raise OSError("not yet")
    return int(self.attempt)


@child(bind=True)
def speak_as_celery_does(self: Any, limit: int) -> dict[str, object]:
    for number in range(limit):
        self.update_state(state="PROGRESS", meta={"iteration": number + 1, "total": limit})
        current_task.update_state(state="PROGRESS", meta={"iteration": number + 1, "total": limit})
    return {"status": "OK", "iteration": limit, "total": limit, "error": None}


@child
def watch_in_a_child() -> object:
    return watch(double.s(1))


@child
def revoke_itself() -> None:
    raise RunRevoked


@shared_task(bind=True, name="plain.add")  # type: ignore[untyped-decorator]
def add(self: Any, a: int, b: int) -> int:
    self.update_state(state="ADDING", meta={"current": 1})
    assert self.request.id
    return a + b


@parent
def double_twice(number: int) -> int:
    first = watch(double.s(number))
    second = double.delay(first.value)
    result: int = watch(second).value
    return result


@parent
def run(steps: Any) -> Any:
    """Call a function of the test within a parent."""
    return steps()


@parent
def nested(depth: int) -> int:
    if depth == 0:
        return int(watch(double.s(1)).value)
    return sum(outcome.value for outcome in watch(nested.s(depth - 1), nested.s(depth - 1)))


@parent
def returns(value: Any) -> Any:
    return value


def test_a_child_that_is_called_just_runs() -> None:
    assert double(4) == 8


def test_an_exception_out_of_a_called_child_is_raised_as_it_is() -> None:
    with pytest.raises(KeyError):
        break_down("x")


def test_a_parent_that_is_called_runs_its_children_right_there() -> None:
    assert double_twice(3) == 12
    assert ran == [3, 6]


def test_parents_nest_in_test_mode() -> None:
    assert nested(2) == 8


def test_values_come_back_from_json() -> None:
    assert run(lambda: watch(pair.s(1)).value) == [1, 1]


def test_arguments_go_through_json_so_that_a_child_sees_what_it_would_see_live() -> None:
    @child(name="test.sees_a_list")
    def sees(value: Any) -> str:
        return type(value).__name__

    assert run(lambda: watch(sees.s((1, 2))).value) == "list"


def test_an_exception_becomes_an_outcome() -> None:
    outcome = run(lambda: watch(break_down.s("lost")))
    assert outcome.error == f"Error in {break_down.name}: 'lost'"
    assert "KeyError" in outcome.traceback
    assert outcome.state == celery_states.FAILURE


def test_a_child_that_leaves_by_system_exit_has_failed() -> None:
    assert not run(lambda: watch(leave.s())).ok


def test_a_returned_error_is_a_failure() -> None:
    outcome = run(lambda: watch(say_error.s()))
    assert outcome["error"] == "no more disk"
    assert not outcome.ok


def test_a_value_that_json_cannot_carry_is_a_failure() -> None:
    assert "JSON" in str(run(lambda: watch(return_a_set.s())).error)


def test_the_value_of_a_failed_child_raises_child_failed() -> None:
    with pytest.raises(ChildFailed, match="no more disk"):
        run(lambda: watch(say_error.s()).value)


def test_a_revoke_passes_through_the_parent() -> None:
    with pytest.raises(RunRevoked):
        run(lambda: watch(revoke_itself.s()))


def test_retries_run_a_failed_child_again() -> None:
    assert run(lambda: watch(fail_at_first.s(), retries=2).value) == 3
    assert not run(lambda: watch(fail_at_first.s(), retries=1)).ok


@child(bind=True, autoretry_for=(OSError,), max_retries=3, default_retry_delay=3600)
def retry_itself(self: Any, times: int) -> int:
    if self.request.retries < times:
        raise OSError("not yet")
    return int(self.request.retries)


@child(bind=True, max_retries=None)
def retry_for_ever(self: Any) -> None:
    raise self.retry(countdown=3600)


def test_celerys_own_retries_of_a_child_follow_at_once() -> None:
    assert run(lambda: watch(retry_itself.s(2)).value) == 2
    assert "not yet" in run(lambda: watch(retry_itself.s(9)).error)


def test_retries_without_end_have_one() -> None:
    assert "retries" in run(lambda: watch(retry_for_ever.s()).error)


def test_time_outs_are_accepted() -> None:
    options: dict[str, Any] = {
        "pending_timeout": 1,
        "stall_timeout": 2.5,
        "timeout": 3,
        "label": "Double",
    }
    assert run(lambda: watch(double.s(1), **options).value) == 2


def test_several_outcomes_come_in_the_order_given() -> None:
    started = run(lambda: [o.value for o in watch(double.s(1), double.delay(5), double.s(3))])
    assert started == [2, 10, 6]


def test_watch_all_reads_an_iterable_of_signatures_and_handles() -> None:
    def steps() -> list[int]:
        return [o.value for o in watch_all((double.s(n) for n in range(4)), limit=2)]

    assert run(steps) == [0, 2, 4, 6]


def test_stop_on_error_revokes_the_rest() -> None:
    def steps() -> Any:
        return watch(double.s(1), say_error.s(), double.s(2), stop_on_error=True)

    states = [str(outcome.state) for outcome in run(steps)]
    assert states == ["SUCCESS", "FAILURE", "REVOKED"]
    assert ran == [1]


def test_with_a_limit_what_was_not_started_is_left_out() -> None:
    def steps() -> Any:
        children = (one for one in [say_error.s(), double.s(2)])
        return watch_all(children, limit=1, stop_on_error=True)

    assert len(run(steps)) == 1
    assert ran == []


def test_celerys_own_form_works_unchanged() -> None:
    def steps() -> Any:
        job = speak_as_celery_does.delay(3)
        outcome = watch(job)
        assert outcome["error"] is None
        return outcome

    outcome = run(steps)
    assert (outcome["iteration"], outcome["total"], outcome["status"]) == (3, 3, "OK")


def test_a_bound_child_that_is_called_may_update_its_state() -> None:
    assert speak_as_celery_does(2)["iteration"] == 2


def test_plain_celery_tasks_are_watched_too() -> None:
    outcome = run(lambda: watch(add.s(1, 2)))
    assert outcome.value == 3
    assert outcome["iteration"] == 1


def test_a_task_of_another_base_class_is_watched_without_its_backend() -> None:
    @shared_task(bind=True, name="plain.foreign", base=CeleryTask)  # type: ignore[untyped-decorator]
    def foreign(self: Any) -> int:
        self.backend = None
        self.update_state(state="PROGRESS", meta={"current": 2, "total": 4})
        return 1

    outcome = run(lambda: watch(foreign.s()))
    assert (outcome.value, outcome["iteration"], outcome["total"]) == (1, 2, 4)


def test_a_child_has_no_verbs() -> None:
    assert "outside of a parent" in str(run(lambda: watch(watch_in_a_child.s())).error)


def test_children_carry_paths_and_ids_of_their_own() -> None:
    def steps() -> list[tuple[str, str]]:
        outcomes = watch(double.s(1), double.s(1))
        return [(outcome.path, outcome.task_id) for outcome in outcomes]

    (first, id_1), (second, id_2) = run(steps)
    assert (first, second) == ("0", "1")
    assert id_1 != id_2


def test_a_handle_gives_its_id_and_its_value() -> None:
    def steps() -> Any:
        job = double.delay(2)
        assert job.id
        assert job.path == "0"
        return job.get()

    assert run(steps) == 4


def test_a_handle_of_another_parent_is_refused() -> None:
    handles: list[Any] = []
    run(lambda: handles.append(double.delay(1)))
    with pytest.raises(TypeError, match="another parent"):
        run(lambda: watch(handles[0]))


def test_the_other_verbs_work_without_a_worker() -> None:
    assert run(lambda: now().tzinfo) is not None
    assert run(lambda: side_effect(lambda: (1, 2))) == [1, 2]


def test_a_parents_report_and_update_state_set_its_own_meta() -> None:
    seen: list[Any] = []

    @parent(name="test.reports", bind=True)
    def reports(self: Any) -> None:
        frame: Any = current_frame.get()
        report(1, 4, "quarter")
        seen.append(dict(frame.meta))
        self.update_state(state="SUCCESS", meta={"iteration": 2, "total": 4})
        seen.append(dict(frame.meta))

    reports()
    assert (seen[0]["iteration"], seen[0]["completion"], seen[0]["message"]) == (1, 25.0, "quarter")
    assert (seen[1]["iteration"], seen[1]["status"]) == (2, "SUCCESS")


@pytest.mark.parametrize("status", ["ERROR", "FAILURE"])
def test_a_nested_parent_that_returns_a_bad_status_has_failed(status: str) -> None:
    outcome = run(lambda: watch(returns.s({"status": status, "error": "why", "more": 1})))
    assert outcome.error == "why"
    assert outcome.returned["more"] == 1


def test_a_child_called_in_a_parent_is_a_part_of_it() -> None:
    def steps() -> Any:
        value = double(2)
        return value, watch(double.s(1)).path

    assert run(steps) == (4, "0")
