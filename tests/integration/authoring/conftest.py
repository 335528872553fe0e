"""Celery apps that are the current one for one test only."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from celery import Celery, _state

from inception.authoring.task import Task

MakeApp = Callable[[str], Celery]


@pytest.fixture
def make_app(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeApp]:
    """Makes an app at a Redis and makes it the current one until the test ends."""
    monkeypatch.delenv("REDIS_URL", raising=False)
    before, made = (_state._tls.current_app, _state.default_app), list[Celery]()

    def make(url: str) -> Celery:
        app = Celery("authoring", broker=url, backend=url, task_cls=Task)
        app.set_current()
        app.set_default()  # the current app is one per thread
        made.append(app)
        return app

    yield make
    for app in made:
        app.close()
    _state._set_current_app(before[0])
    _state.set_default_app(before[1])
