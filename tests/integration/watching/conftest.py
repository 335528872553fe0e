"""A stage for watchers, whose parents and children are in `replayed_tasks`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from inception.watching import endings
from tests.integration.watching.replayed_tasks import body
from tests.integration.watching.stage import Stage, Workers, default_app


@pytest.fixture
def stage(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setattr(endings, "_FIRST_BACKOFF", 0.001)
    stage = Stage(redis_url, body)
    with default_app(stage.app):
        yield stage
    stage.app.close()
    stage.client.close()


@pytest.fixture
def workers(stage: Stage) -> Iterator[Workers]:
    workers = Workers(stage)
    yield workers
    workers.close()
