"""The ticket in a message's headers, through Celery's own request."""

from __future__ import annotations

from celery.app.task import Context

from inception.runs.messages import Ticket, read_ticket, ticket_headers


def test_a_ticket_comes_back_out_of_celerys_request() -> None:
    ticket = Ticket(run_id="r", path="0.2", attempt=3)
    request = Context({"id": "t", "task": "n", "lang": "py", **ticket_headers(ticket)})
    assert read_ticket(request) == ticket


def test_a_message_of_somebody_elses_has_no_ticket() -> None:
    assert read_ticket(Context({"id": "t", "task": "n"})) is None
    assert read_ticket(Context({"id": "t", "inception": "yes"})) is None
    assert read_ticket(Context({"id": "t", "inception": {"run": 5}})) is None
