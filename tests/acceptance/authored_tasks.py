"""Parents that tell what their verbs gave them, the same live and when they are called."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from celery import chain, current_task, group, shared_task

from inception import (
    child,
    now,
    parent,
    random,
    report,
    side_effect,
    sleep,
    track,
    watch,
    watch_all,
)


@child
def double(number: int) -> int:
    """Double it."""
    return number * 2


@child
def pair(number: int) -> Any:
    """Return what JSON changes."""
    return number, {"a": (1, 2)}


@child
def raise_key_error() -> None:
    """Fail."""
    raise KeyError("lost")


@child
def say_error() -> Any:
    """Fail by returning."""
    return {"status": "ERROR", "error": "disk full", "more": 1}


@child
def return_a_set() -> Any:
    """Return what JSON can't carry."""
    return {1}


@child
def leave() -> None:
    """Leave the process."""
    raise SystemExit(2)


@child(bind=True)
def succeed_at_third(self: Any) -> int:
    """Fail in the first two attempts."""
    if self.attempt < 3:
        raise OSError("not yet")
    return int(self.attempt)


@child(bind=True, autoretry_for=(OSError,), default_retry_delay=0, max_retries=3)
def retry_itself(self: Any) -> int:
    """Fail in the first two tries of Celery's own."""
    if self.request.retries < 2:
        raise OSError("not yet")
    return int(self.request.retries)


@child(bind=True)
def speak_as_celery_does(self: Any, limit: int) -> Any:
    """Report and return in the form that Celery's users know."""
    for number in range(1, limit + 1):
        self.update_state(state="PROGRESS", meta={"iteration": number, "total": limit})
        current_task.update_state(state="PROGRESS", meta={"iteration": number, "total": limit})
    return {"iteration": limit, "total": limit, "status": "OK", "message": "done", "error": None}


@shared_task(bind=True)  # type: ignore[untyped-decorator]
def plain(self: Any, number: int) -> int:
    """A task that knows nothing of parents."""
    self.update_state(state="DOWNLOADING", meta={"current": number, "total": 10})
    return number


def tell(outcome: Any) -> list[Any]:
    """All that an outcome says, as JSON."""
    return [outcome.ok, outcome.error, str(outcome.state), outcome.returned, dict(outcome)]


def refusal(call: Callable[[], object]) -> list[str]:
    """What a call raised."""
    try:
        return ["nothing", repr(call())]
    except Exception as error:
        return [type(error).__name__, str(error)]


@parent
def steps_and_handles() -> Any:
    """Signatures, handles and get()."""
    first = watch(double.s(4))
    second = double.delay(first.value)
    return [second.path, watch(second).value, double.delay(1).get()]


@parent
def values_from_json() -> Any:
    """What comes back from JSON."""
    return watch(pair.s(1)).value


@parent
def every_ending() -> Any:
    """One outcome for each way to end."""
    asked = [raise_key_error.s(), say_error.s(), return_a_set.s(), double.s(1), leave.s()]
    return [tell(outcome) for outcome in watch_all(asked)]


@parent
def retried() -> Any:
    """Attempts of ours and retries of Celery's."""
    ours = watch(succeed_at_third.s(), retries=2), watch(succeed_at_third.s())
    return [tell(outcome) for outcome in (*ours, watch(retry_itself.s()))]


@parent
def celerys_form() -> Any:
    """Celery's own way to report, of a child and of a plain task."""
    job = speak_as_celery_does.delay(3)
    outcome = watch(job)
    assert outcome["error"] is None
    return [tell(outcome), tell(watch(plain.s(3)))]


@parent
def a_few_at_a_time() -> Any:
    """A limit, and stopping at the first failure."""
    doubled = [one.value for one in watch_all((double.s(n) for n in range(7)), limit=2)]
    failing = [raise_key_error.s(), double.s(1), double.s(2)]
    stopped = watch_all(failing, limit=1, stop_on_error=True)
    return [doubled, [str(one.state) for one in stopped]]


@parent
def recorded_verbs() -> Any:
    """Verbs whose values are recorded."""

    def fail() -> None:
        raise FileNotFoundError(2, "No such file")

    sleep(0.01)
    drawn, moment = random(), now()
    return [
        0 <= drawn < 1, str(moment.tzinfo), side_effect(lambda: (1, 2)),
        refusal(lambda: side_effect(fail)), refusal(lambda: side_effect(lambda: {1})),
    ]  # fmt: skip


@parent
def refusals() -> Any:
    """What a parent can't do, and what it is told instead."""
    job, told = double.delay(1), list[Any]()
    calls: list[Callable[[], object]] = [
        lambda: group(double.s(1), double.s(2)).delay(),
        lambda: chain(double.s(1), double.s(2)).delay(),
        lambda: watch(group(double.s(1), double.s(2))),
        lambda: double.apply_async((1,), link=double.s(1)),
        lambda: (job.ready(), job.state),
        lambda: watch(3),
        lambda: double.delay({1}),  # type: ignore[arg-type]
    ]
    thread = threading.Thread(target=lambda: told.append(refusal(lambda: watch(double.s(1)))))
    thread.start()
    thread.join()
    return told + [refusal(call) for call in calls]


@parent(bind=True)
def own_meta(self: Any) -> Any:
    """Say of oneself what a child would."""
    report(1, 4, "quarter")
    self.update_state(state="SUCCESS", meta={"iteration": 2, "total": 4})
    return list(track(range(3), message="looping"))


@parent
def bad_status() -> Any:
    """Fail by returning, as a nested parent may."""
    return {"status": "FAILURE", "error": "because", "more": [1]}


@parent
def nested_outcomes(depth: int = 2) -> Any:
    """Parents below parents."""
    if depth == 0:
        return [tell(watch(bad_status.s())), watch(double.s(1)).value]
    return [one.value for one in watch(nested_outcomes.s(depth - 1), nested_outcomes.s(depth - 1))]
