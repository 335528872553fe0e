"""A ticket sent with a message arrives in the task's request."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from celery import Celery
from celery.contrib.testing.worker import start_worker

from inception.runs.messages import Ticket, read_ticket, ticket_headers


@pytest.fixture
def own_logging() -> Iterator[None]:
    """A worker has the whole process log errors alone; the tests after this one log more."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.usefixtures("own_logging")
@pytest.mark.filterwarnings("ignore::celery.exceptions.CPendingDeprecationWarning")
def test_a_ticket_goes_along_with_apply_async_and_with_celerys_retry(redis_url: str) -> None:
    app = Celery("test", broker=redis_url, backend=redis_url)
    seen: list[Ticket | None] = []

    @app.task(bind=True, max_retries=1)  # type: ignore[untyped-decorator]
    def look(self: object) -> None:
        seen.append(read_ticket(self.request))  # type: ignore[attr-defined]
        if len(seen) == 1:
            raise self.retry(countdown=0)  # type: ignore[attr-defined]

    ticket = Ticket(run_id="r", path="0", attempt=2)
    with start_worker(app, perform_ping_check=False, pool="solo"):
        look.apply_async(headers=ticket_headers(ticket)).get(timeout=20)
    assert seen == [ticket, ticket]
