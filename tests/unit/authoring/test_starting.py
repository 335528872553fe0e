from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from celery import Celery

from inception import parent
from inception.authoring.starting import new_run, redis_url_of, start_run
from inception.runs.errors import NotJson, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable


@parent
def lead(limit: int = 10, *, delay: float = 1.0, **more: Any) -> None:
    pass


@parent(bind=True, autoretry_for=(OSError,))
def bound_lead(self: Any, limit: int) -> None:
    pass


@pytest.mark.parametrize(
    ("args", "kwargs", "named"),
    [
        ((), {}, {}),
        ((3,), {}, {"limit": 3}),
        ((3,), {"delay": 2}, {"limit": 3, "delay": 2}),
        ((), {"limit": 1, "colour": "red"}, {"limit": 1, "colour": "red"}),
        (((1, 2),), {}, {"limit": [1, 2]}),
    ],
)
def test_arguments_are_bound_to_names(app: Celery, args: Any, kwargs: Any, named: Any) -> None:
    assert new_run(app.tasks[lead.name], "id", args, kwargs).kwargs == named


def test_self_is_no_argument(app: Celery) -> None:
    assert new_run(app.tasks[bound_lead.name], "id", (5,), {}).kwargs == {"limit": 5}


@pytest.mark.parametrize(("args", "kwargs"), [((), {}), ((1, 2), {}), ((1,), {"limit": 2})])
def test_arguments_that_do_not_fit_name_the_parent(app: Celery, args: Any, kwargs: Any) -> None:
    with pytest.raises(TypeError, match="bound_lead"):
        new_run(app.tasks[bound_lead.name], "id", args, kwargs)


def test_arguments_that_json_cannot_carry_are_refused(app: Celery) -> None:
    with pytest.raises(NotJson, match="lead"):
        new_run(app.tasks[lead.name], "id", (object(),), {})


REFUSED: dict[str, Callable[[], object]] = {
    "countdown": lambda: lead.apply_async(countdown=3),
    "link": lambda: lead.apply_async(link=lead.s()),
}


@pytest.mark.parametrize("option", REFUSED)
def test_what_a_run_cannot_have_is_refused(option: str) -> None:
    with pytest.raises(NotImplementedError, match=option):
        REFUSED[option]()


def test_nothing_is_sent_for_arguments_that_do_not_fit(app: Celery) -> None:
    sent: list[object] = []
    with pytest.raises(TypeError):
        start_run(app.tasks[bound_lead.name], (), {}, {}, send=lambda *_a, **_k: sent.append(1))
    assert sent == []


def test_the_redis_is_that_of_the_setting_or_else_the_broker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_redis = Celery("a", broker="redis://here:1/0")
    monkeypatch.delenv("REDIS_URL", raising=False)
    assert redis_url_of(with_redis) == "redis://here:1/0"
    monkeypatch.setenv("REDIS_URL", "redis://there:2/0")
    assert redis_url_of(with_redis) == "redis://there:2/0"


def test_without_any_redis_it_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDIS_URL", raising=False)
    with pytest.raises(SettingsError, match="REDIS_URL"):
        redis_url_of(Celery("a", broker="amqp://here"))
